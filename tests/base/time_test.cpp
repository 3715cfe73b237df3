#include "base/time.hpp"

#include <gtest/gtest.h>

namespace aip {
namespace {

TEST(Duration, ConvertsBetweenUnits) {
    EXPECT_EQ(Duration::seconds(2), Duration::milliseconds(2000));
    EXPECT_EQ(Duration::milliseconds(3), Duration::microseconds(3000));
    EXPECT_EQ(Duration::microseconds(4).count_ns(), 4000);
    EXPECT_EQ(Duration::milliseconds(1999).count_ms(), 1999);
    EXPECT_EQ(Duration::nanoseconds(1999).count_us(), 1);
    EXPECT_DOUBLE_EQ(Duration::milliseconds(250).count_s(), 0.25);
}

TEST(Instant, MovesByDurations) {
    const Instant start = Instant::from_ns(1'000);
    const Instant later = start + Duration::microseconds(5) * 2;
    EXPECT_EQ(later.ns(), 11'000);
    EXPECT_EQ(later - start, Duration::microseconds(10));
    EXPECT_EQ(later - Duration::microseconds(10), start);
    EXPECT_LT(later, Instant::never());
}

TEST(WallTime, CountsMilliseconds) {
    EXPECT_EQ((WallTime::from_unix_ms(1'000) + Duration::seconds(2)).unix_ms(), 3'000);
}

}  // namespace
}  // namespace aip
