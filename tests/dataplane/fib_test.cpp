#include "dataplane/fib.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace aip::dataplane {
namespace {

NextHop hop(PortIndex port) { return {port, 1400, LinkAddress::everyone()}; }

std::vector<const NextHop*> bulk(const Fib& fib, const std::vector<InterfaceId>& ids) {
    const NextHop other = hop(1);
    std::vector<const NextHop*> hops(ids.size(), &other);  // every answer must be written
    fib.find_bulk(ids, hops);
    return hops;
}

TEST(Fib, FindsNothingWhenEmpty) {
    const auto fib = FibBuilder().build();
    EXPECT_EQ(fib->size(), 0u);
    EXPECT_EQ(fib->longest_probe(), 0u);
    EXPECT_EQ(fib->find(InterfaceId{0}), nullptr);
    EXPECT_TRUE(bulk(*fib, {}).empty());
    for (const NextHop* found : bulk(*fib, {InterfaceId{0}, InterfaceId{1}, InterfaceId{~uint64_t{0}}}))
        EXPECT_EQ(found, nullptr);
}

// Any number of routes, any share of known ids, any length of burst.
TEST(Fib, FindsInBulkWhatItFindsOneByOne) {
    SeededRng rng(11);
    for (int round = 0; round < 200; ++round) {
        FibBuilder builder(rng.next());
        std::vector<InterfaceId> ids;
        for (uint64_t i = rng.below(500); i > 0; --i) {
            ids.push_back(InterfaceId{rng.chance(0.5) ? rng.next() : rng.below(64)});
            if (rng.chance(0.6)) {
                ASSERT_TRUE(builder.add(ids.back(), hop(static_cast<PortIndex>(rng.below(8)))));
            }
        }
        const auto fib = builder.build();
        const auto hops = bulk(*fib, ids);
        for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(hops[i], fib->find(ids[i]));
    }
}

TEST(Fib, StoresEachNextHopOnce) {
    FibBuilder builder(3);
    for (uint64_t i = 0; i < 1000; ++i) {
        ASSERT_TRUE(builder.add(InterfaceId{i}, hop(static_cast<PortIndex>(i % 7))));
    }
    const auto fib = builder.build();
    EXPECT_EQ(fib->next_hops(), 7u);
    EXPECT_EQ(fib->find(InterfaceId{1}), fib->find(InterfaceId{8}));
}

uint64_t unshift(uint64_t x, int bits) {
    uint64_t y = x;
    for (int done = bits; done < 64; done += bits) y = x ^ (y >> bits);
    return y;
}

uint64_t inverse(uint64_t odd) {
    uint64_t x = odd;
    for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
    return x;
}

// The id whose hash with salt 0 is `hash`.
InterfaceId preimage(uint64_t hash) {
    uint64_t x = unshift(hash, 31) * inverse(0x94d049bb133111eb);
    x = unshift(x, 27) * inverse(0xbf58476d1ce4e5b9);
    return InterfaceId{unshift(x, 30)};
}

// 1,000 nodes that all chose ids for the same slot: they do, if the salt is known; a salt they do not know spreads
// them.
TEST(Fib, SaltSpreadsIdsThatWereChosenToCollide) {
    std::vector<InterfaceId> chosen;
    for (uint64_t i = 0; i < 1000; ++i) chosen.push_back(preimage(i << 32 | 5));
    SeededRng rng(23);
    for (const uint64_t salt : {uint64_t{0}, rng.next(), rng.next(), rng.next()}) {
        FibBuilder builder(salt);
        for (size_t i = 0; i < chosen.size(); ++i) ASSERT_TRUE(builder.add(chosen[i], hop(static_cast<PortIndex>(i))));
        const auto fib = builder.build();
        if (salt == 0) {
            EXPECT_EQ(fib->longest_probe(), chosen.size());
        } else {
            EXPECT_LE(fib->longest_probe(), 32u);
        }
        const auto hops = bulk(*fib, chosen);
        for (size_t i = 0; i < chosen.size(); ++i) EXPECT_EQ(*hops[i], hop(static_cast<PortIndex>(i)));
    }
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
