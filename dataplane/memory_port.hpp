// MemoryPort: a port without a link, for tests and the simulator. What is sent goes to the sink; what inject() is given
// is received, in order. Checks what a real port checks: mtu, truncation, queue and pool limits. MemoryHub joins
// several as one Ethernet: unicast by address, everyone to all others. One thread, no clock: delay and loss are
// whoever's who stands between sink and inject().
#pragma once

#include <deque>
#include <functional>

#include "dataplane/buffer_pool.hpp"
#include "dataplane/port.hpp"

namespace aip::dataplane {

struct MemoryPortConfig {
    std::string name = "memory";
    LinkAddress address{};
    uint32_t mtu = 1500;
    uint32_t queue_packets = 256;  // injected and not received yet
    uint32_t buffers = 512;
};

class MemoryPort final : public PacketPort {
public:
    using Sink = std::function<void(ByteView packet, const LinkAddress& to)>;

    explicit MemoryPort(MemoryPortConfig config);

    void set_sink(Sink sink) { sink_ = std::move(sink); }
    bool inject(ByteView packet, const LinkAddress& from, bool stranger = false);  // false: dropped and counted

    const PortInfo& info() const override { return info_; }
    PortCounters counters() const override { return counters_; }
    Packet alloc() override;
    size_t receive(std::span<Received> out) override;
    size_t send(std::span<Outgoing> batch) override;

private:
    PortInfo info_;
    PortCounters counters_;
    uint32_t queue_max_;
    BufferPool pool_;
    std::deque<Received> queue_;
    Sink sink_;
};

class MemoryHub {
public:
    void attach(MemoryPort& port);  // takes its sink; the hub and its ports live equally long

private:
    void deliver(const MemoryPort& sender, ByteView packet, const LinkAddress& to);

    std::vector<MemoryPort*> ports_;
};

}  // namespace aip::dataplane
