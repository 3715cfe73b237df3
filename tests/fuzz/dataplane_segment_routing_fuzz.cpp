// Arbitrary bytes as routing headers, at a node that lets everybody steer. Whatever they are: what parses stays within
// the packet and ends after as many steps as it has segments left; a node delivers, forwards or drops, and never sends
// a packet to itself or with a list that went backwards.
#include <algorithm>

#include "aipacket/wire.hpp"
#include "dataplane/forwarder.hpp"
#include "dataplane/memory_port.hpp"
#include "dataplane/segment_routing.hpp"

namespace {

using namespace aip;
using namespace aip::dataplane;

Address node(uint64_t n) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{n}); }

struct Counting final : LocalSink {
    void on_packet(PortIndex, const LinkAddress&, ByteView packet) override {
        AIP_ASSERT(aipacket::check_ipv6(packet) == aipacket::DropReason::kNone);
        ++delivered;
    }
    uint64_t delivered = 0;
};

// An IPv6 packet around the input; every 16 bytes of the list that start with 0xfd become a node's address.
Bytes shaped(ByteView input, uint8_t shape) {
    Bytes packet(40);
    packet.insert(packet.end(), input.begin(), input.end());
    packet[0] = 0x60;
    store_be16(&packet[4], static_cast<uint16_t>(input.size()));
    packet[6] = shape % 16 == 0 ? 60 : 43;
    packet[7] = shape;
    const Address source = node(2), destination = node(1 + shape % 2);
    std::copy(source.bytes.begin(), source.bytes.end(), packet.begin() + 8);
    std::copy(destination.bytes.begin(), destination.bytes.end(), packet.begin() + 24);
    for (size_t at = 48; at + 16 <= packet.size(); at += 16) {
        if (packet[at] != 0xfd) continue;
        const Address segment = node(packet[at + 1] % 4);
        std::copy(segment.bytes.begin(), segment.bytes.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return packet;
}

void walk(Bytes packet) {
    for (size_t steps = 0;; ++steps) {
        const auto header = parse_segments(packet);
        if (!header) return AIP_ASSERT(steps == 0);
        AIP_ASSERT(40 + header->bytes <= packet.size() && steps <= limits::kSegmentsMax);
        if (header->segments_left == 0) {
            const ByteView inner = without_segments(packet, *header);
            return AIP_ASSERT(inner.size() + header->bytes == packet.size());
        }
        next_segment(packet, *header);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1 || size > 1200) return 0;
    const Bytes packet = shaped(ByteView(data, size).subspan(1), data[0]);
    walk(packet);

    Dataplane dataplane(node(1));
    auto port = std::make_unique<MemoryPort>(MemoryPortConfig{.mtu = 1500, .queue_packets = 4, .buffers = 8});
    MemoryPort& link = *port;
    uint64_t sent = 0;
    const auto header = parse_segments(packet);
    link.set_sink([&](ByteView out, const LinkAddress&) {
        ++sent;
        AIP_ASSERT(aipacket::packet_destination(out) != node(1) && out.size() == packet.size());
        AIP_ASSERT(out[7] + 1 == packet[7]);
        if (header) AIP_ASSERT(out[43] <= packet[43]);
    });
    AIP_ASSERT(dataplane.add_port(std::move(port)).has_value());
    FibBuilder routes;
    for (uint64_t i = 1; i < 4; ++i) AIP_ASSERT(routes.add(InterfaceId{i}, {0, 1500, LinkAddress::everyone()}));
    dataplane.set_fib(routes.build());
    dataplane.set_steering_links({{0, LinkAddress::everyone()}});
    Counting sink;
    AIP_ASSERT(link.inject(packet, LinkAddress::everyone()));
    AIP_ASSERT(dataplane.poll(sink) == 1);
    uint64_t dropped = 0;
    for (size_t i = 1; i < kDropReasons; ++i) dropped += dataplane.dropped(static_cast<DropReason>(i));
    AIP_ASSERT(sent + sink.delivered + dropped == 1);
    AIP_ASSERT(header || sink.delivered == 0 || packet[6] != 43);
    return 0;
}
