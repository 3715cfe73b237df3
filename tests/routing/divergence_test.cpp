#include "routing/divergence.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace aip::routing {
namespace {

using Counts = std::vector<uint64_t>;

double kl(const Counts& p, const Counts& q) { return smoothed_kl(p, q); }

TEST(SmoothedKl, IsZeroForEqualShares) {
    EXPECT_EQ(kl({1, 2, 3}, {1, 2, 3}), 0);
    EXPECT_NEAR(kl({1, 2, 3}, {1000, 2000, 3000}), 0, 1e-12);
}

TEST(SmoothedKl, IsTheTextbookValueWhereNoBinIsEmpty) {
    const double exact = 0.5 * std::log(0.5 / 0.25) + 0.5 * std::log(0.5 / 0.75);
    EXPECT_NEAR(kl({500, 500}, {250, 750}), exact, 1e-5);
}

TEST(SmoothedKl, IsFiniteWithEmptyBins) {
    const double d = kl({1, 1}, {1, 0});
    EXPECT_GT(d, 1);
    EXPECT_LT(d, std::log(1 / kSmoothing));
    EXPECT_LT(kl({0, 5}, {5, 0}), std::log(1 / kSmoothing) + 1e-3);
}

TEST(SmoothedKl, ReadsNothingAtAllAsEqualShares) {
    EXPECT_NEAR(kl({5, 5}, {0, 0}), 0, 1e-12);
    EXPECT_NEAR(kl({5, 5}, {}), 0, 1e-12);
    EXPECT_EQ(kl({}, {}), 0);
}

TEST(SmoothedKl, FillsAShorterListWithZeros) { EXPECT_EQ(kl({4, 4, 0}, {7}), kl({4, 4}, {7, 0, 0})); }

TEST(SmoothedKl, IsNeverNegativeAndKeepsHugeCountsFinite) {
    const uint64_t huge = uint64_t{1} << 48;
    EXPECT_GE(kl({huge, huge, 1}, {huge, huge, 1}), 0);
    EXPECT_TRUE(std::isfinite(kl(Counts(64, huge), {1})));
}

}  // namespace
}  // namespace aip::routing
