#include "dataplane/fib.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace aip::dataplane {
namespace {

NextHop hop(PortIndex port) { return {port, 1400, LinkAddress::everyone()}; }

TEST(Fib, FindsNothingWhenEmpty) {
    const auto fib = FibBuilder().build();
    EXPECT_EQ(fib->size(), 0u);
    EXPECT_EQ(fib->find(InterfaceId{0}), nullptr);
}

TEST(Fib, FindsTenThousandAndOnlyThose) {
    SeededRng rng(7);
    std::vector<uint64_t> ids;
    FibBuilder builder(42);
    for (uint16_t i = 0; i < 10'000; ++i) {
        ids.push_back(rng.next());
        ASSERT_TRUE(builder.add(InterfaceId{ids.back()}, hop(i)));
    }
    const auto fib = builder.build();
    EXPECT_EQ(fib->size(), ids.size());
    for (uint16_t i = 0; i < 10'000; ++i) {
        const NextHop* found = fib->find(InterfaceId{ids[i]});
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(*found, hop(i));
        EXPECT_EQ(fib->find(InterfaceId{ids[i] + 1}), nullptr);
    }
}

// Eight slots hold four routes: with this many neighbouring ids every slot is a neighbour of a collision.
TEST(Fib, TellsCollidingIdsApart) {
    for (uint64_t salt = 0; salt < 200; ++salt) {
        FibBuilder builder(salt);
        for (uint16_t i = 0; i < 4; ++i) ASSERT_TRUE(builder.add(InterfaceId{i}, hop(i)));
        const auto fib = builder.build();
        for (uint16_t i = 0; i < 4; ++i) EXPECT_EQ(fib->find(InterfaceId{i})->port, i);
        for (uint64_t i = 4; i < 64; ++i) EXPECT_EQ(fib->find(InterfaceId{i}), nullptr);
    }
}

TEST(Fib, LastRouteOfAnIdCounts) {
    FibBuilder builder;
    EXPECT_TRUE(builder.add(InterfaceId{5}, hop(1)));
    EXPECT_TRUE(builder.add(InterfaceId{5}, hop(2)));
    const auto fib = builder.build();
    EXPECT_EQ(fib->size(), 1u);
    EXPECT_EQ(fib->find(InterfaceId{5})->port, 2);
}

TEST(FibBuilder, RefusesNoPortAndTooMany) {
    FibBuilder builder;
    EXPECT_FALSE(builder.add(InterfaceId{1}, NextHop{}));
    for (uint64_t i = 0; i < limits::kRoutesMax; ++i) ASSERT_TRUE(builder.add(InterfaceId{i}, hop(0)));
    EXPECT_FALSE(builder.add(InterfaceId{limits::kRoutesMax}, hop(0)));
    EXPECT_EQ(builder.build()->size(), limits::kRoutesMax);
}

}  // namespace
}  // namespace aip::dataplane
