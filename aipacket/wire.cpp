#include "aipacket/wire.hpp"

#include <cstddef>

#include "aipacket/ipv6.hpp"
#include "base/assert.hpp"
#include "base/crc32c.hpp"

namespace aip::aipacket {
namespace {

// Offsets from the start of the packet.
namespace at {
constexpr size_t kPayloadLength = 4;  // IPv6
constexpr size_t kNextHeader = 6;
constexpr size_t kHopLimit = 7;
constexpr size_t kSource = 8;
constexpr size_t kDestination = 24;
constexpr size_t kUdp = kIpv6HeaderBytes;
constexpr size_t kUdpChecksum = kUdp + 6;
constexpr size_t kAi = kUdp + kUdpHeaderBytes;
constexpr size_t kAiPayloadLength = kAi + 4;
constexpr size_t kAiEpoch = kAi + 6;
constexpr size_t kAiTransfer = kAi + 8;
constexpr size_t kAiSymbol = kAi + 16;
constexpr size_t kAiPacketNumber = kAi + 20;
constexpr size_t kAiLife = kAi + 24;
constexpr size_t kAiCrc = kAi + 28;
}  // namespace at

static_assert(kPacketOverhead == 80 && at::kAi == 48 && at::kAiCrc + 4 == kPacketOverhead);
static_assert(at::kDestination + 16 == kIpv6HeaderBytes && at::kSource + 16 == at::kDestination);

constexpr size_t kLengthsMin = kUdpHeaderBytes + kAiHeaderBytes;

uint32_t packet_crc(ByteView packet) {
    static constexpr uint8_t kZero[4] = {};
    uint32_t crc = crc32c(packet.subspan(at::kSource, 32));
    crc = crc32c(packet.subspan(at::kAi, at::kAiCrc - at::kAi), crc);
    crc = crc32c(kZero, crc);
    return crc32c(packet.subspan(kPacketOverhead), crc);
}

uint32_t flow_label(uint64_t transfer) {
    return static_cast<uint32_t>(transfer ^ (transfer >> 20) ^ (transfer >> 40)) & 0xfffff;
}

DropReason check_udp(ByteView packet) {
    if (packet[at::kNextHeader] != kProtocolUdp) return DropReason::kNotOurs;
    const size_t ip_payload = load_be16(&packet[at::kPayloadLength]);
    if (ip_payload < kUdpHeaderBytes) return DropReason::kTruncated;
    if (load_be16(&packet[at::kUdp]) != kUdpPort || load_be16(&packet[at::kUdp + 2]) != kUdpPort) {
        return DropReason::kNotOurs;
    }
    if (load_be16(&packet[at::kUdp + 4]) != ip_payload) return DropReason::kLengthMismatch;
    if (ip_payload < kLengthsMin) return DropReason::kTruncated;
    if (load_be16(&packet[at::kUdpChecksum]) == 0) return DropReason::kBadChecksum;  // RFC 8200 section 8.1
    return upper_checksum(packet, kProtocolUdp) == 0 ? DropReason::kNone : DropReason::kBadChecksum;
}

DropReason check_ai(ByteView packet) {
    const ByteView ai = packet.subspan(at::kAi);
    if (ai[0] != kVersion) return DropReason::kBadVersion;
    if (ai[3] != kAiHeaderBytes) return DropReason::kBadHeaderLength;
    if (load_be16(&packet[at::kAiPayloadLength]) != packet.size() - kPacketOverhead) return DropReason::kLengthMismatch;
    if (load_be32(&packet[at::kAiCrc]) != packet_crc(packet)) return DropReason::kBadCrc;
    if (ai[1] == 0 || ai[1] > kKindMax) return DropReason::kUnknownKind;
    const bool of_transfer = ai[1] >= static_cast<uint8_t>(Kind::kOffer);
    if (ai[2] != 0 || (!of_transfer && load_be32(&packet[at::kAiLife]) != 0)) return DropReason::kReservedBits;
    return DropReason::kNone;
}

Address address_at(ByteView packet, size_t offset) {
    Address address;
    std::memcpy(address.bytes.data(), packet.data() + offset, address.bytes.size());
    return address;
}

void write_ai(uint8_t* ai, const Header& header, size_t payload_bytes) {
    ai[0] = kVersion;
    ai[1] = static_cast<uint8_t>(header.kind);
    ai[2] = 0;
    ai[3] = kAiHeaderBytes;
    store_be16(ai + 4, static_cast<uint16_t>(payload_bytes));
    store_be16(ai + 6, header.epoch);
    store_be64(ai + 8, header.transfer);
    store_be32(ai + 16, header.symbol);
    store_be32(ai + 20, header.packet_number);
    store_be32(ai + 24, header.life);
    store_be32(ai + 28, 0);
}

}  // namespace

DropReason check_ipv6(ByteView packet) {
    if (packet.empty()) return DropReason::kTruncated;
    if ((packet[0] >> 4) != 6) return DropReason::kBadIpVersion;
    if (packet.size() < kIpv6HeaderBytes) return DropReason::kTruncated;
    const size_t length = kIpv6HeaderBytes + load_be16(&packet[at::kPayloadLength]);
    if (packet.size() < length) return DropReason::kTruncated;
    return packet.size() > length ? DropReason::kTrailingBytes : DropReason::kNone;
}

DropReason decode(ByteView packet, PacketView& out) {
    DropReason reason = check_ipv6(packet);
    if (reason == DropReason::kNone) reason = check_udp(packet);
    if (reason == DropReason::kNone) reason = check_ai(packet);
    if (reason != DropReason::kNone) return reason;
    out.source = address_at(packet, at::kSource);
    out.destination = address_at(packet, at::kDestination);
    out.hop_limit = packet[at::kHopLimit];
    out.header.kind = static_cast<Kind>(packet[at::kAi + 1]);
    out.header.epoch = load_be16(&packet[at::kAiEpoch]);
    out.header.transfer = load_be64(&packet[at::kAiTransfer]);
    out.header.symbol = load_be32(&packet[at::kAiSymbol]);
    out.header.packet_number = load_be32(&packet[at::kAiPacketNumber]);
    out.header.life = load_be32(&packet[at::kAiLife]);
    out.payload = packet.subspan(kPacketOverhead);
    return DropReason::kNone;
}

size_t encode(MutableBytes packet, const Endpoints& ends, const Header& header, size_t payload_bytes) {
    const size_t length = kPacketOverhead + payload_bytes;
    AIP_ASSERT(payload_bytes <= kPayloadBytesMax && packet.size() >= length);
    uint8_t* p = packet.data();
    const auto udp_length = static_cast<uint16_t>(length - kIpv6HeaderBytes);
    store_be32(p, 0x60000000u | flow_label(header.transfer));
    store_be16(p + at::kPayloadLength, udp_length);
    p[at::kNextHeader] = kProtocolUdp;
    p[at::kHopLimit] = ends.hop_limit;
    std::memcpy(p + at::kSource, ends.source.bytes.data(), 16);
    std::memcpy(p + at::kDestination, ends.destination.bytes.data(), 16);
    store_be16(p + at::kUdp, kUdpPort);
    store_be16(p + at::kUdp + 2, kUdpPort);
    store_be16(p + at::kUdp + 4, udp_length);
    store_be16(p + at::kUdpChecksum, 0);
    write_ai(p + at::kAi, header, payload_bytes);
    const ByteView whole = packet.first(length);
    store_be32(p + at::kAiCrc, packet_crc(whole));
    store_be16(p + at::kUdpChecksum, never_zero(upper_checksum(whole, kProtocolUdp)));
    return length;
}

Address packet_destination(ByteView packet) { return address_at(packet, at::kDestination); }
Address packet_source(ByteView packet) { return address_at(packet, at::kSource); }

DropReason decrement_hop_limit(MutableBytes packet) {
    if (packet[at::kHopLimit] <= 1) return DropReason::kHopLimit;
    --packet[at::kHopLimit];
    return DropReason::kNone;
}

std::string_view kind_name(Kind kind) {
    static constexpr std::string_view kNames[] = {"none",   "introduction", "interest", "gossip", "query",
                                                  "offer",  "accept",       "symbol",   "ack",    "receipt",
                                                  "cancel", "news",         "join",     "task",   "witness"};
    static_assert(std::size(kNames) == kKindMax + 1);
    const auto i = static_cast<size_t>(kind);
    return i < std::size(kNames) ? kNames[i] : "unknown";
}

std::string_view drop_reason_name(DropReason reason) {
    static constexpr std::string_view kNames[] = {
        "none",         "truncated",   "bad-ip-version",    "not-ours",      "trailing-bytes", "length-mismatch",
        "bad-checksum", "bad-version", "bad-header-length", "reserved-bits", "unknown-kind",   "bad-crc",
        "hop-limit"};
    static_assert(std::size(kNames) == kDropReasons);
    const auto i = static_cast<size_t>(reason);
    return i < std::size(kNames) ? kNames[i] : "unknown";
}

}  // namespace aip::aipacket
