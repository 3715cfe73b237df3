// The simulated part of the bench `routing`: convergence of a 49-node grid and of 1,000 nodes, repair of links that
// die, and what routing costs on a link that is idle. 49 nodes and idle links are whole nodes (introductions included);
// the rest are Babel speakers alone. Time is simulated: these figures do not depend on the machine.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "sim/babel_world.hpp"
#include "sim/network.hpp"

namespace {

using namespace aip;

double seconds_of(Duration d) { return d.count_s(); }

std::vector<std::pair<size_t, size_t>> grid_links(size_t side) {
    std::vector<std::pair<size_t, size_t>> links;
    for (size_t i = 0; i < side * side; ++i) {
        if (i % side + 1 < side) links.emplace_back(i, i + 1);
        if (i + side < side * side) links.emplace_back(i, i + side);
    }
    return links;
}

struct WholeNodes {
    double converged_s = 0;
    double megabytes = 0;         // of all links until then
    double idle_bytes_per_s = 0;  // that a node sends to one neighbour, in the minute after
};

WholeNodes grid_of_nodes(size_t side, Duration hello) {
    sim::Network network(1);
    sim::MachineOptions machine;
    machine.settings.hello_interval = hello;
    for (size_t i = 0; i < side * side; ++i) network.add_node(machine);
    const auto links = grid_links(side);
    for (const auto& link : links) network.link(link.first, link.second);
    AIP_ASSERT(network.start().has_value());
    const Instant start = network.queue().now();
    Instant check_at = start;
    const auto full = [&] {
        if (network.queue().now() < check_at) return false;
        check_at = network.queue().now() + Duration::milliseconds(5);
        for (size_t i = 0; i < network.size(); ++i)
            if (network.machine(i).node().routes().table().size() + 1 < network.size()) return false;
        return true;
    };
    WholeNodes out;
    AIP_ASSERT(network.run(Duration::seconds(60), full) == sim::Network::End::kDone);
    out.converged_s = seconds_of(network.queue().now() - start);
    out.megabytes = static_cast<double>(network.wire_bytes()) / 1e6;
    network.run(Duration::seconds(20), [] { return false; });  // the last news has gone round
    const uint64_t before = network.wire_bytes();
    network.run(Duration::seconds(60), [] { return false; });
    out.idle_bytes_per_s =
        static_cast<double>(network.wire_bytes() - before) / 60 / static_cast<double>(2 * links.size());
    return out;
}

// A random geometric graph of this mean degree, its parts joined by their shortest bridges.
void lay_geometric(sim::BabelWorld& world, size_t nodes, double degree) {
    std::vector<std::pair<double, double>> at(nodes);
    for (auto& point : at) {
        point.first = world.rng().unit();
        point.second = world.rng().unit();
        world.add_node();
    }
    std::vector<std::tuple<double, size_t, size_t>> pairs;
    for (size_t i = 0; i < nodes; ++i)
        for (size_t j = 0; j < i; ++j)
            pairs.emplace_back(std::hypot(at[i].first - at[j].first, at[i].second - at[j].second), i, j);
    std::sort(pairs.begin(), pairs.end());
    std::vector<size_t> part(nodes);
    for (size_t i = 0; i < nodes; ++i) part[i] = i;
    const auto root = [&](size_t i) {
        while (part[i] != i) i = part[i] = part[part[i]];
        return i;
    };
    const auto wanted = static_cast<size_t>(static_cast<double>(nodes) * degree / 2);
    for (size_t k = 0; k < pairs.size(); ++k) {
        const size_t i = std::get<1>(pairs[k]), j = std::get<2>(pairs[k]);
        if (k >= wanted && root(i) == root(j)) continue;
        world.link(i, j, {});
        part[root(i)] = root(j);
    }
}

double converge(size_t nodes) {
    sim::BabelWorld world({});
    lay_geometric(world, nodes, 6);
    const Instant start = world.queue().now();
    Instant check_at = start;
    const bool done = world.run(Duration::seconds(120), [&] {
        if (world.queue().now() < check_at) return false;
        check_at = world.queue().now() + Duration::milliseconds(50);
        return world.tables_are_full();
    });
    AIP_ASSERT(done);
    return seconds_of(world.queue().now() - start);
}

// How long a path that is in use stays broken when one of its links dies and there is another way.
std::vector<double> repairs(size_t trials, bool told) {
    std::vector<double> seconds;
    for (uint64_t seed = 1; seconds.size() < trials; ++seed) {
        sim::BabelWorldOptions options;
        options.seed = seed;
        options.interface.hello_interval = Duration::milliseconds(200);
        sim::BabelWorld world(options);
        for (size_t i = 0; i < 16; ++i) world.add_node();
        for (const auto& link : grid_links(4)) world.link(link.first, link.second, {});
        world.run(Duration::milliseconds(20'000 + static_cast<int64_t>(world.rng().below(1000))), [] { return false; });
        const size_t link = world.rng().below(world.links());
        const size_t a = world.other_end(link, SIZE_MAX), b = world.other_end(link, a);
        std::vector<std::pair<size_t, size_t>> broken;  // who used it, for what
        for (size_t to = 0; to < world.size(); ++to)
            for (const size_t from : {a, b})
                if (to != from && world.next_hop(from, to) == world.other_end(link, from))
                    broken.emplace_back(from, to);
        if (told)
            world.set_down(link, true);
        else
            world.set_silent(link, true);
        const Instant start = world.queue().now();
        const bool done = world.run(Duration::seconds(30), [&] {
            return std::all_of(broken.begin(), broken.end(),
                               [&](const auto& pair) { return world.reaches(pair.first, pair.second); });
        });
        AIP_ASSERT(done);
        seconds.push_back(seconds_of(world.queue().now() - start));
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds;
}

double p95(const std::vector<double>& sorted) { return sorted[sorted.size() * 95 / 100]; }

}  // namespace

int main(int argc, char** argv) {
    bool json = false, smoke = false;
    CLI::App app("routing in the simulator: convergence, repair, cost");
    app.add_flag("--json", json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "small: only that it runs");
    CLI11_PARSE(app, argc, argv);
    const size_t trials = smoke ? 10 : 200;
    const WholeNodes grid = grid_of_nodes(7, Duration::seconds(1));
    const double idle = grid_of_nodes(4, Duration::milliseconds(200)).idle_bytes_per_s;
    const auto silent = repairs(trials, false);
    const auto told = repairs(trials, true);
    const size_t many = smoke ? 100 : 1000;
    const double many_s = converge(many);
    std::printf("49-node grid, whole nodes        %.3f s, %.3f MB in all   (target 3 s, 0.5 MB)\n", grid.converged_s,
                grid.megabytes);
    std::printf("%zu nodes, mean degree 6        %.2f s                  (target 30 s)\n", many, many_s);
    std::printf("link dies silently, Hello 200 ms median %.3f s, p95 %.3f s (target 1 s)\n", silent[silent.size() / 2],
                p95(silent));
    std::printf("link goes down                   median %.4f s, p95 %.4f s (target 0.05 s)\n", told[told.size() / 2],
                p95(told));
    std::printf("idle, Hello 200 ms               %.0f B/s to each neighbour (target 1,000)\n", idle);
    if (json)
        std::printf("%s\n", nlohmann::json{{"converge_s_49", grid.converged_s},
                                           {"bytes_49", grid.megabytes * 1e6},
                                           {"converge_s_1000", many_s},
                                           {"repair_p50_s", silent[silent.size() / 2]},
                                           {"repair_p95_s", p95(silent)},
                                           {"repair_told_p95_s", p95(told)},
                                           {"idle_bytes_per_s", idle}}
                                .dump()
                                .c_str());
    return 0;
}
