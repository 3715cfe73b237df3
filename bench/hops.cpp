// hops: real training along a simulated journey. 100 nodes with 2 classes each, 1,000 stops of 5 steps of batch 20,
// an MLP-64 on Fashion-MNIST; at every stop the model is read from its safetensors file, trained and written again.
// Prints the seconds that took (reading the images excluded) and the mean accuracy after each of the last 100 stops.
//
// Tour is the only stand-in for the network: nodes not visited in this lap first, among them the one whose classes the
// model has trained on least lately, ties by lot. It looks at label counts alone, as routing's coverage policy does.
// Missing: the hop itself. Replace Tour by the simulator's journey to measure routing, transfer and ledger with it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "learning/sgd_trainer.hpp"

namespace {

using namespace aip;
using namespace aip::learning;

class Tour {
public:
    Tour(const std::vector<Shard>& shards, uint64_t seed) : rng_(seed), visited_(shards.size()) {
        for (const Shard& shard : shards) counts_.push_back(shard.label_counts());
    }

    size_t next() {
        if (std::find(visited_.begin(), visited_.end(), false) == visited_.end())
            visited_.assign(visited_.size(), false);
        size_t best = 0, ties = 0;
        double best_overlap = 0;
        for (size_t node = 0; node < visited_.size(); ++node) {
            if (visited_[node]) continue;
            const double with = overlap(node);
            if (ties > 0 && with > best_overlap) continue;
            ties = ties > 0 && with == best_overlap ? ties + 1 : 1;
            if (rng_.below(ties) == 0) best = node;
            best_overlap = with;
        }
        visit(best);
        return best;
    }

private:
    static constexpr double kMemory = 0.8;  // what is left of a stop's classes one stop later

    double overlap(size_t node) const {
        double sum = 0;
        for (size_t label = 0; label < kClasses; ++label)
            sum += lately_[label] * static_cast<double>(counts_[node][label]);
        return sum;
    }
    void visit(size_t node) {
        visited_[node] = true;
        for (size_t label = 0; label < kClasses; ++label)
            lately_[label] = kMemory * lately_[label] + static_cast<double>(counts_[node][label]);
    }

    SeededRng rng_;
    std::vector<bool> visited_;
    std::vector<std::vector<uint64_t>> counts_;
    std::array<double, kClasses> lately_{};
};

struct Options {
    size_t hops = 1000, nodes = 100, classes = 2;
    SgdPlan plan{.steps = 5, .batch = 20, .sgd = {.learning_rate = 0.005f}};
    std::string data = kFashionMnistDir;
    bool json = false;
};

struct Figures {
    double seconds = 0, accuracy_last_100 = 0, accuracy_worst_of_last_100 = 1;
};

Result<Figures> run(const Options& options) {
    AIP_ASSIGN(const FashionMnist data, load_fashion_mnist(options.data));
    const auto start = std::chrono::steady_clock::now();
    SeededRng rng(options.plan.seed);
    const auto shards = deal_classes(data.train, options.nodes, options.classes, rng);
    std::vector<SgdTrainer> trainers;
    for (const Shard& shard : shards) trainers.emplace_back(shard, options.plan);
    Tour tour(shards, options.plan.seed);
    const size_t widths[] = {data.train.pixels(), 64, kClasses};
    AIP_ASSIGN(Bytes file, Mlp::create(widths, rng).to_safetensors());
    const Batch test = data.test.batch(first_of_each_class(data.test).rows);
    const size_t judged = std::min<size_t>(100, options.hops);
    Figures figures;
    for (size_t hop = 0; hop < options.hops; ++hop) {
        AIP_ASSIGN(Trained trained, trainers[tour.next()].train(file, hop));
        file = std::move(trained.file);
        if (hop + judged < options.hops) continue;
        AIP_ASSIGN(Mlp mlp, Mlp::from_safetensors(file));
        const double now = accuracy(mlp, test);
        figures.accuracy_last_100 += now / static_cast<double>(judged);
        figures.accuracy_worst_of_last_100 = std::min(figures.accuracy_worst_of_last_100, now);
    }
    figures.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return figures;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("real training along a simulated journey");
    app.add_option("--hops", options.hops, "training stops")->check(CLI::Range(1, 1000000))->capture_default_str();
    app.add_option("--nodes", options.nodes)->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_option("--classes", options.classes, "classes per node")->check(CLI::Range(1, 10))->capture_default_str();
    app.add_option("--lr", options.plan.sgd.learning_rate, "learning rate")->capture_default_str();
    app.add_option("--seed", options.plan.seed)->capture_default_str();
    app.add_option("--data", options.data, "directory of Fashion-MNIST")->capture_default_str();
    app.add_flag("--json", options.json, "last line is a JSON object");
    CLI11_PARSE(app, argc, argv);
    const auto figures = run(options);
    if (!figures) {
        std::fprintf(stderr, "hops: %s\n", figures.error().text.c_str());
        return 1;
    }
    std::printf("%zu hops over %zu nodes: %.1f s, accuracy of the last 100 stops: mean %.3f, worst %.3f\n",
                options.hops, options.nodes, figures->seconds, figures->accuracy_last_100,
                figures->accuracy_worst_of_last_100);
    if (options.json)
        std::printf("%s\n", nlohmann::json{{"seconds", figures->seconds},
                                           {"accuracy_last_100", figures->accuracy_last_100},
                                           {"accuracy_worst_of_last_100", figures->accuracy_worst_of_last_100}}
                                .dump()
                                .c_str());
    return 0;
}
