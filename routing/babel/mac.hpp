// MAC authentication of Babel packets (RFC 8967): HMAC-SHA256 over a pseudo-header and the packet, a packet counter
// with an index, and challenges. Proves that a packet is fresh and comes from a holder of the network key, not that it
// is true. Unicast and multicast keep counters of their own (RFC 9467), since a sleeping radio reorders them.
#pragma once

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
    // Keys in use on this interface: the first one signs too, all are tried on receipt (overlap while keys change).
    Authenticator(std::vector<MacKey> keys, Rng& rng);

    // Appends PC TLV, challenges and replies that are due to this neighbour, and the MAC trailer.
    Bytes protect(Bytes packet, const Endpoints& endpoints);

    enum class Verdict : uint8_t { kGood, kNoMac, kBadMac, kReplay, kChallenged };
    // kChallenged: the sender is not known to be fresh; a challenge is due, see challenge_due().
    Verdict check(ByteView packet, const Endpoints& endpoints, Instant now);
    // Packets to send now, already protected: challenge requests and replies; unicast to the address.
    struct Answer {
        Address to;
        Bytes packet;
    };
    std::vector<Answer> take_answers(const Address& self);
    void forget(const Address& neighbour);
    size_t overhead() const;  // bytes protect() may add

private:
    struct Peer;
    std::vector<MacKey> keys_;
    Rng& rng_;
};

}  // namespace aip::routing::babel
