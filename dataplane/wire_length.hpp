// Was this packet cut on the way? What every port asks of what it receives: links cut silently (af_packet at its frame
// size, a socket at the buffer's). Says nothing about packets that are not IPv6.
#pragma once

#include "aipacket/wire.hpp"

namespace aip::dataplane {

inline bool is_cut(ByteView packet) { return aipacket::check_ipv6(packet) == aipacket::DropReason::kTruncated; }

}  // namespace aip::dataplane
