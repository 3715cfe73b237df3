// Dataplane: the ports of one node and what happens to a packet between them. poll() takes one burst from each port:
// what is for this node, by its node address or on the link (rfc/0011), goes to the LocalSink; what is for another node
// loses one hop and goes to the port its Fib entry names; the rest is dropped for a counted reason, and the sink sees
// what could not be forwarded. A packet may say which nodes it passes, if its neighbour is trusted (rfc/0012).
//
// Invariants. Nothing vanishes: received = delivered + forwarded + drops, and what this node originates is sent or
// counted as a drop too. originated + forwarded equals the ports' tx counters exactly, in packets and bytes (a packet
// to everyone counts once per copy). Packets leave in bursts per port, at the latest when poll() or flush() returns.
//
// Decides by the IPv6 header alone: seals and checksums are the receiver's affair. One thread; the sink may call
// send(), send_on(), alloc() and set_fib() but not poll(). No clock, no allocation after add_port().
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "dataplane/fib.hpp"
#include "dataplane/port.hpp"
#include "dataplane/shared_fib.hpp"

namespace aip::dataplane {

enum class DropReason : uint8_t {
    kNone = 0,
    kTruncated,       // shorter than its IPv6 header says
    kTrailingBytes,   // longer
    kNotIpv6,         //
    kNotNodeAddress,  // source or destination is no node address
    kLinkScope,       // link-local, or to a group on the link, and not for us: never forwarded
    kForeignNetwork,  // a node of another network
    kOwnSource,       // ours, come back
    kHopLimit,        //
    kNoRoute,         //
    kTooBig,          // for the next hop
    kPortRefused,     // the port could not send it
    kSteering,        // a routing header from a link that may not steer
    kBadSegments,     // a routing header that is none of ours, or breaks a rule
    kStranger,        // from an address that is no peer, and not to join
};
inline constexpr size_t kDropReasons = 15;
std::string_view drop_reason_name(DropReason reason);

// Groups on a link, and nobody further, that every node is in; the fifth is its solicited-node group.
inline constexpr Address kNeighbourGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1}};  // hellos
// How strangers ask to become peers; nothing else of theirs is taken (rfc/0011 section 7).
inline constexpr Address kJoinGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa2}};
inline constexpr Address kAllNodesGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr Address kBabelGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6}};  // RFC 8966

class LocalSink {
public:
    virtual ~LocalSink() = default;
    virtual void on_packet(PortIndex port, const LinkAddress& from, ByteView packet) = 0;
    // Dropped for kHopLimit, kNoRoute or kTooBig, as it came (steered: on its way to the next segment); `mtu` is what
    // the next hop carries if it was too big.
    virtual void on_undeliverable(PortIndex, const LinkAddress& /*from*/, ByteView /*packet*/, DropReason,
                                  uint32_t /*mtu*/) {}
};

// A link from which packets may come that say which way they take (rfc/0012).
struct SteeringLink {
    PortIndex port = kNoPort;
    LinkAddress from;

    auto operator<=>(const SteeringLink&) const = default;
};

struct Traffic {
    uint64_t packets = 0;
    uint64_t bytes = 0;

    bool operator==(const Traffic&) const = default;
};

struct PortTraffic {
    Traffic delivered;   // received here, for this node
    Traffic forwarded;   // sent here, for others
    Traffic originated;  // sent here, by this node
};

class Dataplane {
public:
    explicit Dataplane(const Address& self);
    ~Dataplane();

    Result<PortIndex> add_port(std::unique_ptr<PacketPort> port);
    size_t ports() const { return lanes_.size(); }
    const PacketPort& port(PortIndex index) const { return *lanes_[index].port; }

    void set_fib(std::unique_ptr<const Fib> fib) { fib_.publish(std::move(fib)); }  // from the next burst on
    const NextHop* route(InterfaceId id) const { return fib_.current().find(id); }  // valid until set_fib()

    void set_learned_peers(PortIndex port, std::span<const LinkAddress> peers) {
        lanes_[port].port->set_learned_peers(peers);
    }
    // The links that authenticated neighbours use; none until this is called. Any other routing header is dropped.
    void set_steering_links(std::vector<SteeringLink> links);

    size_t poll(LocalSink& sink);  // how many packets were handled
    void flush();

    // Empty if the pool is: try again after the next poll().
    Packet alloc(PortIndex port) { return lanes_[port].port->alloc(); }
    // Packets this port takes before it must be flushed; 0 while it refuses: wait for the next poll().
    size_t room(PortIndex port) const;

    // Local origination. False: dropped and counted. True: it is in a burst; the port may still refuse it.
    bool send(Packet packet);                                            // by the route of its destination
    bool send_on(PortIndex port, const LinkAddress& to, Packet packet);  // to a neighbour

    const PortTraffic& traffic(PortIndex port) const { return lanes_[port].traffic; }
    uint64_t dropped(DropReason reason) const { return drops_[static_cast<size_t>(reason)]; }

private:
    struct Queued {
        uint32_t bytes;
        bool ours;
    };
    struct Lane {
        std::unique_ptr<PacketPort> port;
        std::array<Outgoing, limits::kBurstMax> out;
        std::array<Queued, limits::kBurstMax> queued;
        size_t waiting = 0;
        bool refused = false;
        PortTraffic traffic;
    };

    size_t poll_port(PortIndex index, LocalSink& sink);
    DropReason handle(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink);
    bool is_ours(const Address& destination) const;
    DropReason check_local(ByteView packet, const Address& source, const Address& destination) const;
    DropReason steer(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink);
    DropReason end_segment(PortIndex index, Received& received, LocalSink& sink);
    void deliver(PortIndex index, const Received& received, ByteView packet, LocalSink& sink);
    DropReason forward(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink);
    DropReason put(const NextHop& hop, Packet packet, bool ours);
    uint32_t mtu_of(const NextHop& hop) const;
    void flush(Lane& lane);
    DropReason check_member(const Address& address) const;
    bool count(DropReason reason);

    Address self_;
    Address link_local_;
    Address solicited_group_;  // of both
    SharedFib fib_;
    std::vector<SteeringLink> steering_links_;  // sorted
    std::vector<Lane> lanes_;
    std::array<uint64_t, kDropReasons> drops_{};
    bool polling_ = false;
};

}  // namespace aip::dataplane
