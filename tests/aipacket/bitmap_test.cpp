#include "aipacket/bitmap.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"

namespace aip::aipacket {
namespace {

TEST(Bitmap, CountsAndKeepsUnusedBitsZero) {
    Bitmap bits(11, true);
    EXPECT_EQ(bits.count(), 11u);
    EXPECT_EQ(to_hex(bits.bytes(0, 11)), "ff07");
    bits.set(3, false);
    EXPECT_EQ(bits.count(), 10u);
    EXPECT_FALSE(bits.test(3));
    EXPECT_EQ(Bitmap(0).count(), 0u);
}

TEST(Bitmap, TakesPartsAndRefusesUnusedBits) {
    Bitmap bits(19);
    EXPECT_TRUE(bits.assign(8, 8, Bytes{0x81}));
    EXPECT_TRUE(bits.test(8) && bits.test(15));
    EXPECT_TRUE(bits.assign(16, 3, Bytes{0x07}));
    EXPECT_FALSE(bits.assign(16, 3, Bytes{0x08}));
    EXPECT_FALSE(bits.assign(16, 3, Bytes{0, 0}));
    EXPECT_EQ(bits.count(), 5u);
}

TEST(WindowBitmap, AgreesWithASetInRandomOrder) {
    SeededRng rng(3);
    WindowBitmap window;
    std::set<uint32_t> model;
    uint32_t base = 0;
    for (int i = 0; i < 60'000; ++i) {
        const uint32_t symbol = base + static_cast<uint32_t>(rng.below(rng.chance(0.9) ? 40 : WindowBitmap::kBits));
        ASSERT_TRUE(window.covers(symbol));
        ASSERT_EQ(window.test(symbol), model.count(symbol) > 0);
        window.set(symbol);
        model.insert(symbol);
        while (model.count(base) > 0) model.erase(base++);
        ASSERT_EQ(window.base(), base);
        ASSERT_EQ(window.end(), model.empty() ? base : *model.rbegin() + 1);
        if (i % 100 != 0) continue;
        Bytes out(WindowBitmap::kBits / 8);
        const size_t bytes = window.write(out);
        ASSERT_EQ(bytes, (window.end() - base + 7) / 8);
        for (uint32_t k = 0; k < bytes * 8; ++k) {
            ASSERT_EQ((out[k / 8] >> (k % 8) & 1) != 0, model.count(base + k) > 0) << k;
        }
    }
    EXPECT_FALSE(window.covers(base + WindowBitmap::kBits));
}

}  // namespace
}  // namespace aip::aipacket
