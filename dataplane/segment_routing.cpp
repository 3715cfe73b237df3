#include "dataplane/segment_routing.hpp"

#include <algorithm>

#include "aipacket/wire.hpp"
#include "base/assert.hpp"

namespace aip::dataplane {
namespace {

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kDestinationOptions = 60;
constexpr uint8_t kTypeSegments = 4;  // RFC 8754
constexpr uint8_t kPad1 = 0;          // the TLV of one byte
constexpr int kOptionHeadersMax = 4;  // before a routing header

constexpr size_t kPayloadLength = 4;
constexpr size_t kNextHeader = 6;
constexpr size_t kDestination = 24;
constexpr size_t kHeader = aipacket::kIpv6HeaderBytes;
constexpr size_t kSegmentsLeft = kHeader + 3;
constexpr size_t kLastEntry = kHeader + 4;
constexpr size_t kList = kHeader + 8;

size_t extension_bytes(ByteView header) { return 8 + 8 * size_t{header[1]}; }

bool are_tlvs_whole(ByteView tlvs) {
    Reader reader(tlvs);
    while (reader.remaining() > 0 && !reader.failed()) {
        if (reader.u8() != kPad1) reader.skip(reader.u8());
    }
    return !reader.failed();
}

}  // namespace

bool has_routing_header(ByteView packet) {
    uint8_t next = packet[kNextHeader];
    size_t at = kHeader;
    for (int headers = 0; headers <= kOptionHeadersMax; ++headers) {
        if (next == kRouting) return true;
        if (next != kHopByHop && next != kDestinationOptions) return false;
        if (packet.size() < at + 8) return false;
        next = packet[at];
        at += extension_bytes(packet.subspan(at));
    }
    return true;
}

std::optional<SegmentHeader> parse_segments(ByteView packet) {
    if (packet[kNextHeader] != kRouting || packet.size() < kList || packet[kHeader + 2] != kTypeSegments)
        return std::nullopt;
    SegmentHeader header;
    header.bytes = extension_bytes(packet.subspan(kHeader));
    header.next_header = packet[kHeader];
    header.segments_left = packet[kSegmentsLeft];
    const size_t segments = size_t{packet[kLastEntry]} + 1;
    if (segments > limits::kSegmentsMax || header.segments_left > segments) return std::nullopt;
    if (header.bytes > packet.size() - kHeader || segment_header_bytes(segments) > header.bytes) return std::nullopt;
    header.segments = static_cast<uint8_t>(segments);
    const size_t tlvs = segment_header_bytes(segments);
    if (!are_tlvs_whole(packet.subspan(kHeader + tlvs, header.bytes - tlvs))) return std::nullopt;
    return header;
}

Address segment_at(ByteView packet, size_t entry) { return *Address::from(packet.subspan(kList + 16 * entry, 16)); }

void next_segment(MutableBytes packet, const SegmentHeader& header) {
    AIP_ASSERT(header.segments_left > 0 && header.segments_left <= header.segments);
    const uint8_t left = --packet[kSegmentsLeft];
    std::memcpy(&packet[kDestination], &packet[kList + size_t{16} * left], 16);
}

ByteView without_segments(MutableBytes packet, const SegmentHeader& header) {
    std::memmove(&packet[header.bytes], packet.data(), kHeader);
    const MutableBytes rest = packet.subspan(header.bytes);
    rest[kNextHeader] = header.next_header;
    store_be16(&rest[kPayloadLength], static_cast<uint16_t>(rest.size() - kHeader));
    return rest;
}

bool insert_segments(Packet& packet, std::span<const Address> via) {
    AIP_ASSERT(!via.empty() && via.size() < limits::kSegmentsMax && packet.size() >= kHeader);
    const size_t segments = via.size() + 1;
    const size_t bytes = segment_header_bytes(segments);
    const size_t payload = packet.size() - kHeader;
    if (packet.capacity() - packet.size() < bytes || payload + bytes > UINT16_MAX) return false;
    packet.set_size(packet.size() + bytes);
    uint8_t* const p = packet.data();
    std::memmove(p + kHeader + bytes, p + kHeader, payload);
    p[kHeader] = p[kNextHeader];
    p[kHeader + 1] = static_cast<uint8_t>(bytes / 8 - 1);
    p[kHeader + 2] = kTypeSegments;
    p[kSegmentsLeft] = p[kLastEntry] = static_cast<uint8_t>(segments - 1);
    std::memset(p + kLastEntry + 1, 0, 3);  // flags, tag
    std::memcpy(p + kList, p + kDestination, 16);
    for (size_t i = 0; i < via.size(); ++i) std::memcpy(p + kList + 16 * (segments - 1 - i), via[i].bytes.data(), 16);
    p[kNextHeader] = kRouting;
    store_be16(p + kPayloadLength, static_cast<uint16_t>(payload + bytes));
    std::memcpy(p + kDestination, via[0].bytes.data(), 16);
    return true;
}

}  // namespace aip::dataplane
