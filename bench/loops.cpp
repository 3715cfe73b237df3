// loops: Babel speakers through at least a million random events (sim/babel_chaos.hpp), in worlds of 8 to 16 nodes of
// 50,000 events each; after every event every route that changed is followed for every destination. Then the same with
// the feasibility condition switched off, where loops must appear: that shows the checker sees them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "sim/babel_chaos.hpp"

namespace {

using namespace aip;

constexpr uint64_t kEventsOfOneWorld = 50'000;

sim::BabelChaosResult run(uint64_t seed, uint64_t events, bool check_feasibility) {
    sim::BabelChaosResult sum;
    for (; sum.events < events; ++seed) {
        const uint64_t now = std::min(kEventsOfOneWorld, events - sum.events);
        const auto result = sim::run_babel_chaos({seed, now, check_feasibility});
        sum.events += result.events;
        sum.loops += result.loops;
        if (sum.first_loop.empty() && !result.first_loop.empty())
            sum.first_loop = "seed " + std::to_string(seed) + ", " + result.first_loop;
        std::fprintf(stderr, "\r%s: %llu events, %llu loops ", check_feasibility ? "feasible routes" : "without",
                     static_cast<unsigned long long>(sum.events), static_cast<unsigned long long>(sum.loops));
    }
    std::fprintf(stderr, "\n");
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    uint64_t events = 1'000'000, seed = 1;
    bool json = false, smoke = false;
    CLI::App app("routing loops in random events: none, and many without the feasibility condition");
    app.add_option("--events", events, "at least so many")
        ->check(CLI::Range(1'000ul, 1'000'000'000ul))
        ->capture_default_str();
    app.add_option("--seed", seed, "of the first world")->capture_default_str();
    app.add_flag("--json", json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "50,000 events: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) events = kEventsOfOneWorld;
    const auto with = run(seed, events, true);
    const auto without = run(seed, std::min<uint64_t>(events, 200'000), false);
    std::printf("%llu events: %llu loops; without the feasibility condition, %llu events: %llu loops\n",
                static_cast<unsigned long long>(with.events), static_cast<unsigned long long>(with.loops),
                static_cast<unsigned long long>(without.events), static_cast<unsigned long long>(without.loops));
    if (!with.first_loop.empty()) std::printf("first loop: %s\n", with.first_loop.c_str());
    if (json)
        std::printf("%s\n", nlohmann::json{{"events", with.events},
                                           {"loops", with.loops},
                                           {"events_without_feasibility", without.events},
                                           {"loops_without_feasibility", without.loops}}
                                .dump()
                                .c_str());
    return with.loops == 0 && without.loops > 0 ? 0 : 1;
}
