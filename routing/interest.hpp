// Members of a task tell each other what their data looks like (rfc/0010 sections 3 to 5). This is where records are
// made and where they are judged; how they travel is InterestGossip's business, where they stay InterestTable's.
//
// A record of ours is signed anew when its data changes (no oftener than change_gap), when its queue or version does
// (no oftener than busy_gap), and every refresh. On receipt the cheap checks come first: length, sender, a token, form,
// task, that we asked for it or its origin pushed it, sequence, expiry, a token of its origin; only then the signature,
// then the table. What is dropped is counted by cause. A record expires on the receiver's monotonic clock.
//
// Loop thread. No clock, no socket: time is an argument, packets out are values.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "routing/interest_gossip.hpp"

namespace aip::routing {

struct InterestOptions {
    Duration refresh = Duration::seconds(600);
    Duration lifetime = Duration::seconds(1500);  // of a record
    Duration change_gap = Duration::seconds(1);   // least time between two records of one task
    Duration busy_gap = Duration::seconds(10);    // the same if only queue, last version or degree changed
    Duration clock_skew_max = Duration::seconds(300);
    uint64_t first_sequence = 0;  // above every one used before; the caller takes max(saved, wall clock ms)
    double epsilon = 0;           // of private sketches (routing/privacy.hpp); 0: they are exact
    GossipOptions gossip;
};

// What this node says about itself for a task.
struct LocalInterest {
    Sketch sketch;
    uint64_t samples = 0;
    double samples_per_second = 0;
    uint64_t memory_bytes = 0;
    bool operator==(const LocalInterest&) const = default;
};

class InterestExchange {
public:
    // Signer, verifier and rng are borrowed and outlive it.
    InterestExchange(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, InterestOptions options);

    // kInvalid if it could not be a record, kNoSpace beyond limits::kInterestTasksMax tasks.
    Result<void> set(const std::string& task, LocalInterest interest, Instant now);
    // How busy this node is with a task that it has set: models that wait; the version it saw last, none: as before.
    void set_busy(const std::string& task, uint32_t queue, const std::optional<VersionId>& last_version, Instant now);
    void withdraw(const std::string& task, Instant now);  // goes on listening
    // To know the members of a task without being one. kNoSpace beyond limits::kInterestListenMax tasks.
    Result<void> listen(const std::string& task, Instant now);
    void set_reachable(std::span<const Reach> nodes, Instant now);
    // Who else may be a member: by task key and origin. None: everybody whom the network has certified.
    void admit_by(std::function<bool(std::string_view, const Address&)> admits) { admits_ = std::move(admits); }

    // Of a packet with several records: what became of the last.
    InterestVerdict on_packet(aipacket::Kind kind, const Address& source, ByteView payload, Instant now, WallTime wall);
    std::vector<InterestOut> poll(Instant now, WallTime wall);
    Instant next_wakeup() const;

    std::vector<std::string> own_tasks() const;            // set and not withdrawn
    const InterestTable& table() const { return table_; }  // our own records among them
    const InterestGossip& gossip() const { return gossip_; }
    uint64_t last_sequence() const { return sequence_; }
    uint64_t count(InterestVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }
    uint64_t signature_checks() const { return signature_checks_; }

private:
    struct Own {
        LocalInterest interest;
        uint32_t queue = 0;
        uint32_t degree = 0;
        uint64_t last_version = 0;
        bool withdrawn = false;
        uint64_t sequence = 0;
        Instant issue_at;  // when the next record is due
        Instant issued_at;
        Instant gone_at = Instant::never();  // a withdrawn task is forgotten here
    };

    InterestVerdict on_record(const Address& source, const RecordView& view, Instant now, WallTime wall);
    InterestVerdict check_claim(const InterestRecord& record, InterestTable::Task task, bool asked,
                                const Address& source, Instant now, WallTime wall);
    InterestVerdict verify(const InterestRecord& record, const RecordView& view, Instant now, WallTime wall);
    InterestRecord record_of(const std::string& task, const Own& own, WallTime wall) const;
    void count_neighbours(Instant now);
    void issue(const std::string& task, Own& own, Instant now, WallTime wall);

    const crypto::Signer& signer_;
    crypto::Verifier& verifier_;
    Rng& rng_;
    InterestOptions options_;
    std::map<std::string, Own, std::less<>> own_;
    std::function<bool(std::string_view, const Address&)> admits_;
    InterestTable table_;
    InterestGossip gossip_;
    uint32_t told_version_ = 0;
    std::vector<InterfaceId> neighbours_;
    bool recount_ = false;  // of the neighbours that are members
    std::array<uint64_t, kInterestVerdicts> counts_{};
    InterestVerdict last_ = InterestVerdict::kGossip;
    uint64_t signature_checks_ = 0;
    uint64_t sequence_ = 0;
};

}  // namespace aip::routing
