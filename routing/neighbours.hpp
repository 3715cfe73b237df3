// Who is one hop away (rfc/0003 section 2). Every port sends a signed hello about once a second, a few quick ones at
// the start and one at once to a newcomer; the hello names whom it heard, so a link that works one way only is seen.
//
// A link is (port, link address, node). It is one-way until its node's hello names us, two-way from then on, lost after
// 3.5 of its node's intervals without a hello. Invariants: only two-way links are ever usable; a table entry exists
// only for a signature that was checked; a hello is accepted once (a window over the sequence numbers of each node, on
// all ports together, remembered after the node is lost); a signature is checked only if a token was left for it, and
// links that are known do not share theirs with newcomers.
//
// Loop thread. No clock, no socket: time is an argument, hellos out are values. Round trip times and link cost are not
// measured yet (they belong to the routing protocol).
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
#include "routing/hello.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

enum class LinkState : uint8_t { kOneWay, kTwoWay };
std::string_view link_state_name(LinkState state);

struct Neighbour {
    Address address;
    crypto::PublicKey identity;
    uint16_t port = 0;
    dataplane::LinkAddress link;
    uint16_t mtu = 0;  // the smaller of both ends'
    LinkState state = LinkState::kOneWay;
    std::optional<Duration> rtt;  // not measured yet
    Duration interval;            // its own
    Instant last_heard;
    Instant named_us_until;  // two-way ends here unless it names us again

    uint32_t missed(Instant now) const;  // hellos that are overdue
    Instant lost_at() const;
};

enum class HelloVerdict : uint8_t {
    kAccepted = 0,
    kUnknownPort,
    kTooLong,
    kMalformed,
    kOwnHello,         // our own, come back to us
    kAddressConflict,  // our address under another key, or a node's address under a second key
    kReplay,           // sequence seen before or too old, or the clock of its node ran back
    kWrongClock,       // issued too far from our own clock
    kRateLimited,      // no token left for a signature check
    kBadSignature,     // or certificate
    kTableFull,
};
inline constexpr size_t kHelloVerdicts = 11;
std::string_view hello_verdict_name(HelloVerdict verdict);

struct NeighbourOptions {
    Duration interval = Duration::seconds(1);
    Duration quick_interval = Duration::milliseconds(100);  // also the least time between two hellos of one port
    uint32_t quick_hellos = 4;                              // of a port that has just come up
    Duration clock_skew_max = Duration::seconds(300);
    double newcomer_checks_per_second = 50;  // signatures, all unknown links together
    double known_checks_per_second = 20;     // signatures, each known link
    uint64_t first_sequence = 0;             // above every one used before; the caller takes max(saved, wall clock ms)
};

struct HelloOut {
    uint16_t port = 0;
    Bytes sealed;
};

class Neighbours {
public:
    // Signer, verifier and rng are borrowed and outlive it.
    Neighbours(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, NeighbourOptions options);

    void add_port(uint16_t port, uint16_t mtu, Instant now);
    void remove_port(uint16_t port);  // link down: its neighbours are lost at once

    HelloVerdict on_hello(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                          WallTime wall);
    // What on_hello does once the signature is checked: the caller vouches for `sender`.
    HelloVerdict on_checked_hello(uint16_t port, const dataplane::LinkAddress& from, const crypto::Principal& sender,
                                  const Hello& hello, Instant now);

    // Drops what is lost and returns the hellos that are due.
    std::vector<HelloOut> poll(Instant now, WallTime wall);
    Instant next_wakeup() const;

    const std::vector<Neighbour>& table() const { return table_; }  // by address, then port, then link address
    const Address& self() const { return signer_.self().address; }
    bool changed();  // a usable link came, went or changed since the last call

    uint64_t count(HelloVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }
    uint64_t signature_checks() const { return signature_checks_; }
    uint64_t lost() const { return lost_; }
    uint64_t last_sequence() const { return sequence_; }

private:
    struct Port {
        uint16_t mtu = 0;
        Instant next_hello;
        Instant last_hello;
        uint32_t quick_left = 0;
        size_t turn = 0;  // where the next list of heard neighbours starts
    };
    struct Seen {  // of a node, kept after it is lost so that its old hellos stay refused
        crypto::PublicKey identity;
        uint64_t newest = 0;
        uint64_t window = 0;  // bit i: newest - i was seen
        WallTime wall;
        Instant lost_at;
    };

    HelloVerdict judge(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now, WallTime wall);
    HelloVerdict check_claim(const Address& address, const crypto::PublicKey& identity, const Hello& hello,
                             Instant now) const;
    bool take_token(uint16_t port, const dataplane::LinkAddress& from, const Address& claimed, Instant now);
    void remember(const crypto::Principal& sender, const Hello& hello, Instant now);
    void update(Neighbour& neighbour, const Hello& hello, Instant now);
    bool names_us(const Hello& hello) const;
    void hasten_hello(Port& port, Instant now);
    Neighbour* find(uint16_t port, const dataplane::LinkAddress& from, const Address& address);
    Neighbour& insert(uint16_t port, const dataplane::LinkAddress& from, const crypto::Principal& sender);
    void drop_lost(Instant now);
    Bytes make_hello(uint16_t number, Port& port, Instant now, WallTime wall);

    const crypto::Signer& signer_;
    crypto::Verifier& verifier_;
    Rng& rng_;
    NeighbourOptions options_;
    std::map<uint16_t, Port> ports_;
    std::vector<Neighbour> table_;
    std::unordered_map<Address, Seen> seen_;
    std::unordered_map<Address, TokenBucket> known_tokens_;
    TokenBucket newcomer_tokens_;
    std::array<uint64_t, kHelloVerdicts> counts_{};
    uint64_t signature_checks_ = 0;
    uint64_t lost_ = 0;
    uint64_t sequence_ = 0;
    bool changed_ = false;
};

}  // namespace aip::routing
