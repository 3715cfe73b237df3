// What udp_open, udp_rx and udp_tx share: the socket, its peers and the message headers that recvmmsg and sendmmsg
// fill, laid out once. Private to this folder.
#pragma once

#include <algorithm>
#include <array>

#include "base/limits.hpp"
#include "dataplane/udp/socket_address.hpp"
#include "dataplane/udp/udp_port.hpp"

namespace aip::dataplane {

inline constexpr size_t kUdpBurst = limits::kBurstMax;

struct UdpMessages {
    std::array<mmsghdr, kUdpBurst> headers{};
    std::array<iovec, kUdpBurst> pieces{};
    std::array<SocketAddress, kUdpBurst> addresses{};
};

struct UdpPort::State {
    explicit State(const UdpPortConfig& config) : pool(config.mtu, config.buffers), learn_peers(config.learn_peers) {}

    bool is_peer(const LinkAddress& address) const { return std::binary_search(peers.begin(), peers.end(), address); }

    BufferPool pool;  // before everything that holds packets of it
    OwnedFd socket;
    PortInfo info;
    PortCounters counters;
    std::vector<LinkAddress> configured;  // sorted
    std::vector<LinkAddress> peers;       // those and the learned ones, sorted
    bool learn_peers;
    uint32_t datagram_overhead = 0;        // IP and UDP headers
    std::array<Packet, kUdpBurst> posted;  // buffers the next recvmmsg writes to
    UdpMessages rx;
    UdpMessages tx;
    std::array<Outgoing*, kUdpBurst> tx_owner{};  // whose copy each message is
};

}  // namespace aip::dataplane
