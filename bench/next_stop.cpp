// next_stop: how well each next-stop policy makes a model see the whole network's data. 50 nodes of mean degree 6,
// every node with its own interest table filled by signed gossip (sim/walk.hpp); what is counted is distinct nodes
// visited and D(global || seen) of the stops completed within 25, 50 and 100 one-hop transmissions. Then the price of
// privacy: the same with few samples and Laplace noise on what is published; and how long one decision takes.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/next_stop_walks.hpp"

namespace {

using namespace aip::bench;
using nlohmann::json;

constexpr double kEpsilonOfTheTarget = 0.5;
constexpr uint64_t kFewSamples = 60;

struct Options {
    uint64_t seeds = 200;
    unsigned threads = std::max(1u, std::min(4u, std::thread::hardware_concurrency()));
    double theta = aip::routing::RoutingWeights{}.theta;
    std::string plot;
    std::string stops;
    bool json = false;
};

std::vector<std::string> all_policies() {
    return {"coverage", "compute", "random-walk", "metropolis-hastings", "kl-nearest", "itinerary"};
}

json figures_of(const Means& means) {
    return {{"kl_25", means.divergence[25]},   {"kl_50", means.divergence[50]},   {"kl_100", means.divergence[100]},
            {"visited_25", means.visited[25]}, {"visited_50", means.visited[50]}, {"visited_100", means.visited[100]},
            {"stops_100", means.stops[100]}};
}

std::map<std::string, Means> compare_policies(const Options& options, double alpha, std::FILE* stops) {
    const auto means = run({alpha, 600, 0, all_policies(), options.seeds, options.theta}, options.threads, stops);
    std::printf("alpha %.1f, %lu seeds        divergence / nodes visited after 25, 50, 100 transmissions\n", alpha,
                options.seeds);
    for (const std::string& policy : all_policies()) {
        const Means& m = means.at(policy);
        std::printf("  %-20s", policy.c_str());
        for (const size_t sent : {25, 50, 100}) std::printf("   %.4f / %4.1f", m.divergence[sent], m.visited[sent]);
        std::printf("   (%.1f stops)\n", m.stops[100]);
    }
    return means;
}

// Every row beside the same worlds without noise.
json price_of_privacy(const Options& options, std::FILE* stops) {
    std::printf("coverage with %lu samples a node and Laplace noise on the published counts\n", kFewSamples);
    json table = json::array();
    std::map<uint64_t, Means> clean;
    const auto coverage = [&](double epsilon, uint64_t seeds) {
        return run({0.1, kFewSamples, epsilon, {"coverage"}, seeds, options.theta}, options.threads, stops)
            .at("coverage");
    };
    for (const double epsilon : {0.1, 0.2, kEpsilonOfTheTarget, 1.0, 2.0, 5.0, 10.0}) {
        const uint64_t seeds =
            epsilon == kEpsilonOfTheTarget ? options.seeds : std::max<uint64_t>(1, options.seeds / 4);
        if (!clean.contains(seeds)) clean[seeds] = coverage(0, seeds);
        const Means noisy = coverage(epsilon, seeds);
        const auto worse = [&](size_t sent) { return noisy.divergence[sent] / clean[seeds].divergence[sent] - 1; };
        json row = figures_of(noisy);
        row.update({{"epsilon", epsilon}, {"seeds", seeds}, {"worse_25", worse(25)}, {"worse_50", worse(50)}});
        table.push_back(row);
        std::printf(
            "  epsilon %-5.1f %.4f (%+5.1f %%) after 25, %.4f (%+5.1f %%) after 50, %.1f nodes after 100; %lu seeds\n",
            epsilon, noisy.divergence[25], 100 * worse(25), noisy.divergence[50], 100 * worse(50), noisy.visited[100],
            seeds);
    }
    return table;
}

int report(const Options& options, std::FILE* stops) {
    json out;
    const auto skewed = compare_policies(options, 0.1, stops);
    for (const auto& [policy, means] : skewed) out[policy] = figures_of(means);
    for (const auto& [policy, means] : compare_policies(options, 0.5, stops))
        out["alpha_0.5"][policy] = figures_of(means);
    out["privacy"] = price_of_privacy(options, stops);
    const DecisionTimes times = time_decisions();
    out["decision_us_1000"] = times.choose;
    out["gather_us_1000"] = times.gather;
    out["seeds"] = options.seeds;
    std::printf("a decision over 1,000 candidates: %.0f us, and %.0f us to gather them from the tables\n", times.choose,
                times.gather);
    if (!options.plot.empty() && !(std::ofstream(options.plot) << plot_svg(skewed))) {
        std::fprintf(stderr, "next_stop: cannot write %s\n", options.plot.c_str());
        return 1;
    }
    if (options.json) std::printf("%s\n", out.dump().c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool smoke = false;
    CLI::App app("next-stop policies walking 50 simulated nodes");
    app.add_option("--seeds", options.seeds, "worlds")->check(CLI::Range(1, 100000))->capture_default_str();
    app.add_option("--threads", options.threads)->check(CLI::Range(1, 64))->capture_default_str();
    app.add_option("--theta", options.theta, "of coverage, in nats")
        ->check(CLI::Range(0.0, 10.0))
        ->capture_default_str();
    app.add_option("--plot", options.plot, "write the curves of alpha 0.1 as SVG");
    app.add_option("--stops", options.stops, "write every walk with its graph and shares, a JSON object a line");
    app.add_flag("--json", options.json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "4 seeds: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) options.seeds = 4;
    std::FILE* stops = options.stops.empty() ? nullptr : std::fopen(options.stops.c_str(), "w");
    if (!options.stops.empty() && stops == nullptr) {
        std::fprintf(stderr, "next_stop: cannot write %s\n", options.stops.c_str());
        return 1;
    }
    int status = report(options, stops);
    if (stops != nullptr && std::fclose(stops) != 0) {
        std::fprintf(stderr, "next_stop: cannot write %s; is the disk full?\n", options.stops.c_str());
        status = 1;
    }
    return status;
}
