#include "routing/babel/speaker.hpp"

#include <gmock/gmock.h>

#include "tests/routing/babel/net.hpp"

namespace aip::routing::babel::test {
namespace {

constexpr auto ms = [](int64_t n) { return Duration::milliseconds(n); };

// 1 - 2 - 3 - 4 - 5
TEST(BabelSpeaker, FillsTheTablesOfALine) {
    Net net;
    net.line(5);
    const auto took = net.run_until([&] { return net.full_tables(); }, ms(1000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 150);
    EXPECT_EQ(net.next_hop(1, 5), 2u);
    EXPECT_EQ(net.route(1, 5)->metric, 4 * 96);
    EXPECT_TRUE(net.reaches(1, 5) && net.reaches(5, 1));
}

TEST(BabelSpeaker, FillsTheTablesOfAGridInTensOfMilliseconds) {
    Net net;
    net.grid(5);
    const auto took = net.run_until([&] { return net.full_tables(); }, ms(3000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 300);
    std::printf("grid 5: %ld ms %lu bytes %lu packets\n", took->count_ms(), net.bytes(), net.packets());
}

}  // namespace
}  // namespace aip::routing::babel::test
