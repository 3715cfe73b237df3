#include "routing/sketch.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace aip::routing {
namespace {

Sketch labels(std::vector<uint64_t> counts) { return {std::move(counts), {}}; }

// `count` samples of one feature, half of them `spread` above the mean, half below.
Sketch feature(uint64_t count, double mean, double spread) {
    const auto n = static_cast<double>(count);
    return {{}, {count, {n * mean}, {n * (mean * mean + spread * spread)}}};
}

TEST(Sketch, MergesByAddition) {
    EXPECT_EQ(merged(labels({1, 2}), labels({3, 0, 5})), labels({4, 2, 5}));
    EXPECT_EQ(merged({}, feature(4, 1, 2)), feature(4, 1, 2));
    const Sketch both = merged(feature(4, 1, 2), feature(4, 3, 0));
    EXPECT_EQ(both.moments.count, 8u);
    EXPECT_EQ(both.samples(), 8u);
    EXPECT_DOUBLE_EQ(both.moments.sum[0], 16);
}

TEST(Sketch, AddsSoManySamplesByTheSharesOfTheOther) {
    EXPECT_EQ(merged(labels({1, 1}), labels({300, 100}), 8), labels({7, 3}));
    const Sketch grown = merged({}, feature(100, 2, 1), 10);
    EXPECT_EQ(grown.moments.count, 10u);
    EXPECT_NEAR(divergence(feature(100, 2, 1), grown), 0, 1e-12);
}

TEST(Sketch, DivergenceOfMomentsIsThatOfGaussians) {
    EXPECT_NEAR(divergence(feature(10, 1, 2), feature(99, 1, 2)), 0, 1e-12);
    EXPECT_NEAR(divergence(feature(10, 0, 1), feature(10, 3, 1)), 4.5, 1e-12);
    EXPECT_NEAR(divergence(feature(10, 0, 1), feature(10, 0, 2)), std::log(2) + 1.0 / 8 - 0.5, 1e-12);
}

TEST(Sketch, DivergenceIsFiniteForConstantsForNothingAndAtTheLimits) {
    const Sketch extreme{{}, {1, {-1e30}, {1e30}}};
    ASSERT_TRUE(check_sketch(extreme));
    for (const Sketch& q : {feature(5, 7, 0), Sketch{}, extreme}) {
        EXPECT_TRUE(std::isfinite(divergence(feature(5, 1, 1), q)));
        EXPECT_TRUE(std::isfinite(divergence(extreme, q)));
    }
}

TEST(Sketch, ChecksItsLimits) {
    EXPECT_TRUE(check_sketch({}));
    EXPECT_TRUE(check_sketch(labels(std::vector<uint64_t>(64, kSketchCountMax))));
    EXPECT_FALSE(check_sketch(labels(std::vector<uint64_t>(65, 1))));
    EXPECT_FALSE(check_sketch(labels({kSketchCountMax + 1})));
    EXPECT_FALSE(check_sketch({{1}, {1, {1}, {1}}}));
    EXPECT_FALSE(check_sketch({{}, {1, {1}, {}}}));
    EXPECT_FALSE(check_sketch({{}, {1, {}, {}}}));
    EXPECT_FALSE(check_sketch({{}, {1, {std::numeric_limits<double>::quiet_NaN()}, {1}}}));
    EXPECT_FALSE(check_sketch({{}, {1, {1}, {std::numeric_limits<double>::infinity()}}}));
    EXPECT_FALSE(check_sketch({{}, {1, {1}, {-1}}}));
}

}  // namespace
}  // namespace aip::routing
