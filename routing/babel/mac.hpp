// MAC authentication of Babel packets (RFC 8967) on one interface: HMAC-SHA256 over a pseudo-header and the packet, a
// packet counter with an index, and challenges. Proves that a packet is fresh and comes from a holder of the network
// key, not that it is true. Unicast and multicast keep counters of their own (RFC 9467), since a sleeping radio
// reorders them.
//
// Nothing is remembered of a sender before its MAC was right, and of limits::kNeighboursMax senders at most. Cheap
// checks come first: a packet without a MAC, or with a counter seen before, costs no hash. Loop thread; rfc/0009.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/time.hpp"

namespace aip::routing::babel {

using MacKey = Bytes;  // 16 to 64 bytes; never logged

struct Endpoints {  // of one packet, for the pseudo-header
    Address source;
    Address destination;
};

class Authenticator {
public:
    // Keys in use on this interface: every one signs, and any is enough on receipt (overlap while keys change).
    Authenticator(std::vector<MacKey> keys, Rng& rng);

    // Appends the packet counter and the MAC trailer.
    Bytes protect(Bytes packet, const Endpoints& endpoints);

    // kNoMac: or no packet counter. kChallenged: the sender is not known to be fresh; see take_answers().
    enum class Verdict : uint8_t { kGood, kNoMac, kBadMac, kReplay, kChallenged };
    Verdict check(ByteView packet, const Endpoints& endpoints, Instant now);

    // Challenges and replies that are due after check(), already protected; each to be sent before anything else.
    struct Answer {
        Address to;
        Bytes packet;
        bool replies = false;  // from here on it takes us for fresh; what we said before is lost on it
    };
    std::vector<Answer> take_answers(const Address& self);
    void forget(const Address& neighbour);
    size_t overhead() const;  // bytes protect() adds

private:
    using Nonce = std::array<uint8_t, 8>;
    struct Peer {
        std::optional<Bytes> index;
        std::array<uint32_t, 2> counters{};  // highest accepted, of unicast and of multicast packets
        Instant accepted;
        std::optional<Nonce> challenge;
        Instant challenge_ends, challenge_again;
        bool challenge_due = false;
        std::optional<Bytes> reply;  // nonce to send back
        Instant reply_again;
    };
    struct Body;  // what one packet says to us
    static std::optional<Body> read_body(ByteView packet);
    static bool knows(const Peer& peer, const Body& body, Instant now);
    static bool is_replay(const Peer& peer, const Body& body, bool multicast, Instant now);
    bool is_signed(const Body& body, const Endpoints& endpoints) const;
    Peer* peer(const Address& source, Instant now);
    Verdict judge(Peer& peer, const Body& body, bool multicast, Instant now);
    void challenge(Peer& peer, Instant now);
    void new_index();

    std::vector<MacKey> keys_;
    Rng& rng_;
    std::array<uint8_t, 8> index_{};
    uint32_t counter_ = 0;
    std::map<Address, Peer> peers_;
    bool answers_due_ = false;
};

}  // namespace aip::routing::babel
