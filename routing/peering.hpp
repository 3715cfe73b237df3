// Peering: how a tunnel port finds peers that nobody configured (rfc/0011 section 7). A node with fewer live peers than
// it wants asks its seeds and some of the peers it has; who is asked checks that the asker is reached at its address
// (a cookie, for which it keeps nothing) and a node of the network (its introduction, signed over that cookie), takes
// it as a peer if there is room, and names others. The asker does the same with those. Links that come of it are
// introduced and measured like any other.
//
// Invariants: nothing is kept, and no signature checked, for an address that has not returned its cookie; tokens for
// cookies and for signatures bound the work; at most kLearnedPeersMax peers per port are learned, and one that is not
// introduced within kPeerPatience, or no longer, is forgotten. Configured peers are not its affair.
//
// Loop thread; no clock, no socket. Not here: which links are good (Babel), names of hosts.
#pragma once

#include <map>
#include <vector>

#include "routing/join_messages.hpp"
#include "routing/neighbours.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

inline constexpr Duration kPeerPatience = Duration::seconds(5);
inline constexpr Duration kCookieSlot = Duration::seconds(10);  // a cookie is good for one to two of them

struct PeeringPort {
    std::vector<dataplane::LinkAddress> seeds;
    std::vector<dataplane::LinkAddress> configured;
};

struct JoinOut {
    uint16_t port = 0;
    dataplane::LinkAddress to;
    Bytes payload;
};

struct LearnedPeers {
    uint16_t port = 0;
    std::vector<dataplane::LinkAddress> peers;
};

enum class JoinVerdict : uint8_t {
    kAccepted = 0,  // a question was answered, or an answer used
    kUnknownPort,   // or one that learns no peers
    kMalformed,
    kRateLimited,  // no token left for a cookie
    kBadCookie,    // of another address, or too old
    kRefused,      // the introduction was: introduction.* says why
    kFull,         // a node of ours, but there is no room for another peer
    kUnasked,      // an answer to nothing that waits
};
inline constexpr size_t kJoinVerdicts = 8;
std::string_view join_verdict_name(JoinVerdict verdict);

class Peering {
public:
    // Neighbours and rng are borrowed; `secret` is known to nobody else.
    Peering(Neighbours& neighbours, Rng& rng, const Digest& secret);

    void add_port(uint16_t port, PeeringPort options, Instant now);
    void remove_port(uint16_t port);

    JoinVerdict on_join(uint16_t port, const dataplane::LinkAddress& from, ByteView payload, Instant now,
                        WallTime wall);
    std::vector<JoinOut> poll(Instant now);
    Instant next_wakeup() const;
    std::vector<LearnedPeers> take_changes();  // all learned peers of each port where they changed

    uint64_t count(JoinVerdict verdict) const { return counts_[static_cast<size_t>(verdict)]; }

private:
    using LinkAddress = dataplane::LinkAddress;
    struct Ask {
        uint64_t nonce = 0;
        bool introduced = false;  // the cookie came, and who we are has been said
        uint8_t tries = 0;
        Instant sent;
    };
    struct Port {
        PeeringPort options;
        std::map<LinkAddress, Instant> learned;  // until when without an introduction
        std::map<LinkAddress, Ask> asks;
        Instant next;
        Instant next_round;
        Duration pause;  // between rounds
        bool changed = false;
        TokenBucket cookies{100, 200};
    };
    struct Origin {  // of a message
        uint16_t number;
        Port& port;
        const LinkAddress& from;
    };

    JoinVerdict judge(uint16_t port, const LinkAddress& from, ByteView payload, Instant now, WallTime wall);
    JoinVerdict on_knock(const Origin& origin, const Join& message, Instant now);
    JoinVerdict on_cookie(const Origin& origin, const Join& message, Instant now, WallTime wall);
    JoinVerdict on_ask(const Origin& origin, const Join& message, Instant now, WallTime wall);
    JoinVerdict on_peers(const Origin& origin, const Join& message, Instant now);

    void tick(uint16_t number, Port& port, Instant now);
    void retry(uint16_t number, Port& port, Instant now);
    void ask(uint16_t number, Port& port, const LinkAddress& to, Instant now);
    void learn(Port& port, const LinkAddress& peer, Instant now);
    std::vector<LinkAddress> live(uint16_t number) const;  // sorted
    std::vector<LinkAddress> sample(uint16_t number, const LinkAddress& not_this, size_t most);
    JoinCookie cookie_for(const Origin& origin, int64_t slot) const;
    void send(uint16_t number, const LinkAddress& to, const Join& message);

    Neighbours& neighbours_;
    Rng& rng_;
    Digest secret_;
    std::map<uint16_t, Port> ports_;
    std::vector<JoinOut> out_;
    uint64_t asked_ = 0;
    std::array<uint64_t, kJoinVerdicts> counts_{};
};

}  // namespace aip::routing
