// Arbitrary bytes as packets into a node with two ports. Whatever they are: each one is delivered, forwarded or dropped
// for a reason, what is forwarded lost exactly one hop, and the counters of dataplane and ports agree.
#include <algorithm>

#include "dataplane/forwarder.hpp"
#include "dataplane/memory_port.hpp"

namespace {

using namespace aip;
using namespace aip::dataplane;

Address node(uint64_t n) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{n}); }

struct Counting final : LocalSink {
    void on_packet(PortIndex, const LinkAddress&, ByteView packet) override { AIP_ASSERT(packet.size() >= 40); }
};

// Half of the inputs get a header that is nearly right, or the fuzzer would rarely pass the first check.
Bytes shaped(ByteView piece, uint8_t shape) {
    Bytes packet = to_bytes(piece);
    if (shape % 2 == 0 || packet.size() < 40) return packet;
    packet[0] = 0x60;
    store_be16(&packet[4], static_cast<uint16_t>(packet.size() - 40));
    const Address source = node(shape % 5), destination = node(shape % 7);
    std::copy(source.bytes.begin(), source.bytes.end(), packet.begin() + 8);
    std::copy(destination.bytes.begin(), destination.bytes.end(), packet.begin() + 24);
    return packet;
}

MemoryPort& add_port(Dataplane& dataplane, uint32_t mtu) {
    auto port = std::make_unique<MemoryPort>(MemoryPortConfig{.mtu = mtu, .queue_packets = 64, .buffers = 128});
    MemoryPort& borrowed = *port;
    borrowed.set_sink(
        [mtu](ByteView packet, const LinkAddress&) { AIP_ASSERT(packet.size() <= mtu && packet[7] > 0); });
    AIP_ASSERT(dataplane.add_port(std::move(port)).has_value());
    return borrowed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Dataplane dataplane(node(1));
    MemoryPort* const ports[] = {&add_port(dataplane, 1500), &add_port(dataplane, 1280)};
    FibBuilder routes;
    AIP_ASSERT(routes.add(InterfaceId{2}, {0, 1500, LinkAddress::everyone()}));
    AIP_ASSERT(routes.add(InterfaceId{3}, {1, 1300, LinkAddress::everyone()}));
    AIP_ASSERT(routes.add(InterfaceId{4}, {9, 1300, LinkAddress::everyone()}));
    dataplane.set_fib(routes.build());

    Counting sink;
    Reader input(ByteView(data, size));
    while (input.remaining() > 3) {
        const uint8_t shape = input.u8();
        const size_t length = std::min<size_t>(input.u16() % 1600, input.remaining());
        static_cast<void>(ports[shape & 1]->inject(shaped(input.view(length), shape), LinkAddress::everyone()));
        static_cast<void>(dataplane.poll(sink));
    }

    uint64_t received = 0, handled = 0;
    for (size_t i = 1; i < kDropReasons; ++i) handled += dataplane.dropped(static_cast<DropReason>(i));
    for (PortIndex i = 0; i < dataplane.ports(); ++i) {
        const PortCounters port = dataplane.port(i).counters();
        const PortTraffic& traffic = dataplane.traffic(i);
        AIP_ASSERT(traffic.forwarded.packets == port.tx_packets && traffic.forwarded.bytes == port.tx_bytes);
        received += port.rx_packets;
        handled += traffic.delivered.packets + traffic.forwarded.packets;
    }
    AIP_ASSERT(received == handled);
    return 0;
}
