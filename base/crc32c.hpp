// CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of every AI packet. Uses SSE4.2 where the processor
// has it. crc32c(b, crc32c(a)) == crc32c(a || b).
#pragma once

#include "base/bytes.hpp"

namespace aip {

uint32_t crc32c(ByteView bytes, uint32_t previous = 0);

}  // namespace aip
