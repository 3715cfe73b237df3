#include "base/crc32c.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace aip {
namespace {

TEST(Crc32c, MatchesTheCheckValue) { EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u); }

// RFC 3720 appendix B.4.
TEST(Crc32c, MatchesTheVectorsOfTheRfc) {
    Bytes rising(32), falling(32);
    for (uint8_t i = 0; i < 32; ++i) {
        rising[i] = i;
        falling[i] = static_cast<uint8_t>(31 - i);
    }
    EXPECT_EQ(crc32c(Bytes(32, 0x00)), 0x8a9136aau);
    EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43u);
    EXPECT_EQ(crc32c(rising), 0x46dd794eu);
    EXPECT_EQ(crc32c(falling), 0x113fdb5cu);
}

TEST(Crc32c, OfNothingIsZero) { EXPECT_EQ(crc32c({}), 0u); }

TEST(Crc32c, GoesOnFromEveryPlace) {
    SeededRng rng(1);
    Bytes bytes(67);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(rng.next());
    const uint32_t whole = crc32c(bytes);
    for (size_t cut = 0; cut <= bytes.size(); ++cut)
        EXPECT_EQ(crc32c(ByteView(bytes).subspan(cut), crc32c(ByteView(bytes).first(cut))), whole) << cut;
}

TEST(Crc32c, OfManyBytesIsThatOfThemOneByOne) {
    SeededRng rng(2);
    Bytes bytes(9001);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(rng.next());
    uint32_t one_by_one = 0;
    for (size_t n = 1; n <= bytes.size(); ++n) {
        one_by_one = crc32c(ByteView(bytes).subspan(n - 1, 1), one_by_one);
        ASSERT_EQ(crc32c(ByteView(bytes).first(n)), one_by_one) << n;
    }
}

TEST(Crc32c, NoticesEveryFlippedBit) {
    Bytes bytes(40, 0x5a);
    const uint32_t whole = crc32c(bytes);
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        EXPECT_NE(crc32c(bytes), whole) << bit;
        bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    }
}

}  // namespace
}  // namespace aip
