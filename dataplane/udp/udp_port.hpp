// UdpPort: links through a network that is not ours. Each datagram of a kernel UDP socket carries one whole IPv6 packet
// (a tunnel link, rfc/0001); needs no privilege. Peers are configured, or learned by whoever runs the port: everyone
// means all of them. Datagrams from anybody else are dropped and counted; if the port learns peers, they are passed on
// marked as a stranger's. Bursts by recvmmsg and sendmmsg; wake_fd is the socket.
//
// The address family of `listen` is that of the link: [::] takes IPv6 peers only. Larger packets than the path carries
// are fragmented by the kernel, so set mtu to path MTU - 28 (IPv4) or - 48 (IPv6). One thread. Not here: GSO/GRO,
// zones (%eth0), host names.
#pragma once

#include <memory>

#include "base/owned_fd.hpp"
#include "base/result.hpp"
#include "dataplane/buffer_pool.hpp"
#include "dataplane/port.hpp"

namespace aip::dataplane {

struct UdpPortConfig {
    std::string name = "udp";
    std::string listen{};              // "127.0.0.1:7001", "[::1]:7001"; port 0: the kernel chooses
    std::vector<std::string> peers{};  // the same form
    uint32_t mtu = 1400;               // 1,280 to 65,000
    uint32_t buffers = 512;
    uint32_t socket_buffer_bytes = 4u << 20;  // each direction; the kernel may grant less: see warnings
    bool learn_peers = false;
};

class UdpPort final : public PacketPort {
public:
    static Result<std::unique_ptr<UdpPort>> open(const UdpPortConfig& config);
    ~UdpPort() override;

    const PortInfo& info() const override;
    PortCounters counters() const override;
    Packet alloc() override;
    size_t receive(std::span<Received> out) override;
    size_t send(std::span<Outgoing> batch) override;
    void set_learned_peers(std::span<const LinkAddress> learned) override;  // of the family of `listen`

private:
    struct State;
    explicit UdpPort(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;  // keeps socket headers out of here
};

}  // namespace aip::dataplane
