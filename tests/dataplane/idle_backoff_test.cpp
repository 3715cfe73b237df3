#include "dataplane/idle_backoff.hpp"

#include <gtest/gtest.h>

namespace aip::dataplane {
namespace {

TEST(IdleBackoff, DoublesUpToItsCapAndStartsAgainAfterWork) {
    IdleBackoff backoff;
    EXPECT_EQ(backoff.next(true).count_us(), 0);
    for (const int64_t us : {20, 40, 80, 160, 320, 640, 1280, 2560, 4000, 4000}) {
        EXPECT_EQ(backoff.next(false).count_us(), us);
    }
    EXPECT_EQ(backoff.next(true).count_us(), 0);
    EXPECT_EQ(backoff.next(false).count_us(), 20);
}

TEST(IdleBackoff, KeepsToItsConfiguration) {
    IdleBackoff backoff({Duration::microseconds(100), Duration::microseconds(150)});
    EXPECT_EQ(backoff.next(false).count_us(), 100);
    EXPECT_EQ(backoff.next(false).count_us(), 150);
}

}  // namespace
}  // namespace aip::dataplane
