// A Babel speaker and three neighbours that say anything, in any order and at any time. What is selected is feasible,
// what comes out can be read, and time always goes on.
#include <algorithm>

#include "base/assert.hpp"
#include "routing/babel/speaker.hpp"

using namespace aip;
using namespace aip::routing::babel;

namespace {

constexpr uint16_t kPort = 3;

Address node(uint64_t id) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{id}); }

dataplane::LinkAddress link_of(uint8_t n) {
    const std::array<uint8_t, 6> mac{2, 0, 0, 0, 0, n};
    return dataplane::LinkAddress::mac(mac);
}

// A length, and as much as there is of it.
ByteView take(Reader& in) {
    const size_t length = in.u8();
    return in.view(std::min(length, in.remaining()));
}

void check(Speaker& speaker, Instant now) {
    for (const PacketOut& packet : speaker.poll(now))
        AIP_ASSERT(parse_packet(packet.payload, [](const Tlv&) {}) == ParseResult::kGood);
    AIP_ASSERT(speaker.next_wakeup() > now);
    for (const RouteView& route : speaker.selected())
        AIP_ASSERT(route.feasible && route.metric < kInfinity && route.metric > route.advertised_metric);
}

}  // namespace

// Chunks: who (2 bits), how much later (6 bits, steps of 40 ms), length, then the TLVs of a packet.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    SeededRng rng(1);
    SpeakerOptions options;
    options.self = node(1);
    Speaker speaker(options, rng);
    InterfaceOptions interface;
    interface.hello_interval = Duration::milliseconds(200);
    Instant now = Instant::from_ns(1'000'000'000);
    speaker.add_interface(kPort, interface, now);
    for (Reader in({data, size}); in.remaining() >= 2;) {
        const uint8_t what = in.u8();
        const ByteView tlvs = take(in);
        for (const Instant then = now + Duration::milliseconds(40 * (what >> 2));;) {
            now = std::min(std::max(now, speaker.next_wakeup()), then);
            check(speaker, now);
            if (now == then) break;
        }
        const auto who = static_cast<uint8_t>(2 + (what & 3));
        Bytes packet{42, 2, 0, static_cast<uint8_t>(tlvs.size())};
        packet.insert(packet.end(), tlvs.begin(), tlvs.end());
        const Address from = Address::link_local(InterfaceId{who});
        if (who == 5) {
            speaker.drop_neighbour(kPort, Address::link_local(InterfaceId{2}), now);
        } else {
            static_cast<void>(speaker.on_packet(kPort, link_of(who), from, kGroup, packet, now));
        }
        check(speaker, now);
    }
    return 0;
}
