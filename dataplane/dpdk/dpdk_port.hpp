// DpdkPort: any DPDK device as a port: Ethernet frames of type 0x86DD, one IPv6 packet each. The mbuf is the buffer
// under the Packet, received and forwarded between DPDK ports without a copy; packets of other ports are copied once.
//
// The port defends itself against what the drivers do (see README): frames cut to the driver's frame size, padding,
// frames for others, chains, bursts above 32, a silent probe failure. af_packet reports frames as sent that the kernel
// then dropped: loss is counted end to end, never from here. wake_fd is -1: DPDK devices are polled.
// One thread. Close every port before the DpdkEal.
#pragma once

#include <memory>

#include "base/result.hpp"
#include "dataplane/dpdk/eal.hpp"
#include "dataplane/port.hpp"

namespace aip::dataplane {

struct DpdkPortConfig {
    std::string name{};
    std::string device{};     // "net_af_packet0,iface=eth0", "net_memif0,...", "0000:03:00.0"
    uint32_t mtu = 0;         // 0: what the device carries
    uint32_t buffers = 1024;  // mbufs in this port's pool; must exceed the device's rings
};

class DpdkPort final : public PacketPort {
public:
    static Result<std::unique_ptr<DpdkPort>> open(DpdkEal& eal, const DpdkPortConfig& config);
    ~DpdkPort() override;

    const PortInfo& info() const override;
    PortCounters counters() const override;
    Packet alloc() override;
    size_t receive(std::span<Received> out) override;
    size_t send(std::span<Outgoing> batch) override;

private:
    struct State;
    explicit DpdkPort(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;  // keeps DPDK's headers out of here
};

}  // namespace aip::dataplane
