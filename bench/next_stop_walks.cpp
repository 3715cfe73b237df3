#include "bench/next_stop_walks.hpp"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <thread>

#include "sim/walk.hpp"

namespace aip::bench {
namespace {

std::vector<sim::WalkPlan> plans_for(const Setting& setting, size_t nodes, uint64_t seed) {
    SeededRng rng(seed + 1'000);
    const size_t start = rng.below(nodes);
    std::vector<size_t> shuffled(nodes);
    std::iota(shuffled.begin(), shuffled.end(), size_t{0});
    for (size_t i = nodes - 1; i > 0; --i) std::swap(shuffled[i], shuffled[rng.below(i + 1)]);
    std::vector<sim::WalkPlan> plans;
    for (const std::string& policy : setting.policies) {
        sim::WalkPlan plan;
        plan.policy = policy;
        plan.weights.theta = setting.theta;
        plan.start = start;
        plan.seed = rng.next();
        plan.transmissions = kTransmissions;
        if (policy == "itinerary") plan.itinerary = shuffled;
        plans.push_back(std::move(plan));
    }
    return plans;
}

void add_walk(Means& means, const sim::Scatter& world, const std::vector<sim::WalkStop>& walk, double weight) {
    std::vector<size_t> done;
    std::set<size_t> visited;
    size_t next = 0;
    double divergence = 0;
    for (uint32_t sent = 0; sent <= kTransmissions; ++sent) {
        const size_t before = next;
        for (; next < walk.size() && walk[next].sent <= sent; ++next) {
            done.push_back(walk[next].node);
            visited.insert(walk[next].node);
        }
        if (next > before) divergence = world.divergence(done);
        means.divergence[sent] += weight * divergence;
        means.visited[sent] += weight * static_cast<double>(visited.size());
        means.stops[sent] += weight * static_cast<double>(done.size());
    }
}

std::string stops_line(const Setting& setting, const sim::Scatter& world, uint64_t seed, const std::string& policy,
                       const std::vector<sim::WalkStop>& walk) {
    nlohmann::json line{{"alpha", setting.alpha}, {"samples", setting.samples}, {"seed", seed},
                        {"policy", policy},       {"edges", world.edges},       {"shares", world.shares}};
    line["epsilon"] = setting.epsilon > 0 ? nlohmann::json(setting.epsilon) : nlohmann::json();
    for (const sim::WalkStop& stop : walk) line["stops"].push_back({stop.node, stop.sent});
    return line.dump() + "\n";
}

struct OneSeed {
    sim::Scatter world;
    std::vector<std::vector<sim::WalkStop>> walks;  // by policy
};

OneSeed run_seed(sim::WalkCast& cast, const Setting& setting, uint64_t seed) {
    sim::ScatterOptions scatter;
    scatter.nodes = cast.size();
    scatter.alpha = setting.alpha;
    OneSeed out{sim::make_scatter(seed, scatter), {}};
    sim::WalkOptions options;
    options.samples = setting.samples;
    options.samples_per_second = static_cast<double>(setting.samples);
    options.epsilon = setting.epsilon;
    std::vector<std::vector<uint64_t>> labels;
    for (size_t i = 0; i < cast.size(); ++i) labels.push_back(out.world.counts(i, setting.samples));
    sim::WalkNet net(cast, out.world, labels, seed, options);
    const bool full = net.gossip(Duration::seconds(300));
    AIP_ASSERT(full);
    const auto& policies = setting.policies;
    if (std::find(policies.begin(), policies.end(), "metropolis-hastings") != policies.end())
        net.run(Duration::seconds(15));  // in which members tell how many neighbours they have
    out.walks = net.walk(plans_for(setting, cast.size(), seed));
    return out;
}

}  // namespace

std::map<std::string, Means> run(const Setting& setting, unsigned threads, std::FILE* stops_file) {
    std::vector<OneSeed> results(setting.seeds);
    std::vector<std::thread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
        workers.emplace_back([&, worker] {
            sim::WalkCast cast(sim::ScatterOptions{}.nodes);
            for (uint64_t i = worker; i < setting.seeds; i += threads) results[i] = run_seed(cast, setting, i + 1);
        });
    }
    for (std::thread& worker : workers) worker.join();
    std::map<std::string, Means> means;
    for (uint64_t i = 0; i < setting.seeds; ++i) {
        for (size_t p = 0; p < setting.policies.size(); ++p) {
            const auto& walk = results[i].walks[p];
            add_walk(means[setting.policies[p]], results[i].world, walk, 1 / static_cast<double>(setting.seeds));
            if (stops_file == nullptr) continue;
            const std::string line = stops_line(setting, results[i].world, i + 1, setting.policies[p], walk);
            std::fwrite(line.data(), 1, line.size(), stops_file);
        }
    }
    return means;
}

}  // namespace aip::bench
