#include "aipacket/ipv6.hpp"

#include "base/assert.hpp"

namespace aip::aipacket {
namespace {

constexpr size_t kPayloadLength = 4;
constexpr size_t kNextHeader = 6;
constexpr size_t kHopLimit = 7;
constexpr size_t kSource = 8;
constexpr size_t kDestination = 24;
constexpr size_t kUpper = kIpv6HeaderBytes;
constexpr size_t kUdpLength = kUpper + 4;
constexpr size_t kUdpChecksum = kUpper + 6;
constexpr size_t kIcmpv6Checksum = kUpper + 2;

// One's complement sum of 16-bit words, in the machine's own byte order (RFC 1071 section 2B).
uint64_t add_words(ByteView bytes, uint64_t sum) {
    const uint8_t* p = bytes.data();
    size_t n = bytes.size();
    for (; n >= 4; n -= 4, p += 4) {
        uint32_t word;
        std::memcpy(&word, p, 4);
        sum += word;
    }
    uint8_t rest[4] = {};
    if (n > 0) std::memcpy(rest, p, n);
    uint32_t word;
    std::memcpy(&word, rest, 4);
    return sum + word;
}

uint16_t fold(uint64_t sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    const auto folded = static_cast<uint16_t>(sum);
    uint8_t in_order[2];
    std::memcpy(in_order, &folded, 2);
    return load_be16(in_order);
}

uint64_t add_pseudo_header(ByteView packet, uint8_t protocol) {
    uint8_t tail[8];
    store_be32(tail, static_cast<uint32_t>(packet.size() - kUpper));
    store_be32(tail + 4, protocol);
    return add_words(tail, add_words(packet.subspan(kSource, 32), 0));
}

bool is_checksum_good(ByteView packet, ChecksumRule rule) {
    const uint16_t field = load_be16(&packet[kUdpChecksum]);
    if (rule == ChecksumRule::kCompleteOrPartial && field == fold(add_pseudo_header(packet, kProtocolUdp))) return true;
    return field != 0 && upper_checksum(packet, kProtocolUdp) == 0;
}

void write_ipv6(uint8_t* p, const Endpoints& ends, uint8_t protocol, size_t upper_bytes) {
    store_be32(p, 0x60000000u);
    store_be16(p + kPayloadLength, static_cast<uint16_t>(upper_bytes));
    p[kNextHeader] = protocol;
    p[kHopLimit] = ends.hop_limit;
    std::memcpy(p + kSource, ends.source.bytes.data(), 16);
    std::memcpy(p + kDestination, ends.destination.bytes.data(), 16);
}

}  // namespace

uint8_t next_header(ByteView packet) { return packet[kNextHeader]; }
uint8_t hop_limit(ByteView packet) { return packet[kHopLimit]; }

uint16_t upper_checksum(ByteView packet, uint8_t protocol) {
    return static_cast<uint16_t>(~fold(add_words(packet.subspan(kUpper), add_pseudo_header(packet, protocol))));
}

DropReason decode_udp(ByteView packet, ChecksumRule rule, UdpView& out) {
    if (const DropReason reason = check_ipv6(packet); reason != DropReason::kNone) return reason;
    if (next_header(packet) != kProtocolUdp) return DropReason::kNotOurs;
    if (packet.size() < kUdpPayload) return DropReason::kTruncated;
    if (load_be16(&packet[kUdpLength]) != packet.size() - kUpper) return DropReason::kLengthMismatch;
    if (!is_checksum_good(packet, rule)) return DropReason::kBadChecksum;
    out.source = packet_source(packet);
    out.destination = packet_destination(packet);
    out.source_port = load_be16(&packet[kUpper]);
    out.destination_port = load_be16(&packet[kUpper + 2]);
    out.payload = packet.subspan(kUdpPayload);
    return DropReason::kNone;
}

size_t encode_udp(MutableBytes packet, const Endpoints& ends, UdpPorts ports, size_t payload_bytes) {
    const size_t length = kUdpPayload + payload_bytes;
    const size_t udp_bytes = length - kUpper;
    AIP_ASSERT(packet.size() >= length && udp_bytes <= UINT16_MAX);
    uint8_t* const p = packet.data();
    write_ipv6(p, ends, kProtocolUdp, udp_bytes);
    store_be16(p + kUpper, ports.source);
    store_be16(p + kUpper + 2, ports.destination);
    store_be16(p + kUdpLength, static_cast<uint16_t>(udp_bytes));
    store_be16(p + kUdpChecksum, 0);
    store_be16(p + kUdpChecksum, never_zero(upper_checksum(packet.first(length), kProtocolUdp)));
    return length;
}

DropReason decode_icmpv6(ByteView packet, Icmpv6View& out) {
    if (const DropReason reason = check_ipv6(packet); reason != DropReason::kNone) return reason;
    if (next_header(packet) != kProtocolIcmpv6) return DropReason::kNotOurs;
    if (packet.size() < kIcmpv6Body) return DropReason::kTruncated;
    if (upper_checksum(packet, kProtocolIcmpv6) != 0) return DropReason::kBadChecksum;
    out.source = packet_source(packet);
    out.destination = packet_destination(packet);
    out.hop_limit = hop_limit(packet);
    out.type = packet[kUpper];
    out.code = packet[kUpper + 1];
    out.body = packet.subspan(kIcmpv6Body);
    return DropReason::kNone;
}

size_t encode_icmpv6(MutableBytes packet, const Endpoints& ends, uint8_t type, uint8_t code, size_t body_bytes) {
    const size_t length = kIcmpv6Body + body_bytes;
    AIP_ASSERT(packet.size() >= length && length - kUpper <= UINT16_MAX);
    uint8_t* const p = packet.data();
    write_ipv6(p, ends, kProtocolIcmpv6, length - kUpper);
    p[kUpper] = type;
    p[kUpper + 1] = code;
    store_be16(p + kIcmpv6Checksum, 0);
    store_be16(p + kIcmpv6Checksum, upper_checksum(packet.first(length), kProtocolIcmpv6));
    return length;
}

}  // namespace aip::aipacket
