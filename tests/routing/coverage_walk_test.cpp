// Does the coverage rule make a walking model see the global mix of labels? 50 nodes scattered in a square, each joined
// to its nearest (mean degree 6), each with 600 samples of 10 classes by a Dirichlet(0.1) share: every node knows one
// or two classes. What is counted: distinct nodes, and D(global || seen), after so many one-hop transmissions.
// A routing simulation: nothing is trained, nothing is sent.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.hpp"
#include "routing/divergence.hpp"
#include "routing/next_stop.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

constexpr size_t kNodes = 50;
constexpr size_t kEdges = kNodes * 6 / 2;
constexpr size_t kClasses = 10;
constexpr uint64_t kSamples = 600;
constexpr double kAlpha = 0.1;

double normal(Rng& rng) { return std::sqrt(-2 * std::log(1 - rng.unit())) * std::cos(6.283185307179586 * rng.unit()); }

// Marsaglia and Tsang 2000; for shapes below 1 one more power of a uniform.
double gamma(Rng& rng, double shape) {
    if (shape < 1) return gamma(rng, shape + 1) * std::pow(1 - rng.unit(), 1 / shape);
    const double d = shape - 1.0 / 3;
    for (;;) {
        const double x = normal(rng);
        const double v = std::pow(1 + x / std::sqrt(9 * d), 3);
        if (v > 0 && std::log(1 - rng.unit()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
}

std::vector<uint64_t> dirichlet_counts(Rng& rng) {
    std::vector<double> share(kClasses);
    for (double& s : share) s = gamma(rng, kAlpha);
    std::vector<uint64_t> weights;
    const double sum = std::accumulate(share.begin(), share.end(), 0.0);
    for (const double s : share) weights.push_back(static_cast<uint64_t>(1e9 * s / sum));
    return spread(kSamples, weights);
}

struct World {
    explicit World(uint64_t seed) : rng(seed), near(kNodes) {
        connect();
        for (size_t i = 0; i < kNodes; ++i) labels.push_back(dirichlet_counts(rng));
        for (size_t i = 0; i < kNodes; ++i) hops.push_back(distances(i));
        for (const auto& counts : labels) add_counts(global, counts);
    }

    void connect() {  // the shortest pairs first, then what joins the parts
        std::vector<std::pair<double, double>> at(kNodes);
        for (auto& [x, y] : at) x = rng.unit(), y = rng.unit();
        std::vector<std::tuple<double, size_t, size_t>> pairs;
        for (size_t i = 0; i < kNodes; ++i)
            for (size_t j = 0; j < i; ++j)
                pairs.emplace_back(std::hypot(at[i].first - at[j].first, at[i].second - at[j].second), i, j);
        std::sort(pairs.begin(), pairs.end());
        std::vector<size_t> part(kNodes);
        std::iota(part.begin(), part.end(), size_t{0});
        const auto find = [&](size_t i) {
            while (part[i] != i) i = part[i];
            return i;
        };
        size_t edges = 0;
        for (const auto& [d, i, j] : pairs) {
            if (edges >= kEdges && find(i) == find(j)) continue;
            ++edges;
            near[i].push_back(j);
            near[j].push_back(i);
            part[find(i)] = find(j);
        }
    }
    std::vector<double> distances(size_t from) const {
        std::vector<double> d(kNodes, -1);
        std::vector<size_t> queue = {from};
        d[from] = 0;
        for (size_t head = 0; head < queue.size(); ++head)
            for (const size_t next : near[queue[head]])
                if (d[next] < 0) d[next] = d[queue[head]] + 1, queue.push_back(next);
        return d;
    }

    SeededRng rng;
    std::vector<std::vector<size_t>> near;
    std::vector<std::vector<uint64_t>> labels;
    std::vector<std::vector<double>> hops;
    std::vector<double> global;
};

struct Outcome {
    double divergence_at_50 = 0;
    size_t visited_by_100 = 0;
};

// next(here, journey) -> the next node. Only stops completed by then count.
template <class Next>
Outcome walk(World& world, Next next) {
    auto journey = *start_journey({1, "task", "coverage", test::plain_address(1), 1000, {}});
    Outcome outcome;
    size_t here = world.rng.below(kNodes);
    double sent = 0;
    for (;;) {
        Stop stop;
        stop.node = test::plain_address(here + 1);
        stop.samples = kSamples;
        journey = *add_stop(journey, stop, world.labels[here]);
        if (sent <= 50) {
            std::vector<double> seen;
            add_counts(seen, journey.seen);
            outcome.divergence_at_50 = smoothed_kl(std::span<const double>(world.global), seen);
        }
        if (sent <= 100) outcome.visited_by_100 = journey.visits.size();
        const size_t to = next(here, journey);
        sent += world.hops[here][to];
        here = to;
        if (sent > 100) return outcome;
    }
}

Outcome coverage_walk(uint64_t seed) {
    World world(seed);
    const CoveragePolicy policy;
    return walk(world, [&](size_t here, JourneyRecord& journey) {
        std::vector<Candidate> members(kNodes);
        for (size_t i = 0; i < kNodes; ++i) {
            Candidate& c = members[i];
            c.node = test::plain_address(i + 1);
            c.label_counts = world.labels[i];
            c.samples = kSamples;
            c.samples_per_second = 600;
            c.path_cost = world.hops[here][i];
            c.reachable = true;
            c.visits = journey.visit(c.node).count;
            c.last_lap = journey.visit(c.node).lap;
        }
        const auto choice = policy.choose(journey, test::plain_address(here + 1), members, world.rng);
        AIP_ASSERT(choice.has_value());
        journey = *depart(journey, choice->plan());
        return static_cast<size_t>(static_cast<uint64_t>(choice->node.interface_id()) - 1);
    });
}

Outcome random_walk(uint64_t seed) {
    World world(seed);
    return walk(
        world, [&](size_t here, JourneyRecord&) { return world.near[here][world.rng.below(world.near[here].size())]; });
}

constexpr int kSeeds = 20;

template <class Run>
std::pair<double, double> mean_of(Run run) {
    double divergence = 0, visited = 0;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const Outcome outcome = run(seed);
        divergence += outcome.divergence_at_50;
        visited += static_cast<double>(outcome.visited_by_100);
    }
    return {divergence / kSeeds, visited / kSeeds};
}

TEST(CoverageWalk, SeesTheGlobalMixAndNearlyEveryNode) {
    const auto [divergence, visited] = mean_of(coverage_walk);
    RecordProperty("divergence_at_50", std::to_string(divergence));
    RecordProperty("visited_by_100", std::to_string(visited));
    EXPECT_LT(divergence, 0.02);
    EXPECT_GE(visited, 49);
}

TEST(CoverageWalk, ARandomWalkIsClearlyWorse) {
    const auto [divergence, visited] = mean_of(random_walk);
    RecordProperty("divergence_at_50", std::to_string(divergence));
    RecordProperty("visited_by_100", std::to_string(visited));
    EXPECT_GT(divergence, 5 * mean_of(coverage_walk).first);
    EXPECT_LT(visited, 40);
}

}  // namespace
}  // namespace aip::routing
