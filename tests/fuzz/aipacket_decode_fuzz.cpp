// Any bytes as a packet, and as the payload of a message: no crash; what is accepted writes itself again unchanged.
#include <algorithm>

#include "aipacket/messages.hpp"
#include "aipacket/wire.hpp"
#include "base/assert.hpp"

using namespace aip;
using namespace aip::aipacket;

namespace {

void check_packet(ByteView packet) {
    PacketView view;
    if (decode(packet, view) != DropReason::kNone) return;
    AIP_ASSERT(check_ipv6(packet) == DropReason::kNone && view.wire_bytes() == packet.size());
    Bytes again(packet.begin(), packet.end());
    encode(again, {view.source, view.destination, view.hop_limit}, view.header, view.payload.size());
    AIP_ASSERT(std::memcmp(again.data() + 4, packet.data() + 4, packet.size() - 4) == 0);
}

void check_messages(ByteView payload) {
    Bytes room(payload.size() + kControlPayloadMax);
    if (const auto message = parse_accept(payload)) {
        AIP_ASSERT(write_accept(room, *message) == payload.size());
        AIP_ASSERT(std::equal(payload.begin(), payload.end(), room.begin()));
    }
    if (const auto message = parse_ack(payload)) {
        AIP_ASSERT(write_ack(room, *message) == payload.size());
        AIP_ASSERT(std::equal(payload.begin(), payload.end(), room.begin()));
    }
    if (const auto message = parse_cancel(payload)) AIP_ASSERT(write_cancel(room, *message) == payload.size());
}

// The same bytes with lengths and sums put right, so that the fuzzer gets past them.
void check_mended(ByteView input) {
    if (input.size() < kPacketOverhead || input.size() > 65'575) return;
    Bytes packet(input.begin(), input.end());
    const Header header{
        static_cast<Kind>(5 + packet[0] % (kKindMax - 4)), 1, load_be64(&packet[8]), load_be32(&packet[16]), 7, 8};
    encode(packet, {}, header, packet.size() - kPacketOverhead);
    PacketView view;
    AIP_ASSERT(decode(packet, view) == DropReason::kNone && view.header == header);
    packet[packet[1] % kPacketOverhead] ^= packet[2];
    check_packet(packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    check_packet({data, size});
    check_messages({data, size});
    check_mended({data, size});
    return 0;
}
