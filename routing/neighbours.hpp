// Who is at the other end of each link, proven (rfc/0003 section 2). A node introduces itself on every port when it
// comes up, whenever somebody asks, and every so often; an introduction is signed, so a link gets the name of a node
// and its key. Whether the link works, and how well, is measured by Babel (routing/babel), which listens to links that
// were introduced.
//
// Invariants: an entry exists only for a signature that was checked; an introduction is accepted once (a window over
// the sequence numbers of each node, on all ports together, remembered after the node is gone); a signature is checked
// only if a token was left for it, and links that are known do not share theirs with newcomers.
//
// Loop thread. No clock, no socket: time is an argument, introductions out are values.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "crypto/identity.hpp"
#include "dataplane/fib.hpp"
#include "routing/introduction.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

struct Neighbour {
    Address address;
    crypto::PublicKey identity;
    uint16_t port = 0;
    dataplane::LinkAddress link;
    uint16_t mtu = 0;  // the smaller of both ends'
    Instant last_heard;
    Instant expires;
};

enum class IntroductionVerdict : uint8_t {
    kAccepted = 0,
    kUnknownPort,
    kTooLong,
    kMalformed,
    kOwn,              // our own, come back to us
    kAddressConflict,  // our address under another key, or a node's address under a second key
    kReplay,           // sequence seen before or too old, or the clock of its node ran back
    kWrongClock,       // issued too far from our own clock
    kRateLimited,      // no token left for a signature check
    kBadSignature,     // or certificate
    kTableFull,
};
inline constexpr size_t kIntroductionVerdicts = 11;
std::string_view introduction_verdict_name(IntroductionVerdict verdict);

struct NeighbourOptions {
    Duration interval = Duration::seconds(10);
    Duration answer_gap = Duration::milliseconds(50);  // least time between two introductions of one port
    Duration ask_gap = Duration::seconds(1);           // least time between two that ask for an answer
    Duration clock_skew_max = Duration::seconds(300);
    double newcomer_checks_per_second = 50;  // signatures, all unknown links together
    double known_checks_per_second = 20;     // signatures, each known link
    uint64_t first_sequence = 0;             // above every one used before; the caller takes max(saved, wall clock ms)

    Duration lifetime() const { return interval * 7 / 2; }
};

struct IntroductionOut {
    uint16_t port = 0;
    Bytes sealed;
};

class Neighbours {
public:
    // Signer, verifier and rng are borrowed and outlive it.
    Neighbours(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, NeighbourOptions options);

    void add_port(uint16_t port, uint16_t mtu, Instant now);
    void remove_port(uint16_t port);  // link down: its neighbours are gone at once

    // Without room, a link that is not in the table is kTableFull, though its signature was good.
    IntroductionVerdict on_introduction(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                                        WallTime wall, bool room = true);
    // What on_introduction does once the signature is checked: the caller vouches for `sender`.
    IntroductionVerdict on_checked(uint16_t port, const dataplane::LinkAddress& from, const crypto::Principal& sender,
                                   const Introduction& introduction, Instant now, bool room = true);
    // Our introduction to one address that gave us this cookie; it asks for an answer.
    Bytes introduce(uint16_t port, const JoinCookie& cookie, WallTime wall);
    // Somebody on this port speaks who was not introduced: we ask everybody there to introduce themselves.
    void on_stranger(uint16_t port, Instant now);

    // Drops what has expired and returns the introductions that are due.
    std::vector<IntroductionOut> poll(Instant now, WallTime wall);
    Instant next_wakeup() const;

    const std::vector<Neighbour>& table() const { return table_; }  // by address, then port, then link address
    const Neighbour* find(uint16_t port, const dataplane::LinkAddress& link, InterfaceId id) const;
    const Address& self() const { return signer_.self().address; }
    std::vector<Neighbour> take_newcomers();  // since the last call

    uint64_t count(IntroductionVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }
    uint64_t signature_checks() const { return signature_checks_; }
    uint64_t last_sequence() const { return sequence_; }

private:
    struct Port {
        uint16_t mtu = 0;
        bool ask = true;  // the next introduction asks for an answer
        Instant next;
        Instant last;
        Instant last_asked;
    };
    struct Seen {  // of a node, kept after it is gone so that its old introductions stay refused
        crypto::PublicKey identity;
        uint64_t newest = 0;
        uint64_t window = 0;  // bit i: newest - i was seen
        WallTime wall;
        Instant expires;
    };

    IntroductionVerdict judge(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                              WallTime wall, bool room);
    IntroductionVerdict check_claim(const Address& address, const crypto::PublicKey& identity,
                                    const Introduction& introduction, Instant now) const;
    bool take_token(uint16_t port, const dataplane::LinkAddress& from, const Address& claimed, Instant now);
    void remember(const crypto::Principal& sender, const Introduction& introduction, Instant now);
    void hasten(Port& port, Instant now);
    Neighbour* find(uint16_t port, const dataplane::LinkAddress& from, const Address& address);
    Neighbour& insert(uint16_t port, const dataplane::LinkAddress& from, const crypto::Principal& sender);
    Bytes make_introduction(Port& port, Instant now, WallTime wall);
    Bytes seal_introduction(uint16_t mtu, bool answer, std::optional<JoinCookie> cookie, WallTime wall);

    const crypto::Signer& signer_;
    crypto::Verifier& verifier_;
    Rng& rng_;
    NeighbourOptions options_;
    std::map<uint16_t, Port> ports_;
    std::vector<Neighbour> table_;
    std::vector<Neighbour> newcomers_;
    std::unordered_map<Address, Seen> seen_;
    std::unordered_map<Address, TokenBucket> known_tokens_;
    TokenBucket newcomer_tokens_;
    std::array<uint64_t, kIntroductionVerdicts> counts_{};
    uint64_t signature_checks_ = 0;
    uint64_t sequence_ = 0;
};

}  // namespace aip::routing
