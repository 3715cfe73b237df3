#include "routing/privacy.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

Sketch labels(std::vector<uint64_t> counts) { return {std::move(counts), {}}; }
Digest secret(uint64_t i) { return crypto::sha256(as_bytes("secret " + std::to_string(i))); }

TEST(Privacy, TheSameDataIsReleasedTheSameWay) {
    const Sketch data = labels({100, 0, 7});
    const Sketch released = private_sketch(data, 0.5, secret(1), "task");
    EXPECT_EQ(private_sketch(data, 0.5, secret(1), "task"), released) << "averaging takes no noise away";
    EXPECT_NE(private_sketch(data, 0.5, secret(2), "task"), released);
    EXPECT_NE(private_sketch(data, 0.5, secret(1), "other"), released);
    EXPECT_NE(private_sketch(data, 0.4, secret(1), "task"), released);
    const crypto::Signer node = test::make_signer("a");
    EXPECT_EQ(privacy_secret(node), privacy_secret(test::make_signer("a"))) << "also after a restart";
    EXPECT_NE(privacy_secret(node), privacy_secret(test::make_signer("b")));
}

TEST(Privacy, AnyChangeOfTheDataDrawsAllNoiseAnew) {
    const Sketch before = private_sketch(labels({1000, 1000, 1000, 1000}), 0.1, secret(1), "task");
    const Sketch after = private_sketch(labels({1001, 1000, 1000, 1000}), 0.1, secret(1), "task");
    int same = 0;
    for (size_t i = 1; i < 4; ++i) same += before.labels[i] == after.labels[i];
    EXPECT_LT(same, 3);
}

TEST(Privacy, TheNoiseIsLaplaceOfScaleOneOverEpsilon) {
    for (const double epsilon : {0.1, 0.5, 2.0}) {
        double sum = 0, absolute = 0;
        int beyond = 0;
        constexpr int kDraws = 20'000;
        for (uint64_t i = 0; i < kDraws; ++i) {
            const double noise =
                static_cast<double>(private_sketch(labels({1'000'000}), epsilon, secret(i), "t").labels[0]) - 1e6;
            sum += noise;
            absolute += std::abs(noise);
            beyond += std::abs(noise) > 3 / epsilon + 0.5;
        }
        EXPECT_NEAR(sum / kDraws, 0, 0.05 / epsilon);
        // rounding to whole numbers adds to the mean size where epsilon is large
        EXPECT_NEAR(absolute / kDraws * epsilon, 1, epsilon > 1 ? 0.2 : 0.04);
        EXPECT_LT(static_cast<double>(beyond) / kDraws, std::exp(-3) * 1.15);
    }
}

TEST(Privacy, CountsAreNeverBelowZeroAndNeverAllZero) {
    for (uint64_t i = 0; i < 200; ++i) {
        const Sketch released = private_sketch(labels({0, 0, 1}), 0.05, secret(i), "t");
        EXPECT_GT(released.samples(), 0u);
        EXPECT_TRUE(check_sketch(released));
    }
}

// A node with one class of ten keeps it: what noise puts into the empty ones is taken off again.
TEST(Privacy, TheNoiseAddsNoSamplesAndDoesNotBlurWhatANodeLacks) {
    constexpr double kRounds = 2000;
    double total = 0, outside = 0;
    for (uint64_t i = 0; i < 2000; ++i) {
        const Sketch released = private_sketch(labels({60, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 0.5, secret(i), "t");
        total += static_cast<double>(released.samples()) / kRounds;
        outside += static_cast<double>(released.samples() - released.labels[0]) / kRounds;
    }
    EXPECT_NEAR(total, 60, 1);
    EXPECT_LT(outside, 4.5) << "cut off below zero alone, the noise of nine empty classes would add 9 on average";
}

TEST(Privacy, AReleaseHoldsUntilTheDataReallyChanges) {
    EXPECT_TRUE(release_holds(labels({100, 0}), labels({100, 0}), 0.5));
    EXPECT_TRUE(release_holds(labels({100, 0}), labels({101, 0}), 0.5));
    EXPECT_TRUE(release_holds(labels({100, 0}), labels({95, 5}), 0.5)) << "a tenth";
    EXPECT_FALSE(release_holds(labels({100, 0}), labels({94, 5}), 0.5));
    EXPECT_TRUE(release_holds(labels({10, 0}), labels({6, 0}), 0.5)) << "noise hides it";
    EXPECT_FALSE(release_holds(labels({10, 0}), labels({10, 0, 0}), 0.5)) << "another shape";
}

TEST(Privacy, MomentsHaveNoBoundAndAreRefused) {
    const Sketch moments{{}, {1, {1}, {1}}};
    EXPECT_TRUE(check_private(moments, 0));
    EXPECT_FALSE(check_private(moments, 1));
    EXPECT_TRUE(check_private(labels({1}), 1));
}

}  // namespace
}  // namespace aip::routing
