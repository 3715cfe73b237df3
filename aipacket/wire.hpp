// Every byte of an AI packet, and nothing else knows them (rfc/0001). A packet is a plain IPv6 packet:
//
//   0        40    48         80
//   | IPv6   | UDP | AI header | payload |        one UDP port, 41392 = 0xA1B0, as source and destination
//
// Invariant: decode() accepts a packet only if every length agrees with every other, nothing follows it, both the
// UDP checksum and the CRC-32C (which also covers the addresses) are right, and every reserved bit is zero. The hop
// limit is in neither sum, so a hop may decrement it in place.
//
// Sending is without a copy: put the payload at offset kPacketOverhead, then encode() writes the headers before it.
// No allocation, no strings, no state: any thread. Sealing is not here yet; a segment routing
// header is taken out before decode() (rfc/0012).
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/ids.hpp"

namespace aip::aipacket {

inline constexpr uint16_t kUdpPort = 0xa1b0;
inline constexpr uint8_t kVersion = 1;
inline constexpr size_t kIpv6HeaderBytes = 40;
inline constexpr size_t kUdpHeaderBytes = 8;
inline constexpr size_t kAiHeaderBytes = 32;
inline constexpr size_t kPacketOverhead = kIpv6HeaderBytes + kUdpHeaderBytes + kAiHeaderBytes;
inline constexpr size_t kPayloadBytesMax = 65'535 - kUdpHeaderBytes - kAiHeaderBytes;
inline constexpr uint8_t kHopLimitDefault = 64;

enum class Kind : uint8_t {
    kIntroduction = 1,  // neighbour to neighbour (routing)
    kInterest = 2,      // signed interest records (routing)
    kGossip = 3,        // which of them there are, and which are wanted (routing)
    kQuery = 4,         // asks for records (routing)
    kOffer = 5,         // sender: here is a transfer; symbol = life of the sender, epoch = newest epoch it has taken
    kAccept = 6,        // receiver: send me this; symbol = part number
    kSymbol = 7,        // sender: one piece of a head or block; symbol = its index in the epoch
    kAck = 8,           // receiver: symbol = first one it lacks
    kReceipt = 9,       // receiver: all of it is durable here
    kCancel = 10,       // either: over
    kNews = 11,         // where a journey is (node)
    kJoin = 12,         // how a node becomes the peer of another on a tunnel (routing)
    kTask = 13,         // task records, and who has which (routing)
    kWitness = 14,      // checkpoints of ledgers: cosigned, compared (node)
};
inline constexpr uint8_t kKindMax = 14;
std::string_view kind_name(Kind kind);

// The fields of the AI header that a caller chooses; the others follow from the packet.
struct Header {
    Kind kind = Kind::kIntroduction;
    uint16_t epoch = 0;
    uint64_t transfer = 0;
    uint32_t symbol = 0;
    uint32_t packet_number = 0;
    uint32_t life = 0;  // of the receiver that opened the epoch; 0 if there is none

    bool operator==(const Header&) const = default;
};

struct PacketView {
    Address source;
    Address destination;
    uint8_t hop_limit = 0;
    Header header;
    ByteView payload;  // borrows from the packet

    size_t wire_bytes() const { return kPacketOverhead + payload.size(); }
};

enum class DropReason : uint8_t {
    kNone = 0,
    kTruncated,       // shorter than its headers or than its IPv6 length says
    kBadIpVersion,    // not IPv6
    kNotOurs,         // not UDP, or not our port
    kTrailingBytes,   // longer than its IPv6 length says
    kLengthMismatch,  // IPv6, UDP and AI lengths contradict each other
    kBadChecksum,     // UDP
    kBadVersion,      // AI header of another version
    kBadHeaderLength,
    kReservedBits,  // flags, or a life where there is no transfer
    kUnknownKind,
    kBadCrc,
    kHopLimit,  // may not be forwarded any more
};
inline constexpr size_t kDropReasons = 13;
std::string_view drop_reason_name(DropReason reason);

// `packet` starts at the IPv6 header and ends with the packet.
[[nodiscard]] DropReason decode(ByteView packet, PacketView& out);

struct Endpoints {
    Address source;
    Address destination;
    uint8_t hop_limit = kHopLimitDefault;
};

// Writes the headers before the payload that already stands at packet[kPacketOverhead..]; returns the packet's length.
// `packet` must hold kPacketOverhead + payload_bytes, and payload_bytes <= kPayloadBytesMax.
size_t encode(MutableBytes packet, const Endpoints& ends, const Header& header, size_t payload_bytes);

// Forwarding. check_ipv6 looks at version and length only: a hop does not judge what it passes on.
[[nodiscard]] DropReason check_ipv6(ByteView packet);
Address packet_destination(ByteView packet);  // of a packet that passed check_ipv6
Address packet_source(ByteView packet);
[[nodiscard]] DropReason decrement_hop_limit(MutableBytes packet);  // kHopLimit: it would reach zero

}  // namespace aip::aipacket
