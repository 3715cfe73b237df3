// Segment routing (RFC 8754, 8986; rfc/0012): a packet carries the nodes it is to pass in a header behind the IPv6 one.
// A node that is the destination takes itself off the list and sends the packet to the next one (the behaviour `End`);
// whoever is last removes the header and gets the packet as if it had come straight.
//
//   | IPv6 | routing header: type 4, segments left, the list in reverse order, TLVs | UDP ...
//
// Pure functions on one packet; who may steer and where the packet goes next is decided by the Dataplane. Invariant:
// nothing is written before parse_segments() has accepted the header. TLVs must be well formed and are ignored, the
// HMAC too: trust is in the neighbour the packet came from. The header must follow the IPv6 header directly.
// No allocation, no state: any thread.
#pragma once

#include <optional>
#include <span>

#include "base/ids.hpp"
#include "base/limits.hpp"
#include "dataplane/packet.hpp"

namespace aip::dataplane {

struct SegmentHeader {
    size_t bytes = 0;  // of the whole routing header
    uint8_t next_header = 0;
    uint8_t segments_left = 0;
    uint8_t segments = 0;  // in the list
};

constexpr size_t segment_header_bytes(size_t segments) { return 8 + 16 * segments; }

// All take a packet that passed check_ipv6.

// Is there a routing header of any type, hop-by-hop and destination options passed over? Says yes to what hides too
// deep.
bool has_routing_header(ByteView packet);
// Nothing: no segment routing header right behind the IPv6 header, or one that breaks a rule of rfc/0012.
std::optional<SegmentHeader> parse_segments(ByteView packet);
// Where the packet goes when segments_left is `entry`; entry < header.segments.
Address segment_at(ByteView packet, size_t entry);
// End: one segment less, the next one is the destination. segments_left > 0.
void next_segment(MutableBytes packet, const SegmentHeader& header);
// The packet without its routing header, in the same buffer (it then starts later).
ByteView without_segments(MutableBytes packet, const SegmentHeader& header);

// Steers a finished packet through `via` (1 to kSegmentsMax - 1 nodes) to its destination. Checksums stay right: they
// are those of the destination. False: no room in the buffer, and nothing was changed.
bool insert_segments(Packet& packet, std::span<const Address> via);

}  // namespace aip::dataplane
