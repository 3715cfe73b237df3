#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace aip {
namespace {

// xoshiro256** seeded by splitmix64, as published by its authors: a seed must mean the same run everywhere, always.
TEST(SeededRng, StartsWithThePublishedValues) {
    SeededRng rng(0);
    for (const uint64_t expected : {0x99ec5f36cb75f2b4u, 0xbf6e1f784956452au, 0x1a5f849d4933e6e0u, 0x6aa594f1262d2d2cu})
        EXPECT_EQ(rng.next(), expected);
}

TEST(SeededRng, DiffersBetweenNeighbouringSeeds) { EXPECT_NE(SeededRng(1).next(), SeededRng(2).next()); }

TEST(Rng, BelowStaysBelowAndReachesEverything) {
    SeededRng rng(7);
    std::array<int, 6> seen{};
    for (int i = 0; i < 6000; ++i) ++seen.at(rng.below(6));
    for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
    EXPECT_EQ(rng.below(1), 0u);
}

// Values that would favour small results are thrown away, so a generator at its very top is asked again.
TEST(Rng, BelowHasNoBias) {
    struct Top final : Rng {
        int calls = 0;
        uint64_t next() override { return ++calls == 1 ? UINT64_MAX : 5; }
    } rng;
    EXPECT_EQ(rng.below(10), 5u);
    EXPECT_EQ(rng.calls, 2);
}

TEST(Rng, UnitIsAtLeastZeroAndBelowOne) {
    struct Fixed final : Rng {
        uint64_t value = 0;
        uint64_t next() override { return value; }
    } rng;
    EXPECT_EQ(rng.unit(), 0.0);
    EXPECT_FALSE(rng.chance(0.0));
    rng.value = UINT64_MAX;
    EXPECT_LT(rng.unit(), 1.0);
    EXPECT_TRUE(rng.chance(1.0));
}

}  // namespace
}  // namespace aip
