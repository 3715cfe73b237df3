// poison: a share of the nodes poisons every model it trains, and the admission gate of the others stands against it
// (rfc/0013). As in `hops`, the nodes are the daemon's own code on the simulated network and really train an MLP-64 on
// Fashion-MNIST; here each holds back a tenth of its data, and a probe of a few images of every class is known to all.
// Honest and poisoned versions are told apart by who made them, so rejects are counted exactly. Accuracy is that of the
// versions that honest nodes made at the last 100 stops, on images that nobody trains on or measures with.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/poison_program.hpp"

namespace {

using namespace aip;
using namespace aip::bench;
using namespace aip::learning;

constexpr const char* kTask = "fashion";

struct Options {
    uint32_t stops = 1000;
    size_t side = 10;  // of the grid
    size_t classes = 2;
    size_t probe = 20;  // images of each class
    std::vector<double> shares{0.1, 0.2, 0.3};
    uint64_t seeds = 1;
    std::vector<std::string> attacks;
    routing::GateRules gate{true, 3, 0.3, 1, 0.5, 0.15, 1.5};
    SgdPlan plan{.steps = 5, .batch = 20, .sgd = {.learning_rate = 0.005f}};
    std::string data = kFashionMnistDir;
    bool json = false;
};

struct Case {
    Attack attack = Attack::kNone;
    double share = 0;
    bool gate = false;
    uint64_t seed = 1;
};

struct Figures {
    double accuracy = 0, backdoor = 0;
    uint64_t honest = 0, honest_rejected = 0, poisoned = 0, poisoned_accepted = 0;
    uint64_t runs = 0;

    void add(const Figures& other) {
        accuracy += other.accuracy;
        backdoor += other.backdoor;
        honest += other.honest;
        honest_rejected += other.honest_rejected;
        poisoned += other.poisoned;
        poisoned_accepted += other.poisoned_accepted;
        runs += other.runs;
    }
    double mean_accuracy() const { return accuracy / static_cast<double>(runs); }
    double mean_backdoor() const { return backdoor / static_cast<double>(runs); }
};

double share(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Data {
    FashionMnist images;
    Shard probe;  // of the test images behind those that are judged by
    Tests tests;
};

Result<Data> load(const Options& options) {
    AIP_ASSIGN(FashionMnist images, load_fashion_mnist(options.data));
    return Data{std::move(images), {}, {}};
}

void prepare(Data& data, const Options& options) {
    constexpr size_t kJudged = 100;
    const Shard judged = first_of_each_class(data.images.test, kJudged);
    data.tests.judged = std::min<uint32_t>(100, options.stops);
    data.tests.clean = data.images.test.batch(judged.rows);
    Shard others{&data.images.test, {}};
    for (const uint32_t row : judged.rows)
        if (data.images.test.labels()[row] != kBackdoorLabel) others.rows.push_back(row);
    data.tests.stamped = data.images.test.batch(others.rows);
    stamp(data.tests.stamped);
    std::fill(data.tests.stamped.labels.begin(), data.tests.stamped.labels.end(), kBackdoorLabel);
    const std::set<uint32_t> taken(judged.rows.begin(), judged.rows.end());
    data.probe.data = &data.images.test;
    for (const uint32_t row : first_of_each_class(data.images.test, kJudged + options.probe).rows)
        if (!taken.contains(row)) data.probe.rows.push_back(row);
}

class Run {
public:
    Run(const Options& options, const Data& data, const Case& what)
        : options_(options), data_(data), what_(what), rng_(what.seed), network_(what.seed) {}

    Result<Figures> operator()() {
        pick_poisoners();
        lay_grid();
        set_programs();
        AIP_TRY(network_.start());
        const auto ready = network_.run(Duration::seconds(120),
                                        [&] { return network_.queue().count() % 64 == 0 && tables_are_full(); });
        if (ready != sim::Network::End::kDone) return Error{ErrorCode::kTimeout, "the interest tables did not fill"};
        AIP_TRY(send_first());
        const auto end = network_.run(Duration::seconds(20'000), [&] { return has_ended(); });
        if (end != sim::Network::End::kDone)
            return Error{ErrorCode::kTimeout, "the journey did not end: " + network_.complaint()};
        return figures();
    }

private:
    size_t nodes() const { return options_.side * options_.side; }

    void pick_poisoners() {
        SeededRng rng(what_.seed ^ 0x706f69736f6eu);  // the same for every attack and with and without the gate
        const auto count = static_cast<size_t>(static_cast<double>(nodes()) * what_.share + 0.5);
        while (poisoners_.size() < count) poisoners_.insert(rng.below(nodes() - 1) + 1);  // the first sends the model
    }

    void lay_grid() {
        sim::MachineOptions machine;
        machine.settings.hello_interval = Duration::seconds(10);
        machine.settings.interest_refresh = Duration::seconds(600);
        for (size_t i = 0; i < nodes(); ++i) {
            const bool gate = what_.gate && !poisoners_.contains(i);
            machine.settings.open_task.admission.gate = gate ? options_.gate : routing::GateRules{};
            network_.add_node(machine);
        }
        sim::LinkOptions link;
        link.mtu = 9000;
        for (size_t i = 0; i < nodes(); ++i) {
            if (i % options_.side + 1 < options_.side) network_.link(i, i + 1, link);
            if (i + options_.side < nodes()) network_.link(i, i + options_.side, link);
        }
    }

    void set_programs() {
        auto shards = deal_classes(data_.images.train, nodes(), options_.classes, rng_);
        SgdPlan plan = options_.plan;
        plan.seed = what_.seed;
        for (size_t i = 0; i < nodes(); ++i) {
            const Attack attack = poisoners_.contains(i) ? what_.attack : Attack::kNone;
            programs_.push_back(
                std::make_unique<Program>(std::move(shards[i]), data_.probe, plan, attack, data_.tests, score_));
            network_.machine(i).set_program(programs_.back().get());
        }
    }

    Result<void> send_first() {
        const size_t widths[] = {data_.images.train.pixels(), 64, kClasses};
        AIP_ASSIGN(Bytes file, Mlp::create(widths, rng_).to_safetensors());
        network_.machine(0).node().send(1'000'000, {kTask, "mlp", node::OnJourney{options_.stops, "coverage"}},
                                        std::make_unique<model::OwnedSource>(std::move(file)), {},
                                        [](const Result<node::SentModel>& sent) { AIP_ASSERT(sent.has_value()); });
        network_.machine(0).wake();
        return {};
    }

    bool tables_are_full() {
        for (size_t i = 0; i < nodes(); ++i)
            if (network_.machine(i).node().interest().count(kTask) < nodes()) return false;
        return true;
    }

    bool has_ended() {
        for (size_t i = 0; i < nodes(); ++i)
            for (const auto& view : network_.machine(i).node().journeys().view())
                if (view.custody.state == node::CustodyState::kEnded) return true;
        return false;
    }

    Figures figures() {
        Figures out{score_.mean(), score_.backdoor_mean(), 0, 0, 0, 0, 1};
        std::set<Address> bad;
        for (const size_t i : poisoners_) bad.insert(network_.machine(i).address());
        for (size_t i = 0; i < nodes(); ++i) {
            if (poisoners_.contains(i)) continue;
            for (const auto& [from, count] : network_.machine(i).node().journeys().gate().reputations()) {
                const bool poisoned = what_.attack != Attack::kNone && bad.contains(from);
                (poisoned ? out.poisoned : out.honest) += count.accepted + count.rejected;
                if (poisoned)
                    out.poisoned_accepted += count.accepted;
                else
                    out.honest_rejected += count.rejected;
            }
        }
        return out;
    }

    const Options& options_;
    const Data& data_;
    Case what_;
    SeededRng rng_;
    std::set<size_t> poisoners_;
    Score score_;
    std::vector<std::unique_ptr<Program>> programs_;
    sim::Network network_;
};

struct Row {
    Attack attack;
    double share;
    Figures with, without;
};

Result<Figures> mean_of(const Options& options, const Data& data, Case what) {
    Figures sum;
    for (uint64_t seed = 0; seed < options.seeds; ++seed) {
        what.seed = options.plan.seed + seed;
        AIP_ASSIGN(const Figures one, Run(options, data, what)());
        sum.add(one);
    }
    return sum;
}

void print(const Row& row) {
    std::printf("%-13s %4.0f %% | %7.1f %10.1f | %8.1f %% %9.1f %% | %9.1f %9.1f\n",
                std::string(attack_name(row.attack)).c_str(), 100 * row.share, 100 * row.with.mean_accuracy(),
                100 * row.without.mean_accuracy(), 100 * share(row.with.honest_rejected, row.with.honest),
                100 * share(row.with.poisoned_accepted, row.with.poisoned), 100 * row.with.mean_backdoor(),
                100 * row.without.mean_backdoor());
    std::fflush(stdout);
}

nlohmann::json to_json(const Row& row) {
    return {{"attack", attack_name(row.attack)},
            {"share", row.share},
            {"accuracy_gate", row.with.mean_accuracy()},
            {"accuracy_no_gate", row.without.mean_accuracy()},
            {"honest_rejected", share(row.with.honest_rejected, row.with.honest)},
            {"poison_accepted", share(row.with.poisoned_accepted, row.with.poisoned)},
            {"backdoor_gate", row.with.mean_backdoor()},
            {"backdoor_no_gate", row.without.mean_backdoor()}};
}

Result<void> run_all(const Options& options) {
    AIP_ASSIGN(Data data, load(options));
    prepare(data, options);
    std::printf(
        "%u stops over %zu nodes of %zu classes, probe of %zu images a class, %llu seed(s); %% of test images\n",
        options.stops, options.side * options.side, options.classes, options.probe,
        static_cast<unsigned long long>(options.seeds));
    std::printf("%-13s %6s | %7s %10s | %10s %11s | %9s %9s\n", "attack", "share", "gate", "no gate", "honest rej.",
                "poison acc.", "backdoor", "no gate");
    std::vector<Row> rows;
    const auto add = [&](Attack attack, double part) -> Result<void> {
        AIP_ASSIGN(const Figures with, mean_of(options, data, {attack, part, true, 1}));
        AIP_ASSIGN(const Figures without, mean_of(options, data, {attack, part, false, 1}));
        rows.push_back({attack, part, with, without});
        print(rows.back());
        return {};
    };
    AIP_TRY(add(Attack::kNone, 0));
    for (uint8_t i = 1; i <= static_cast<uint8_t>(Attack::kBackdoor); ++i) {
        const auto attack = static_cast<Attack>(i);
        const auto& chosen = options.attacks;
        if (!chosen.empty() && std::count(chosen.begin(), chosen.end(), attack_name(attack)) == 0) continue;
        for (const double part : options.shares) AIP_TRY(add(attack, part));
    }
    double lost = 0, rejected = 0;
    for (const Row& row : rows) {
        rejected = std::max(rejected, share(row.with.honest_rejected, row.with.honest));
        if (row.attack != Attack::kBackdoor)
            lost = std::max(lost, rows.front().without.mean_accuracy() - row.with.mean_accuracy());
    }
    std::printf("most lost: %.1f points beside no poisoner and no gate; most honest rejects: %.1f %%\n", 100 * lost,
                100 * rejected);
    if (!options.json) return {};
    nlohmann::json all{{"points_lost_max", 100 * lost}, {"honest_rejected_max", rejected}};
    for (const Row& row : rows) all["rows"].push_back(to_json(row));
    std::printf("%s\n", all.dump().c_str());
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool smoke = false;
    CLI::App app("poisoners in the learning scenario, with and without the admission gate");
    app.add_option("--stops", options.stops, "that count")->check(CLI::Range(1, 1000000))->capture_default_str();
    app.add_option("--side", options.side, "of the square grid of nodes")
        ->check(CLI::Range(2, 20))
        ->capture_default_str();
    app.add_option("--classes", options.classes, "per node")->check(CLI::Range(1, 10))->capture_default_str();
    app.add_option("--probe", options.probe, "images of each class known to all; 0: none")->capture_default_str();
    app.add_option("--share", options.shares, "of nodes that poison")->capture_default_str();
    app.add_option("--attack", options.attacks, "only these, such as 'label flip'");
    app.add_option("--seeds", options.seeds, "runs of each row")->check(CLI::Range(1, 100))->capture_default_str();
    app.add_option("--seed", options.plan.seed, "the first")->capture_default_str();
    app.add_option("--norm", options.gate.norm)->capture_default_str();
    app.add_option("--distance", options.gate.distance)->capture_default_str();
    app.add_option("--narrowing", options.gate.narrowing)->capture_default_str();
    app.add_option("--cosine", options.gate.cosine)->capture_default_str();
    app.add_option("--loss", options.gate.loss)->capture_default_str();
    app.add_option("--loss-elsewhere", options.gate.loss_elsewhere)->capture_default_str();
    app.add_option("--data", options.data, "directory of Fashion-MNIST")->capture_default_str();
    app.add_flag("--json", options.json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "40 stops over 16 nodes, two attacks: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) {
        options.stops = 40;
        options.side = 4;
        options.shares = {0.2};
        options.attacks = {"noise", "label flip"};
    }
    if (const auto done = run_all(options); !done) {
        std::fprintf(stderr, "poison: %s\n", done.error().text.c_str());
        return 1;
    }
    return 0;
}
