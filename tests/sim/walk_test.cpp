// Do the next-stop policies make a model see the global mix of labels? 50 nodes scattered in a square, each joined to
// its nearest (mean degree 6), each with 600 samples of 10 classes by a Dirichlet(0.1) share: every node knows one or
// two classes. What is counted: distinct nodes, and D(global || seen), of the stops completed after so many one-hop
// transmissions. tools/bench next_stop is the long form.
#include "sim/walk.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace aip::sim {
namespace {

constexpr size_t kNodes = 50;
constexpr uint64_t kSeeds = 5;

struct Outcome {
    double kl_50 = 0;
    double visited_100 = 0;
};

Outcome mean_of(const std::string& policy) {
    static WalkCast cast(kNodes);
    Outcome mean;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const Scatter world = make_scatter(seed);
        std::vector<std::vector<uint64_t>> labels;
        for (size_t i = 0; i < kNodes; ++i) labels.push_back(world.counts(i, 600));
        WalkNet net(cast, world, labels, seed);
        AIP_ASSERT(net.gossip(Duration::seconds(120)));
        WalkPlan plan;
        plan.policy = policy;
        plan.start = seed;
        plan.seed = seed;
        std::vector<size_t> by_50;
        std::set<size_t> visited;
        const auto stops = net.walk({plan}).front();
        for (const WalkStop& stop : stops) {
            if (stop.sent <= 50) by_50.push_back(stop.node);
            visited.insert(stop.node);
        }
        mean.kl_50 += world.divergence(by_50) / kSeeds;
        mean.visited_100 += static_cast<double>(visited.size()) / kSeeds;
    }
    return mean;
}

TEST(Walk, CoverageSeesTheGlobalMixAndEveryNode) {
    const Outcome outcome = mean_of("coverage");
    RecordProperty("kl_50", std::to_string(outcome.kl_50));
    EXPECT_LT(outcome.kl_50, 0.02);
    EXPECT_GE(outcome.visited_100, 49.5);
}

TEST(Walk, ARandomWalkIsClearlyWorse) {
    const Outcome outcome = mean_of("random-walk");
    EXPECT_GT(outcome.kl_50, 0.05);
    EXPECT_LT(outcome.visited_100, 40);
}

TEST(Walk, TheLiteralRuleIsATrap) { EXPECT_LT(mean_of("kl-nearest").visited_100, 6); }

TEST(Walk, StopsCountOnlyWithinTheirTransmissions) {
    WalkCast cast(5);
    ScatterOptions small;
    small.nodes = 5;
    small.degree = 2;
    const Scatter world = make_scatter(7, small);
    WalkNet net(cast, world, {{1, 0}, {0, 1}, {1, 1}, {2, 1}, {1, 2}}, 7);
    ASSERT_TRUE(net.gossip(Duration::seconds(120)));
    WalkPlan plan;
    plan.transmissions = 3;
    const auto stops = net.walk({plan}).front();
    EXPECT_EQ(stops.front().sent, 0u);
    for (size_t i = 1; i < stops.size(); ++i)
        EXPECT_EQ(stops[i].sent, stops[i - 1].sent + world.hops[stops[i - 1].node][stops[i].node]);
    EXPECT_LE(stops.back().sent, 3u);
}

TEST(Scatter, IsConnectedWithTheDegreeAskedForAndSkewedShares) {
    const Scatter world = make_scatter(3);
    EXPECT_GE(world.edges.size(), 150u);
    double largest = 0;
    for (size_t i = 0; i < kNodes; ++i) {
        for (size_t j = 0; j < kNodes; ++j) EXPECT_LT(world.hops[i][j], kNodes);
        largest += *std::max_element(world.shares[i].begin(), world.shares[i].end()) / kNodes;
    }
    EXPECT_GT(largest, 0.5) << "one class has most of a node's samples";
}

// Mean and variance of a gamma are its shape.
TEST(Scatter, DrawsGammasAndLaplacesWithTheirMoments) {
    SeededRng rng(5);
    double sum = 0, squares = 0, spread = 0;
    constexpr int kDraws = 100'000;
    for (int i = 0; i < kDraws; ++i) {
        const double x = gamma_draw(rng, 0.1);
        sum += x / kDraws;
        squares += x * x / kDraws;
        spread += std::abs(laplace(rng, 2)) / kDraws;
    }
    EXPECT_NEAR(sum, 0.1, 0.01);
    EXPECT_NEAR(squares - sum * sum, 0.1, 0.02);
    EXPECT_NEAR(spread, 2, 0.05);
}

}  // namespace
}  // namespace aip::sim
