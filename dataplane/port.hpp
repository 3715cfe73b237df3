// PacketPort: where whole IPv6 packets enter and leave this node, in bursts. Kinds: memory (tests, simulator), udp
// (kernel sockets, no privilege), dpdk (any DPDK device). Never blocks; the caller polls, and may sleep on wake_fd.
//
// Invariant: every packet given to send() is either sent or counted in tx_dropped, and Outgoing::sent says which, so
// the counters account for each byte. A packet that arrives shorter than it says it is never surfaces: it is counted in
// rx_truncated. Counters count IPv6 packets; the *_link_bytes add what the link puts around them.
// One thread. A port outlives the packets it allocated; ports do not reorder packets of one sender to one receiver.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dataplane/link_address.hpp"
#include "dataplane/packet.hpp"

namespace aip::dataplane {

enum class PortKind : uint8_t { kMemory, kUdp, kDpdk };
std::string_view port_kind_name(PortKind kind);

struct PortInfo {
    std::string name;
    PortKind kind = PortKind::kMemory;
    uint32_t mtu = 0;                   // bytes of the largest IPv6 packet
    LinkAddress address;                // our own on this link
    int wake_fd = -1;                   // readable when packets wait; -1: this port must be polled
    std::vector<std::string> notes;     // what was chosen at opening; for the log
    std::vector<std::string> warnings;  // what the operator should change; for the log
};

struct PortCounters {
    uint64_t rx_packets = 0;
    uint64_t rx_bytes = 0;
    uint64_t rx_link_bytes = 0;
    uint64_t tx_packets = 0;
    uint64_t tx_bytes = 0;
    uint64_t tx_link_bytes = 0;
    uint64_t rx_truncated = 0;  // cut on the way: a frame or datagram larger than ours may be
    uint64_t rx_not_ours = 0;   // another protocol, another receiver
    uint64_t rx_stranger = 0;   // from an address that is no peer, dropped
    uint64_t rx_errors = 0;
    uint64_t tx_dropped = 0;  // larger than the mtu, or the link would not take it
    uint64_t no_buffer = 0;   // the pool was empty
};

struct Received {
    Packet packet;
    LinkAddress from;
    bool stranger = false;  // from an address that is no peer, on a port that learns peers
};

struct Outgoing {
    Packet packet;
    LinkAddress to;
    uint32_t sent = 0;  // written by send(): copies that left; 0 = dropped, more than 1 = to everyone over udp
};

class PacketPort {
public:
    virtual ~PacketPort() = default;

    virtual const PortInfo& info() const = 0;
    virtual PortCounters counters() const = 0;
    virtual Packet alloc() = 0;                           // capacity() >= mtu; empty if the pool is
    virtual size_t receive(std::span<Received> out) = 0;  // how many were written
    virtual size_t send(std::span<Outgoing> batch) = 0;   // takes every packet; returns how many have sent > 0
    // Peers beside the configured ones, instead of those of the last call. Ports without peers have nothing to do.
    virtual void set_learned_peers(std::span<const LinkAddress>) {}
};

}  // namespace aip::dataplane
