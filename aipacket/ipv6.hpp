// IPv6 with UDP or ICMPv6 behind it, for what a node says that is no AI packet: Babel, Neighbor Discovery, echoes and
// errors (rfc/0011). AI packets have their own header (wire.hpp) and share the checksum.
//
// Invariant: decode_udp() and decode_icmpv6() accept a packet only if every length agrees, nothing follows, and the
// checksum is right; extension headers are not walked: such a packet is kNotOurs.
//
// Sending is without a copy: put the payload at kUdpPayload or kIcmpv6Body, then encode_*() writes what stands before.
// No allocation, no strings, no state: any thread.
#pragma once

#include "aipacket/wire.hpp"

namespace aip::aipacket {

inline constexpr uint8_t kProtocolUdp = 17;
inline constexpr uint8_t kProtocolIcmpv6 = 58;
inline constexpr size_t kIcmpv6HeaderBytes = 4;  // type, code, checksum
inline constexpr size_t kUdpPayload = kIpv6HeaderBytes + kUdpHeaderBytes;
inline constexpr size_t kIcmpv6Body = kIpv6HeaderBytes + kIcmpv6HeaderBytes;

// Of a packet that passed check_ipv6.
uint8_t next_header(ByteView packet);
uint8_t hop_limit(ByteView packet);

struct UdpView {
    Address source;
    Address destination;
    uint16_t source_port = 0;
    uint16_t destination_port = 0;
    ByteView payload;  // borrows from the packet
};

// A kernel at the other end of a virtual Ethernet may leave the sum over the payload to a card that is not there
// (CHECKSUM_PARTIAL): the field then holds the sum over the pseudo header, not complemented. Such a packet has not
// crossed a wire. Allow it only for link-local packets of an Ethernet port.
enum class ChecksumRule : uint8_t { kComplete, kCompleteOrPartial };

[[nodiscard]] DropReason decode_udp(ByteView packet, ChecksumRule rule, UdpView& out);

struct UdpPorts {
    uint16_t source = 0;
    uint16_t destination = 0;
};

// `payload_bytes` already stand at kUdpPayload; returns the packet's length. `packet` must hold it.
size_t encode_udp(MutableBytes packet, const Endpoints& ends, UdpPorts ports, size_t payload_bytes);

struct Icmpv6View {
    Address source;
    Address destination;
    uint8_t hop_limit = 0;
    uint8_t type = 0;
    uint8_t code = 0;
    ByteView body;  // after the checksum; borrows from the packet

    bool is_error() const { return type < 128; }
};

[[nodiscard]] DropReason decode_icmpv6(ByteView packet, Icmpv6View& out);
// `body_bytes` already stand at kIcmpv6Body; returns the packet's length. `packet` must hold it.
size_t encode_icmpv6(MutableBytes packet, const Endpoints& ends, uint8_t type, uint8_t code, size_t body_bytes);

// The Internet checksum over the pseudo header of IPv6 and what follows the IPv6 header (RFC 8200 section 8.1), its
// checksum field counted as it stands: 0 over a packet whose field is right. `packet` passed check_ipv6.
uint16_t upper_checksum(ByteView packet, uint8_t protocol);
// For UDP, where a field of 0 means none.
inline uint16_t never_zero(uint16_t checksum) { return checksum == 0 ? 0xffff : checksum; }

}  // namespace aip::aipacket
