// What gossip of interest costs: nodes scattered in a square, mean degree 6, every one a member of every task, with the
// exchange and table of the daemon. A packet goes along a shortest path and is counted, headers and all, on each of its
// links. Signatures are real, but each is verified once for all nodes: the rest of the check is every node's own.
// State is what malloc says the exchanges hold, divided by nodes, members and tasks, less the labels as they travel.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "routing/interest.hpp"
#include "sim/event_queue.hpp"
#include "sim/keys.hpp"
#include "sim/scatter.hpp"
#include "sim/shared_verifier.hpp"

namespace aip::bench {
namespace {

constexpr size_t kLabels = 10;
constexpr size_t kSketchBytes = kLabels * sizeof(uint32_t);
constexpr Duration kLinkDelay = Duration::milliseconds(2);

struct Options {
    size_t nodes = 1000;
    size_t tasks = 8;
    int64_t seconds = 600;
    uint64_t seed = 1;
    bool json = false;
};

class Net {
public:
    explicit Net(const Options& options)
        : options_(options),
          world_(sim::make_scatter(options.seed, {options.nodes, 6, kLabels, 0.1})),
          rng_(options.seed),
          root_(sim::make_root(options.seed)),
          verifier_(root_.public_key()),
          bytes_(options.nodes) {
        for (size_t i = 0; i < options.nodes; ++i) {
            signers_.push_back(sim::make_signer(i, root_));
            index_.emplace(signers_[i].self().address, i);
            for (const size_t j : world_.near[i]) bytes_[i].emplace_back(j, 0);
        }
        wakes_.assign(options.nodes, Instant::never());
    }

    void start() {
        before_ = mallinfo2().uordblks;
        for (size_t i = 0; i < options_.nodes; ++i) {
            exchanges_.push_back(
                std::make_unique<routing::InterestExchange>(signers_[i], verifier_, rng_, routing::InterestOptions{}));
            std::vector<routing::Reach> reach;
            for (size_t j = 0; j < options_.nodes; ++j)
                reach.push_back(
                    {signers_[j].self().address, static_cast<double>(world_.hops[i][j]), world_.hops[i][j] == 1});
            exchanges_[i]->set_reachable(reach, queue_.now());
            for (size_t t = 0; t < options_.tasks; ++t) {
                routing::LocalInterest local{{world_.counts(i, 600), {}}, 600, 600, uint64_t{8} << 30};
                AIP_ASSERT(exchanges_[i]->set("task-" + std::to_string(t), std::move(local), queue_.now()));
                VersionId version;
                version.bytes.fill(static_cast<uint8_t>(1 + t));
                exchanges_[i]->set_busy("task-" + std::to_string(t), 1, version, queue_.now());
            }
            // A network does not come up in one instant, and its refreshes are spread over their interval.
            queue_.after(Duration::milliseconds(static_cast<int64_t>(rng_.below(10'000))), [this, i] { wake(i); });
        }
    }
    bool full() const {
        return std::all_of(exchanges_.begin(), exchanges_.end(), [&](const auto& exchange) {
            return exchange->table().size() == options_.nodes * options_.tasks;
        });
    }
    bool run_until_full(Duration limit) {
        const Instant end = queue_.now() + limit;
        while (!full() && queue_.now() < end) run(Duration::seconds(1));
        return full();
    }
    void run(Duration time) {
        const Instant end = queue_.now() + time;
        bool over = false;
        queue_.at(end, [&over] { over = true; });
        while (!over) queue_.run_one();
    }
    void forget_bytes() {
        for (auto& links : bytes_)
            for (auto& [to, bytes] : links) bytes = 0;
    }
    // Bytes a second of every link, both directions together.
    std::vector<double> rates(Duration time) const {
        std::vector<double> out;
        for (size_t i = 0; i < bytes_.size(); ++i)
            for (const auto& [j, bytes] : bytes_[i])
                if (i < j) out.push_back(static_cast<double>(bytes + there(j, i)) / time.count_s());
        std::sort(out.begin(), out.end());
        return out;
    }
    double state_bytes() const {
        const auto held = static_cast<double>(mallinfo2().uordblks - before_);
        const auto n = static_cast<double>(options_.nodes);
        return held / (n * n * static_cast<double>(options_.tasks)) - kSketchBytes;
    }
    uint64_t checks() const {
        uint64_t sum = 0;
        for (const auto& exchange : exchanges_) sum += exchange->signature_checks();
        return sum;
    }
    Instant now() const { return queue_.now(); }

private:
    uint64_t there(size_t from, size_t to) const {
        for (const auto& [j, bytes] : bytes_[from])
            if (j == to) return bytes;
        return 0;
    }
    void wake(size_t i) {
        wakes_[i] = Instant::never();
        for (routing::InterestOut& out : exchanges_[i]->poll(queue_.now(), queue_.wall())) send(i, std::move(out));
        const Instant at = std::max(exchanges_[i]->next_wakeup(), queue_.now() + Duration::milliseconds(1));
        if (at == Instant::never()) return;
        wakes_[i] = at;
        queue_.at(at, [this, i, at] {
            if (wakes_[i] == at) wake(i);
        });
    }
    void send(size_t from, routing::InterestOut out) {
        const size_t to = index_.at(out.to);
        const size_t bytes = out.payload.size() + aipacket::kPacketOverhead;
        size_t at = from;
        while (at != to) {
            auto& links = bytes_[at];
            size_t best = 0;
            while (world_.hops[links[best].first][to] + 1 != world_.hops[at][to]) ++best;
            links[best].second += bytes;
            at = links[best].first;
        }
        queue_.after(kLinkDelay * world_.hops[from][to], [this, from, to, out = std::move(out)] {
            exchanges_[to]->on_packet(out.kind, signers_[from].self().address, out.payload, queue_.now(),
                                      queue_.wall());
            wake(to);
        });
    }

    Options options_;
    sim::Scatter world_;
    SeededRng rng_;
    crypto::SecretKey root_;
    sim::SharedVerifier verifier_;
    sim::EventQueue queue_;
    std::vector<crypto::Signer> signers_;
    std::unordered_map<Address, size_t> index_;
    std::vector<std::vector<std::pair<size_t, uint64_t>>> bytes_;  // of a node, by link
    std::vector<std::unique_ptr<routing::InterestExchange>> exchanges_;
    std::vector<Instant> wakes_;
    size_t before_ = 0;
};

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

int report(const Options& options) {
    Net net(options);
    const Instant begin = net.now();
    net.start();
    const bool full = net.run_until_full(Duration::seconds(600));
    const Duration fill = net.now() - begin;
    net.run(Duration::seconds(30));  // in which members tell how many neighbours they have
    const Duration start = net.now() - begin;
    const auto starting = net.rates(start);
    const double start_kb_max = starting.back() * start.count_s() / 1e3;
    std::printf("%zu nodes, %zu tasks: every table %s after %.0f s; in %.0f s %.1f kB on a link, most on one %.1f kB\n",
                options.nodes, options.tasks, full ? "full" : "NOT full", fill.count_s(), start.count_s(),
                mean(starting) * start.count_s() / 1e3, start_kb_max);
    net.forget_bytes();
    const uint64_t checks = net.checks();
    const Duration time = Duration::seconds(options.seconds);
    net.run(time);
    const auto rates = net.rates(time);
    const double per_node = static_cast<double>(net.checks() - checks) / static_cast<double>(options.nodes);
    const double state = net.state_bytes();
    std::printf("%lld s of refreshes: %.2f kB/s on a link, p95 %.2f, most on one %.2f (target 10)\n",
                static_cast<long long>(options.seconds), mean(rates) / 1e3, rates[rates.size() * 95 / 100] / 1e3,
                rates.back() / 1e3);
    std::printf(
        "state: %.0f bytes per node and task beside the sketch (target 256); %.1f signatures checked a second\n", state,
        per_node / time.count_s());
    if (options.json) {
        const nlohmann::json out{{"nodes", options.nodes},
                                 {"tasks", options.tasks},
                                 {"full", full && net.full()},
                                 {"fill_s", fill.count_s()},
                                 {"start_kb_link_max", start_kb_max},
                                 {"kb_s_link_mean", mean(rates) / 1e3},
                                 {"kb_s_link_p95", rates[rates.size() * 95 / 100] / 1e3},
                                 {"kb_s_link_max", rates.back() / 1e3},
                                 {"state_bytes", state},
                                 {"checks_per_s", per_node / time.count_s()}};
        std::printf("%s\n", out.dump().c_str());
    }
    return full ? 0 : 1;
}

}  // namespace
}  // namespace aip::bench

int main(int argc, char** argv) {
    aip::bench::Options options;
    bool smoke = false;
    CLI::App app("gossip of interest in a simulated network");
    app.add_option("--nodes", options.nodes)->check(CLI::Range(2, 4000))->capture_default_str();
    app.add_option("--tasks", options.tasks)->check(CLI::Range(1, 16))->capture_default_str();
    app.add_option("--seconds", options.seconds, "after the tables are full")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    app.add_option("--seed", options.seed)->capture_default_str();
    app.add_flag("--json", options.json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "50 nodes: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) options.nodes = 50, options.seconds = 60;
    return aip::bench::report(options);
}
