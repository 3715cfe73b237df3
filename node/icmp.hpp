// Icmp: what a node says as an IPv6 host and router (rfc/0011): it answers echo requests and, on Ethernet, neighbour
// solicitations for its addresses; it tells the sender of a packet that could not be forwarded why; and it hears such
// errors about its own packets. Echo replies, and errors about echo requests, go to Echo.
//
// Invariants: an error is never caused by an error, a redirect or multicast; everything sent here is bounded by token
// buckets, so that nobody can make this node a sender of noise; nothing is learned from Neighbor Discovery: the MAC of
// a foreign router is that of its Babel packets. Loop only.
#pragma once

#include "aipacket/icmpv6.hpp"
#include "node/echo.hpp"
#include "node/outbox.hpp"
#include "routing/token_bucket.hpp"

namespace aip::node {

struct IcmpCounters {
    uint64_t refused = 0;          // broken, or a type nobody here reads
    uint64_t echo_requests = 0;    // answered
    uint64_t solicitations = 0;    // answered
    uint64_t advertisements = 0;   // heard, not used
    uint64_t invalid_nd = 0;       // of Neighbor Discovery, dropped by its rules
    uint64_t rate_limited = 0;     // not sent
    uint64_t sent_hop_limit = 0;   // errors about packets of others
    uint64_t sent_no_route = 0;    //
    uint64_t sent_too_big = 0;     //
    uint64_t heard_hop_limit = 0;  // errors about AI packets of ours
    uint64_t heard_no_route = 0;   //
    uint64_t heard_too_big = 0;    //
    uint64_t heard_other = 0;      // errors about nothing of ours that we know
};

class Icmp {
public:
    Icmp(dataplane::Dataplane& dataplane, const Address& self, Outbox& outbox, Echo& echo);

    // An ICMPv6 packet for this node.
    void on_packet(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet, Instant now);
    void on_undeliverable(dataplane::PortIndex port, const dataplane::LinkAddress& from, ByteView packet,
                          dataplane::DropReason reason, uint32_t mtu, Instant now);

    const IcmpCounters& counters() const { return counters_; }

private:
    struct Origin {  // of what is answered
        dataplane::PortIndex port;
        const dataplane::LinkAddress& from;
    };
    void on_echo_request(const Origin& origin, const aipacket::Icmpv6View& message, Instant now);
    void on_solicitation(const Origin& origin, const aipacket::Icmpv6View& message, Instant now);
    void on_error(const aipacket::Icmpv6View& error, Instant now);
    bool is_mine(const Address& address) const { return address == self_ || address == link_local_; }
    bool may_send(routing::TokenBucket& bucket, Instant now);
    template <class Write>
    bool answer(const Origin& origin, const Address& to, Write write);

    dataplane::Dataplane& dataplane_;
    Outbox& outbox_;
    Echo& echo_;
    Address self_;
    Address link_local_;
    IcmpCounters counters_;
    routing::TokenBucket errors_{limits::kIcmpErrorsPerSecond, limits::kIcmpErrorsPerSecond};
    routing::TokenBucket advertisements_{limits::kAdvertisementsPerSecond, limits::kAdvertisementsPerSecond};
    routing::TokenBucket replies_{limits::kEchoRepliesPerSecond, limits::kEchoRepliesPerSecond};
};

}  // namespace aip::node
