// A Babel packet from anybody on the link: read, written again and read again; and as a packet with a MAC, from a
// stranger, from one who holds the key, and as an answer to a challenge.
#include <algorithm>

#include "base/assert.hpp"
#include "routing/babel/mac.hpp"
#include "routing/babel/packet.hpp"

using namespace aip;
using namespace aip::routing::babel;

namespace {

// What can be written again: no IPv4 routes, and no retraction that says it comes again at once.
std::vector<Tlv> read(ByteView packet) {
    std::vector<Tlv> tlvs;
    static_cast<void>(parse_packet(packet, [&tlvs](const Tlv& tlv) {
        const auto* update = std::get_if<UpdateTlv>(&tlv);
        if (update == nullptr || (!update->prefix.is_ipv4 && update->interval > Duration())) tlvs.push_back(tlv);
    }));
    return tlvs;
}

void write_and_read_again(const std::vector<Tlv>& tlvs) {
    PacketWriter writer(1024);
    std::vector<Tlv> again;
    const auto finish = [&] {
        for (const Tlv& tlv : read(writer.finish())) again.push_back(tlv);
    };
    for (const Tlv& tlv : tlvs) {
        if (writer.add(tlv)) continue;
        finish();
        AIP_ASSERT(writer.add(tlv));
    }
    finish();
    AIP_ASSERT(again == tlvs);
}

void authenticate(ByteView input) {
    static const MacKey key(32, 1);
    const Address a{{0xfe, 0x80, 1}}, b{{0xfe, 0x80, 2}};
    SeededRng rng(1);
    Authenticator ours({key}, rng), theirs({key}, rng);
    const Instant now;
    AIP_ASSERT(ours.check(input, {a, b}, now) != Authenticator::Verdict::kGood);
    if (input.size() > 1024) return;
    Bytes packet{42, 2};
    Writer(packet).u16(static_cast<uint16_t>(input.size())).put(input);
    const auto verdict = ours.check(theirs.protect(packet, {a, b}), {a, b}, now);
    AIP_ASSERT(verdict != Authenticator::Verdict::kGood);
    for (const auto& answer : ours.take_answers(b)) static_cast<void>(theirs.check(answer.packet, {b, a}, now));
    for (const auto& answer : theirs.take_answers(a)) static_cast<void>(ours.check(answer.packet, {a, b}, now));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteView input(data, size);
    write_and_read_again(read(input));
    authenticate(input);
    return 0;
}
