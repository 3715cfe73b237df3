// hops: 1,000 stops of one model over 100 simulated nodes with real training. The nodes are the daemon's own node code
// on the simulated network (a 10 x 10 grid, static routes): offers, blocks, receipts, signatures, ledger entries and
// the coverage policy are all real; only time, disks and wires are simulated. Each node holds 2 classes of
// Fashion-MNIST and trains 5 steps of batch 20 of an MLP-64 per stop. Prints the wall-clock seconds of it all (reading
// the images excluded) and the mean accuracy after the last 100 stops.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "learning/sgd_trainer.hpp"
#include "sim/network.hpp"

namespace {

using namespace aip;
using namespace aip::learning;

constexpr const char* kTask = "fashion";

struct Options {
    uint32_t hops = 1000;
    size_t side = 10;  // of the grid
    size_t classes = 2;
    SgdPlan plan{.steps = 5, .batch = 20, .sgd = {.learning_rate = 0.005f}};
    std::string data = kFashionMnistDir;
    bool json = false;
};

// The trainer program of one node.
class Trainer final : public sim::Program {
public:
    Trainer(const Shard& shard, const SgdPlan& plan, const Batch& test, uint32_t judge_from,
            std::vector<double>& accuracies)
        : labels_(shard.label_counts()),
          trainer_(shard, plan),
          test_(test),
          judge_from_(judge_from),
          accuracies_(accuracies) {}

    void on_start(sim::Machine& machine, node::SessionId session) override {
        uint64_t samples = 0;
        for (uint64_t count : labels_) samples += count;
        AIP_ASSERT(machine.node().bind(session, kTask).has_value());
        AIP_ASSERT(machine.node().publish_interest(session, kTask, {{labels_, {}}, samples, 10'000}).has_value());
    }

    void on_delivery(sim::Machine& machine, node::SessionId session, const node::Delivery& delivery,
                     Bytes file) override {
        auto trained = trainer_.train(file, delivery.stop);
        AIP_ASSERT(trained.has_value());
        node::WorkDone work{
            "sgd", trained->work.samples, trained->work.steps, trained->work.loss_before, trained->work.loss_after, {}};
        if (delivery.stop > judge_from_) {
            auto mlp = Mlp::from_safetensors(trained->file);
            AIP_ASSERT(mlp.has_value());
            accuracies_.push_back(accuracy(*mlp, test_));
            work.metrics["accuracy"] = accuracies_.back();
        }
        machine.node().finish(session, delivery.id, work, node::OnJourney{},
                              std::make_unique<model::OwnedSource>(std::move(trained->file)),
                              [](const Result<node::FinishedStop>& done) { AIP_ASSERT(done.has_value()); });
    }

private:
    std::vector<uint64_t> labels_;
    SgdTrainer trainer_;
    const Batch& test_;
    uint32_t judge_from_;
    std::vector<double>& accuracies_;
};

void lay_grid(sim::Network& network, size_t side) {
    sim::MachineOptions machine;
    machine.settings.hello_interval = Duration::seconds(10);
    machine.settings.interest_refresh = Duration::seconds(600);
    for (size_t i = 0; i < side * side; ++i) network.add_node(machine);
    sim::LinkOptions link;
    link.mtu = 9000;
    for (size_t i = 0; i < side * side; ++i) {
        if (i % side + 1 < side) network.link(i, i + 1, link);
        if (i + side < side * side) network.link(i, i + side, link);
    }
}

bool tables_are_full(sim::Network& network) {
    for (size_t i = 0; i < network.size(); ++i)
        if (network.machine(i).node().interest().count(kTask) < network.size()) return false;
    return true;
}

bool has_ended(sim::Network& network) {
    for (size_t i = 0; i < network.size(); ++i)
        for (const auto& view : network.machine(i).node().journeys().view())
            if (view.custody.state == node::CustodyState::kEnded) return true;
    return false;
}

struct Figures {
    double seconds = 0, simulated_seconds = 0, accuracy_last_100 = 0, accuracy_worst_of_last_100 = 1;
};

Result<Figures> run(const Options& options) {
    AIP_ASSIGN(const FashionMnist data, load_fashion_mnist(options.data));
    const auto start = std::chrono::steady_clock::now();
    SeededRng rng(options.plan.seed);
    const auto shards = deal_classes(data.train, options.side * options.side, options.classes, rng);
    const Batch test = data.test.batch(first_of_each_class(data.test).rows);
    const uint32_t judged = std::min<uint32_t>(100, options.hops);
    std::vector<double> accuracies;
    std::vector<std::unique_ptr<Trainer>> trainers;
    for (const Shard& shard : shards)
        trainers.push_back(std::make_unique<Trainer>(shard, options.plan, test, options.hops - judged, accuracies));

    sim::Network network(options.plan.seed);
    lay_grid(network, options.side);
    for (size_t i = 0; i < network.size(); ++i) network.machine(i).set_program(trainers[i].get());
    AIP_TRY(network.start());
    const auto ready = network.run(Duration::seconds(120),
                                   [&] { return network.queue().count() % 64 == 0 && tables_are_full(network); });
    if (ready != sim::Network::End::kDone) return Error{ErrorCode::kTimeout, "the interest tables did not fill"};

    const size_t widths[] = {data.train.pixels(), 64, kClasses};
    AIP_ASSIGN(Bytes file, Mlp::create(widths, rng).to_safetensors());
    network.machine(0).node().send(1'000'000, {kTask, "mlp", node::OnJourney{options.hops, "coverage"}},
                                   std::make_unique<model::OwnedSource>(std::move(file)), {},
                                   [](const Result<node::SentModel>& sent) { AIP_ASSERT(sent.has_value()); });
    network.machine(0).wake();
    const auto end =
        network.run(Duration::seconds(7200), [&] { return accuracies.size() == judged && has_ended(network); });
    if (end != sim::Network::End::kDone)
        return Error{ErrorCode::kTimeout, "the journey did not end: " + network.complaint()};

    Figures figures;
    for (double value : accuracies) {
        figures.accuracy_last_100 += value / static_cast<double>(accuracies.size());
        figures.accuracy_worst_of_last_100 = std::min(figures.accuracy_worst_of_last_100, value);
    }
    figures.simulated_seconds = network.queue().now().ns() * 1e-9;
    figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return figures;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    bool smoke = false;
    CLI::App app("1,000 simulated hops with real training over 100 nodes");
    app.add_option("--hops", options.hops, "training stops")->check(CLI::Range(1, 1000000))->capture_default_str();
    app.add_option("--side", options.side, "of the square grid of nodes")
        ->check(CLI::Range(2, 20))
        ->capture_default_str();
    app.add_option("--classes", options.classes, "classes per node")->check(CLI::Range(1, 10))->capture_default_str();
    app.add_option("--lr", options.plan.sgd.learning_rate, "learning rate")->capture_default_str();
    app.add_option("--seed", options.plan.seed)->capture_default_str();
    app.add_option("--data", options.data, "directory of Fashion-MNIST")->capture_default_str();
    app.add_flag("--json", options.json, "last line is a JSON object");
    app.add_flag("--smoke", smoke, "100 hops over 25 nodes: only that it runs");
    CLI11_PARSE(app, argc, argv);
    if (smoke) {
        options.hops = 100;
        options.side = 5;
    }
    const auto figures = run(options);
    if (!figures) {
        std::fprintf(stderr, "hops: %s\n", figures.error().text.c_str());
        return 1;
    }
    std::printf(
        "%u hops over %zu nodes: %.1f s (%.1f simulated), accuracy of the last 100 stops: mean %.3f, worst %.3f\n",
        options.hops, options.side * options.side, figures->seconds, figures->simulated_seconds,
        figures->accuracy_last_100, figures->accuracy_worst_of_last_100);
    if (options.json)
        std::printf("%s\n", nlohmann::json{{"seconds", figures->seconds},
                                           {"simulated_seconds", figures->simulated_seconds},
                                           {"accuracy_last_100", figures->accuracy_last_100},
                                           {"accuracy_worst_of_last_100", figures->accuracy_worst_of_last_100}}
                                .dump()
                                .c_str());
    return 0;
}
