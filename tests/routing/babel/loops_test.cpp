// Random networks to which everything happens: losses, reordering, copies, links that fail and come back with or
// without notice, nodes that restart. After every change of a route the net follows the routes to every destination.
#include <gtest/gtest.h>

#include "tests/routing/babel/net.hpp"

namespace aip::routing::babel::test {
namespace {

constexpr uint64_t kNodes = 8;

struct Storm {
    explicit Storm(uint64_t seed, bool check_feasibility) : net(seed), rng(seed ^ 0x5eed) {
        net.speaker_options.check_feasibility = check_feasibility;
        net.speaker_options.seqnos_reserved = 30000;
        net.duplicated = 0.05;
        net.disorder = Duration::milliseconds(30);
        net.ring(kNodes);
        for (uint64_t n = 1; n <= kNodes; ++n) links.push_back({n, n % kNodes + 1});
        for (const auto& [a, b] : {std::pair<uint64_t, uint64_t>{1, 4}, {2, 6}, {3, 7}, {5, 8}}) {
            net.link(a, b);
            links.push_back({a, b});
        }
    }
    void happen() {
        const auto& [a, b] = links[rng.below(links.size())];
        switch (rng.below(9)) {
            case 0: net.link_down(a, b); break;
            case 1: net.link_up(a, b); break;
            case 2: net.cut(a, b); break;
            case 3: net.mend(a, b); break;
            case 4: net.set_loss(a, b, rng.unit() * 0.3); break;
            case 5: net.set_loss(b, a, rng.unit() * 0.3); break;
            case 6: net.set_delay(a, b, Duration::milliseconds(1 + static_cast<int64_t>(rng.below(100)))); break;
            case 7:  // one end alone sees it go and come
                net.at(a).remove_interface(net.port(a, b), net.now());
                net.at(a).add_interface(net.port(a, b), net.options, net.now());
                net.wake(a);
                break;
            default:
                if (rng.chance(0.2)) net.restart(a, net.at(a).seqno() + 1u);
        }
        net.run(Duration::milliseconds(static_cast<int64_t>(rng.below(600))));
    }

    Net net;
    SeededRng rng;
    std::vector<std::pair<uint64_t, uint64_t>> links;
};

TEST(BabelLoops, ThereAreNoneWhateverHappens) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        Storm storm(seed, true);
        for (int i = 0; i < 300; ++i) storm.happen();
        ASSERT_EQ(storm.net.loops(), 0u);
    }
}

TEST(BabelLoops, AppearWithoutTheFeasibilityCondition) {
    Storm storm(1, false);
    for (int i = 0; i < 300; ++i) storm.happen();
    EXPECT_GT(storm.net.loops(), 0u);
}

TEST(BabelLoops, AllIsFoundAgainWhenTheStormIsOver) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE(seed);
        Storm storm(seed, true);
        for (int i = 0; i < 100; ++i) storm.happen();
        for (const auto& [a, b] : storm.links) {
            storm.net.link_up(a, b);
            storm.net.set_delay(a, b, Duration::milliseconds(1));
        }
        const auto took = storm.net.run_until([&] { return storm.net.full_tables(); }, Duration::seconds(20));
        ASSERT_TRUE(took);
        storm.net.run(Duration::seconds(60));  // and no stale route is left, though retractions were lost
        for (uint64_t a = 1; a <= kNodes; ++a)
            for (uint64_t b = 1; b <= kNodes; ++b) EXPECT_TRUE(storm.net.reaches(a, b));
    }
}

}  // namespace
}  // namespace aip::routing::babel::test
