// fib: cycles per lookup of a route, in bursts of 32 as the forwarder does it. Our table in bulk and one by one, beside
// rte_hash (bulk) and rte_fib6 (bulk) with the same random ids and the same random queries, in rounds that take turns;
// the median round counts. Every answer of every table is checked first. Cycles are those of the time stamp counter.
#include <x86intrin.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "bench/fib_peers.hpp"
#include "dataplane/dpdk/eal.hpp"
#include "dataplane/fib.hpp"

namespace {

using namespace aip;
using namespace aip::bench;

struct Options {
    size_t queries = 65'536;
    size_t rounds = 31;
    bool json = false;
};

class Bulk : public Table {
public:
    Bulk(const dataplane::Fib& fib, const std::vector<InterfaceId>& queries) : fib_(fib), queries_(queries) {}
    void lookup(size_t first) override { fib_.find_bulk(std::span(queries_).subspan(first, hops_.size()), hops_); }
    uint64_t port(size_t i) const override { return hops_[i] == nullptr ? kNoRoute : hops_[i]->port; }

protected:
    const dataplane::Fib& fib_;
    const std::vector<InterfaceId>& queries_;
    std::array<const dataplane::NextHop*, limits::kBurstMax> hops_{};
};

class Single final : public Bulk {
public:
    using Bulk::Bulk;
    void lookup(size_t first) override {
        for (size_t i = 0; i < hops_.size(); ++i) hops_[i] = fib_.find(queries_[first + i]);
    }
};

struct Contender {
    std::string name;
    std::unique_ptr<Table> table;
    std::vector<double> cycles{};  // of each round
};

struct Row {
    size_t routes;
    double hit_rate;
    std::vector<std::pair<std::string, double>> cycles;
    std::string missing;
};

std::vector<Route> random_routes(size_t count, Rng& rng) {
    std::vector<Route> routes;
    for (size_t i = 0; i < count; ++i) routes.push_back({InterfaceId{rng.next()}, static_cast<uint16_t>(i % 64)});
    return routes;
}

std::vector<InterfaceId> random_queries(const std::vector<Route>& routes, double hit_rate, size_t count, Rng& rng) {
    std::vector<InterfaceId> queries;
    for (size_t i = 0; i < count; ++i)
        queries.push_back(rng.chance(hit_rate) ? routes[rng.below(routes.size())].id : InterfaceId{rng.next()});
    return queries;
}

std::vector<uint64_t> answers(Table& table, size_t queries) {
    std::vector<uint64_t> ports;
    for (size_t at = 0; at < queries; at += limits::kBurstMax) {
        table.lookup(at);
        for (size_t i = 0; i < limits::kBurstMax; ++i) ports.push_back(table.port(i));
    }
    return ports;
}

void measure(std::vector<Contender>& contenders, const Options& options) {
    const auto expected = answers(*contenders[0].table, options.queries);
    for (const Contender& one : contenders) AIP_ASSERT(answers(*one.table, options.queries) == expected);
    for (size_t round = 0; round < options.rounds; ++round) {
        for (Contender& one : contenders) {
            const uint64_t start = __rdtsc();
            for (size_t at = 0; at < options.queries; at += limits::kBurstMax) one.table->lookup(at);
            one.cycles.push_back(static_cast<double>(__rdtsc() - start) / static_cast<double>(options.queries));
        }
    }
    for (Contender& one : contenders) std::sort(one.cycles.begin(), one.cycles.end());
}

Row run(size_t count, double hit_rate, const Options& options) {
    SeededRng rng(count);
    const auto routes = random_routes(count, rng);
    const auto queries = random_queries(routes, hit_rate, options.queries, rng);
    dataplane::FibBuilder builder(rng.next());
    for (const Route& route : routes) AIP_ASSERT(builder.add(route.id, {route.port, 1500, {}}));
    const auto fib = builder.build();

    Row row{count, hit_rate, {}, {}};
    std::vector<Contender> contenders;
    contenders.push_back({"bulk", std::make_unique<Bulk>(*fib, queries)});
    contenders.push_back({"single", std::make_unique<Single>(*fib, queries)});
    const auto enter = [&](const char* name, TableMade made) {
        if (made.table == nullptr) {
            row.missing += std::string("  ") + name + ": " + made.why_not;
        } else {
            contenders.push_back({name, std::move(made.table)});
        }
    };
    enter("rte_hash", make_rte_hash(routes, queries));
    enter("rte_fib6", make_rte_fib6(routes, queries));
    measure(contenders, options);
    for (const Contender& one : contenders) row.cycles.emplace_back(one.name, one.cycles[one.cycles.size() / 2]);
    return row;
}

void print(const Row& row, nlohmann::json& json) {
    const double bulk = row.cycles[0].second;
    nlohmann::json object{{"routes", row.routes}, {"hit_rate", row.hit_rate}};
    std::printf("%6zu routes, %3.0f %% hits:", row.routes, row.hit_rate * 100);
    for (const auto& [name, cycles] : row.cycles) {
        std::printf("  %s %.1f", name.c_str(), cycles);
        object[name] = cycles;
        if (name == "bulk") continue;
        std::printf(" (%.2f)", cycles / bulk);
        object["ratio_" + name] = cycles / bulk;
    }
    std::printf("%s\n", row.missing.c_str());
    json["rows"].push_back(std::move(object));
    if (row.routes == 10'000 && row.hit_rate == 1.0) json["bulk_10000"] = bulk;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool smoke = false;
    CLI::App app("Cycles per route lookup, beside rte_hash and rte_fib6");
    app.add_option("--rounds", options.rounds, "the median counts")->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_flag("--json", options.json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "one round of the two smaller tables: only that it runs");
    CLI11_PARSE(app, argc, argv);
    // No huge pages; room for the trie of 65,000 hosts.
    const auto eal = dataplane::DpdkEal::start({.memory_mb = smoke ? 256u : 2048u});
    if (!eal) {
        std::fprintf(stderr, "fib: %s\n", eal.error().text.c_str());
        return 1;
    }
    std::vector<size_t> sizes = {100, 1'000, 10'000, 65'000};
    if (smoke) {
        options.rounds = 1;
        sizes.resize(2);
    }
    std::printf("cycles per lookup in bursts of %u, median of %zu rounds; in brackets: times our bulk\n",
                limits::kBurstMax, options.rounds);
    nlohmann::json json;
    for (const size_t count : sizes)
        for (const double hit_rate : {1.0, 0.5}) print(run(count, hit_rate, options), json);
    if (options.json) std::printf("%s\n", json.dump().c_str());
    return 0;
}
