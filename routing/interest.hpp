// Members of a task tell each other what their data looks like (rfc/0003 section 3). Each node sends its own signed
// records by routed unicast to every peer it is given, again with back-off until acknowledged, anew every 10 s, and at
// once when they change (but no oftener than a cap). Nothing is forwarded for others.
//
// On receipt the cheap checks come first: length, form, that the sender is a peer and the origin, sequence, a token of
// that peer's bucket and one of all together; only then the signature, then the table. What is dropped is counted by
// reason. A record expires on the receiver's monotonic clock.
//
// Loop thread. No clock, no socket: time is an argument, packets out are values.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "aipacket/wire.hpp"
#include "base/random.hpp"
#include "crypto/identity.hpp"
#include "routing/interest_record.hpp"
#include "routing/interest_table.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

enum class InterestVerdict : uint8_t {
    kAccepted = 0,
    kAcknowledged,  // an acknowledgement of a record of ours
    kTooLong,
    kMalformed,
    kNotPeer,      // from a node we have no route to
    kWrongOrigin,  // of another node than the one that sent it, or of ourselves
    kStale,        // sequence not above the one we hold
    kDuplicate,    // exactly the one we hold: acknowledged again
    kExpired,      // or issued too far in the future
    kRateLimited,  // no token left for a signature check
    kBadSignature,
    kTableFull,
    kUnexpectedAck,  // names nothing of ours
    kUnknownKind,
};
inline constexpr size_t kInterestVerdicts = 14;
std::string_view interest_verdict_name(InterestVerdict verdict);

struct InterestOptions {
    Duration refresh = Duration::seconds(10);
    Duration lifetime = Duration::seconds(35);            // of a record
    Duration change_gap = Duration::seconds(1);           // least time between two records of one task
    Duration resend_first = Duration::milliseconds(250);  // doubles up to resend_max
    Duration resend_max = Duration::seconds(8);
    Duration clock_skew_max = Duration::seconds(300);
    size_t burst_max = 32;  // packets of one poll; the rest follow burst_gap later
    Duration burst_gap = Duration::milliseconds(10);
    double checks_per_second = 500;     // signatures, all peers together
    double peer_checks_per_second = 8;  // signatures, each peer
    uint64_t first_sequence = 0;        // above every one used before; the caller takes max(saved, wall clock ms)
};

struct InterestOut {
    Address to;
    aipacket::Kind kind = aipacket::Kind::kInterest;
    Bytes payload;
};

// What this node says about its own data for a task.
struct LocalInterest {
    std::vector<uint64_t> label_counts;
    uint64_t samples = 0;
    double samples_per_second = 0;
    bool operator==(const LocalInterest&) const = default;
};

class InterestExchange {
public:
    // Signer, verifier and rng are borrowed and outlive it.
    InterestExchange(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, InterestOptions options);

    // kInvalid if it could not be a record, kNoSpace beyond limits::kInterestTasksMax tasks.
    Result<void> set(const std::string& task, LocalInterest interest, Instant now);
    void withdraw(const std::string& task, Instant now);
    void set_peers(std::span<const Address> peers, Instant now);

    InterestVerdict on_packet(aipacket::Kind kind, const Address& source, ByteView payload, Instant now, WallTime wall);
    std::vector<InterestOut> poll(Instant now, WallTime wall);
    Instant next_wakeup() const;

    const InterestTable& table() const { return table_; }  // our own records among them
    uint64_t last_sequence() const { return sequence_; }
    uint64_t count(InterestVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }
    uint64_t signature_checks() const { return signature_checks_; }

private:
    struct Own {
        LocalInterest interest;
        bool withdrawn = false;
        uint64_t sequence = 0;
        uint64_t hash = 0;
        Bytes sealed;
        Instant issue_at;  // when the next record is due
        Instant issued_at;
        Instant gone_at = Instant::never();  // a withdrawn task is forgotten here
    };
    struct Delivery {  // of one own record to one peer
        bool acknowledged = false;
        Instant send_at;
        Duration wait;  // before it is sent once more
    };
    struct Peer {
        explicit Peer(double per_second) : tokens(per_second, 2 * per_second) {}
        TokenBucket tokens;
        std::map<std::string, Delivery, std::less<>> deliveries;
    };

    InterestVerdict judge(aipacket::Kind kind, const Address& source, ByteView payload, Instant now, WallTime wall);
    InterestVerdict on_record(const Address& source, ByteView sealed, Instant now, WallTime wall);
    InterestVerdict on_ack(const Address& source, ByteView payload);
    InterestVerdict check_claim(const Address& source, const InterestRecord& record, WallTime wall) const;
    InterestVerdict store(const InterestRecord& record, Instant now);
    void acknowledge(const Address& to, const InterestRecord& record);
    void issue_due(Instant now, WallTime wall);
    void issue(const std::string& task, Own& own, Instant now, WallTime wall);
    void send_due(Instant now, std::vector<InterestOut>& out);
    void send_due(const Address& to, Peer& peer, Instant now, std::vector<InterestOut>& out);

    const crypto::Signer& signer_;
    crypto::Verifier& verifier_;
    Rng& rng_;
    InterestOptions options_;
    std::map<std::string, Own, std::less<>> own_;
    std::map<Address, Peer> peers_;
    Address turn_;                   // the peer that the next poll serves first
    std::vector<InterestOut> acks_;  // at most kAcksMax wait for the next poll
    Instant next_send_ = Instant::never();
    InterestTable table_;
    TokenBucket tokens_;
    std::array<uint64_t, kInterestVerdicts> counts_{};
    uint64_t signature_checks_ = 0;
    uint64_t sequence_ = 0;
};

}  // namespace aip::routing
