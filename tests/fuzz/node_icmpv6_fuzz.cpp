// Any ICMPv6, and any packet that cannot be forwarded, at a node's Icmp and Echo. Whatever comes: what the node sends
// is well formed and bounded by its buckets, no error answers an error, and no ping is answered by somebody who did not
// see the request.
#include <algorithm>

#include "base/crc32c.hpp"
#include "dataplane/memory_port.hpp"
#include "node/icmp.hpp"

namespace {

using namespace aip;
using dataplane::LinkAddress;
namespace icmpv6 = aipacket::icmpv6;

const NetworkId kNetwork{{1, 2, 3, 4, 5}};
const Address kSelf = Address::make(kNetwork, InterfaceId{1});
const Address kAsked = Address::make(kNetwork, InterfaceId{2});
const LinkAddress kMac = LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, 1});

struct Stage final : dataplane::LocalSink {
    explicit Stage(uint64_t seed) : rng(seed) {
        dataplane::MemoryPortConfig config;
        config.address = kMac;
        auto port = std::make_unique<dataplane::MemoryPort>(config);
        wire = port.get();
        wire->set_sink([this](ByteView packet, const LinkAddress&) { check(packet); });
        AIP_ASSERT(plane.add_port(std::move(port)).has_value());
        dataplane::FibBuilder routes;
        AIP_ASSERT(routes.add(kAsked.interface_id(), {0, 1280, kMac}));
        plane.set_fib(routes.build());
    }
    void on_packet(dataplane::PortIndex port, const LinkAddress& from, ByteView packet) override {
        icmp.on_packet(port, from, packet, now);
    }
    void on_undeliverable(dataplane::PortIndex port, const LinkAddress& from, ByteView packet,
                          dataplane::DropReason reason, uint32_t mtu) override {
        icmp.on_undeliverable(port, from, packet, reason, mtu, now);
    }
    void check(ByteView packet) {
        aipacket::Icmpv6View sent;
        AIP_ASSERT(aipacket::next_header(packet) != aipacket::kProtocolIcmpv6 ||
                   aipacket::decode_icmpv6(packet, sent) == aipacket::DropReason::kNone);
        if (packet[8] == 0xfd && aipacket::packet_source(packet) != kSelf) return;  // forwarded
        AIP_ASSERT(!sent.is_error() || aipacket::quoted_packet(sent));
        ++answers;
    }
    void receive(ByteView packet) {
        static_cast<void>(wire->inject(packet, kMac));
        static_cast<void>(plane.poll(*this));
    }

    Instant now = Instant::from_ns(1);
    SeededRng rng;
    dataplane::Dataplane plane{kSelf};
    dataplane::MemoryPort* wire = nullptr;
    node::Outbox outbox{plane, kSelf};
    node::Echo echo{kSelf, rng, outbox};
    node::Icmp icmp{plane, kSelf, outbox, echo};
    uint64_t answers = 0;
};

// The input behind an IPv6 header; mostly with a right ICMPv6 checksum, or little would pass the first check.
Bytes shaped(ByteView rest, uint8_t shape) {
    const Address sources[] = {
        kAsked, Address::make(kNetwork, InterfaceId{3}), Address::link_local(InterfaceId{9}), {}};
    const Address destinations[] = {kSelf, Address::link_local(InterfaceId{1}), kSelf.solicited_node_group(), kAsked,
                                    Address::make(kNetwork, InterfaceId{7})};
    aipacket::Endpoints ends;
    ends.source = sources[shape % std::size(sources)];
    ends.destination = destinations[shape % std::size(destinations)];
    ends.hop_limit = (shape & 0x40) != 0 ? 255 : 1;
    Bytes packet(aipacket::kIcmpv6Body + std::max<size_t>(rest.size(), 2));
    const size_t body = rest.size() > 2 ? rest.size() - 2 : 0;
    if (body > 0) std::copy(rest.begin() + 2, rest.end(), packet.begin() + aipacket::kIcmpv6Body);
    packet.resize(
        aipacket::encode_icmpv6(packet, ends, rest.empty() ? 0 : rest[0], rest.size() < 2 ? 0 : rest[1], body));
    if ((shape & 0x80) != 0 && !rest.empty()) packet[6] = rest[0];  // another next header
    return packet;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Stage stage(crc32c(ByteView(data, size)));  // a cookie found for one input is wrong for the next
    bool answered = false;
    node::EchoOrder order;
    order.count = 1;
    stage.echo.start(
        1, order, node::EchoPath{kAsked}, [](uint64_t, uint64_t, std::string_view) {},
        [&](const Result<Report>& report) { answered = report && report->rows[0][2] != Cell(int64_t{0}); }, stage.now);
    static_cast<void>(stage.echo.poll(stage.now));
    stage.plane.flush();

    Reader input(ByteView(data, size));
    uint64_t received = 0;
    while (input.remaining() > 3) {
        const uint8_t shape = input.u8();
        const size_t length = std::min<size_t>(input.u16() % 1500, input.remaining());
        stage.receive(shaped(input.view(length), shape));
        static_cast<void>(stage.echo.poll(stage.now));
        ++received;
    }
    AIP_ASSERT(stage.answers <= received + 1);
    stage.now = stage.now + node::kEchoPatience;
    static_cast<void>(stage.echo.poll(stage.now));
    AIP_ASSERT(!answered);  // the cookie has 64 bits
    AIP_ASSERT(stage.echo.next_wakeup() == Instant::never());
    return 0;
}
