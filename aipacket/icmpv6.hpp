// The ICMPv6 messages a node reads and writes (RFC 4443, RFC 4861; rfc/0011): echoes, errors with the packet they are
// about, and the two of Neighbor Discovery that answer "which link address has this IPv6 address?". Bodies only, what
// stands after the checksum; ipv6.hpp puts the headers before them.
//
// Invariant: a reader gives nothing for what the RFC tells a receiver to drop in silence. Pure functions, no
// allocation: any thread.
#pragma once

#include <optional>

#include "aipacket/ipv6.hpp"

namespace aip::aipacket {

namespace icmpv6 {
inline constexpr uint8_t kUnreachable = 1;
inline constexpr uint8_t kTooBig = 2;
inline constexpr uint8_t kTimeExceeded = 3;
inline constexpr uint8_t kEchoRequest = 128;
inline constexpr uint8_t kEchoReply = 129;
inline constexpr uint8_t kNeighbourSolicitation = 135;
inline constexpr uint8_t kNeighbourAdvertisement = 136;
inline constexpr uint8_t kRedirect = 137;
}  // namespace icmpv6

// Neighbor Discovery. What its sender could not have sent from this link (hop limit below 255) counts as broken.
inline constexpr uint8_t kOnLinkHopLimit = 255;
inline constexpr size_t kAdvertisementBytes = 28;

std::optional<Address> solicited_target(const Icmpv6View& message);   // of a valid neighbour solicitation
std::optional<Address> advertised_target(const Icmpv6View& message);  // of a valid neighbour advertisement
// Flags: router, override, and solicited if someone in particular asked.
void write_advertisement(MutableBytes body, const Address& target, bool solicited, std::span<const uint8_t, 6> mac);

// Errors. The packet they are about is cut to what fits the smallest link.
inline constexpr size_t kErrorPacketMax = 1280;
size_t write_error(MutableBytes body, uint32_t parameter, ByteView about);  // length of the body
uint32_t error_parameter(const Icmpv6View& error);                          // the mtu of packet-too-big

struct Quoted {
    Address source;
    Address destination;
    uint8_t protocol = 0;  // what stands right after the IPv6 header
    ByteView rest;         // of the packet, as far as it was quoted
};
std::optional<Quoted> quoted_packet(const Icmpv6View& error);

// False for errors and redirects, for what might be one and cannot be told (a later fragment, too many extension
// headers), for multicast and for packets without a source (RFC 4443 section 2.4 e). `packet` passed check_ipv6.
bool may_cause_error(ByteView packet);

// Echo requests and replies.
struct Echo {
    uint16_t identifier = 0;
    uint16_t sequence = 0;
    ByteView data;
};
inline constexpr size_t kEchoHeaderBytes = 4;
std::optional<Echo> read_echo(ByteView body);
size_t write_echo(MutableBytes body, const Echo& echo);

}  // namespace aip::aipacket
