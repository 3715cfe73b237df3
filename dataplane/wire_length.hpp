// Was this packet cut on the way? What every port asks of what it receives: links cut silently (af_packet at its frame
// size, a socket at the buffer's), and Ethernet pads. Says nothing about packets that are not IPv6.
#pragma once

#include "aipacket/wire.hpp"

namespace aip::dataplane {

inline bool is_cut(ByteView packet) { return aipacket::check_ipv6(packet) == aipacket::DropReason::kTruncated; }

// How long the packet says it is; `packet` holds an IPv6 header.
inline size_t ipv6_length(ByteView packet) { return aipacket::kIpv6HeaderBytes + load_be16(&packet[4]); }

}  // namespace aip::dataplane
