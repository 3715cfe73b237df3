#include "base/crc32c.hpp"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace aip {
namespace {

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
        table[i] = crc;
    }
    return table;
}
constexpr auto kTable = make_table();

uint32_t portable(ByteView bytes, uint32_t crc) {
    for (uint8_t b : bytes) crc = (crc >> 8) ^ kTable[(crc ^ b) & 0xff];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t with_sse42(ByteView bytes, uint32_t crc) {
    const uint8_t* p = bytes.data();
    size_t n = bytes.size();
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;
        std::memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = static_cast<uint32_t>(wide);
    for (; n > 0; --n, ++p) crc = _mm_crc32_u8(crc, *p);
    return crc;
}
#endif

}  // namespace

uint32_t crc32c(ByteView bytes, uint32_t previous) {
#if defined(__x86_64__)
    static const bool fast = __builtin_cpu_supports("sse4.2") != 0;
    if (fast) return ~with_sse42(bytes, ~previous);
#endif
    return ~portable(bytes, ~previous);
}

}  // namespace aip
