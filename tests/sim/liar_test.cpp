// A member that lies about its data. What it says is signed and travels like the truth; it must neither trap a walk nor
// keep it from the others.
//
//        1 --- 2 --- 3
//       /             \.
//      0               4        each has 600 samples of one of 4 classes: node i of class i mod 4
//       \             /
//        7 --- 6 --- 5 LIAR
#include <gmock/gmock.h>

#include <map>

#include "sim/walk.hpp"

namespace aip::sim {
namespace {

constexpr size_t kNodes = 8;
constexpr size_t kLiar = 5;
constexpr uint32_t kLap = 12;  // transmissions in which a model that wastes none has seen all of them

Scatter ring() {
    Scatter world;
    world.near.resize(kNodes);
    world.hops.resize(kNodes);
    for (size_t i = 0; i < kNodes; ++i) {
        const size_t next = (i + 1) % kNodes;
        world.edges.emplace_back(i, next);
        world.near[i].push_back(next);
        world.near[next].push_back(i);
        for (size_t j = 0; j < kNodes; ++j) {
            const size_t apart = (j + kNodes - i) % kNodes;
            world.hops[i].push_back(static_cast<uint32_t>(std::min(apart, kNodes - apart)));
        }
        world.shares.emplace_back(4);
        world.shares.back()[i % 4] = 1;
    }
    return world;
}

struct Liar : testing::Test {
    // Stops within two laps of a walk from node 0.
    std::vector<WalkStop> walk(const std::string& policy, std::optional<routing::LocalInterest> lie) {
        const Scatter world = ring();
        std::vector<std::vector<uint64_t>> labels;
        for (size_t i = 0; i < kNodes; ++i) labels.push_back(world.counts(i, 600));
        WalkNet net(cast, world, labels, 3);
        if (lie) net.publish(kLiar, *lie);
        AIP_ASSERT(net.gossip(Duration::seconds(60)));
        net.run(Duration::seconds(3));  // so that whoever said something else before is heard
        WalkPlan plan;
        plan.policy = policy;
        plan.transmissions = 2 * kLap;
        return net.walk({plan}).front();
    }
    static std::map<size_t, size_t> visits(const std::vector<WalkStop>& stops, uint32_t transmissions) {
        std::map<size_t, size_t> count;
        for (const WalkStop& stop : stops) count[stop.node] += stop.sent <= transmissions;
        return count;
    }
    void everybody_is_visited_once_a_lap(const std::string& policy, const routing::LocalInterest& lie) {
        const auto stops = walk(policy, lie);
        const auto first = visits(stops, kLap);
        for (size_t i = 0; i < kNodes; ++i) EXPECT_GE(first.contains(i) ? first.at(i) : 0, 1u) << policy << i;
        const auto all = visits(stops, 2 * kLap);
        for (const auto& [node, count] : all) EXPECT_LE(all.at(kLiar), count + 1) << policy << node;
    }
    WalkCast cast{kNodes};
};

TEST_F(Liar, WithAbsurdlyManySamplesIsVisitedNoMoreThanOthers) {
    for (const char* policy : {"coverage", "compute"})
        everybody_is_visited_once_a_lap(policy, {{{0, 0, 0, routing::kSketchCountMax}, {}}, 1 << 30, 600});
}

TEST_F(Liar, WithAllTheClassesThereAreIsVisitedNoMoreThanOthers) {
    everybody_is_visited_once_a_lap("coverage", {{{600, 600, 600, 600}, {}}, 2400, 600});
}

TEST_F(Liar, WithASpeedThatCannotBeIsVisitedNoMoreThanOthers) {
    for (const char* policy : {"coverage", "compute"})
        everybody_is_visited_once_a_lap(policy, {{{0, 600, 0, 0}, {}}, 600, 1e12});
}

TEST_F(Liar, WithDataOfAnotherShapeIsNotInTheWay) {
    for (const routing::Sketch& sketch :
         {routing::Sketch{std::vector<uint64_t>(64, 1000), {}}, routing::Sketch{{}, {600, {0, 0}, {600, 600}}}})
        for (const char* policy : {"coverage", "compute"}) everybody_is_visited_once_a_lap(policy, {sketch, 600, 600});
}

// Two classes are on one side of the ring: what the liar says must not make the model see them later.
TEST_F(Liar, DoesNotKeepTheModelFromWhatTheOthersHave) {
    const auto seen_after = [&](const std::vector<WalkStop>& stops, uint32_t transmissions) {
        std::vector<size_t> honest;
        for (const WalkStop& stop : stops)
            if (stop.sent <= transmissions && stop.node != kLiar) honest.push_back(stop.node);
        return ring().divergence(honest);
    };
    const routing::LocalInterest absurd{{{0, 0, 0, routing::kSketchCountMax}, {}}, 1 << 30, 600};
    const double truth = seen_after(walk("coverage", std::nullopt), 6);
    const double lied_to = seen_after(walk("coverage", absurd), 6);
    EXPECT_LT(lied_to, truth + 0.2);
}

}  // namespace
}  // namespace aip::sim
