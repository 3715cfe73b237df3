// baseline: what a journey is measured against. The same model, steps and test images, trained (a) on one node's
// classes alone and (b) on all the data pooled in one place. Accuracies are means of the last --lap stops.
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "learning/sgd_trainer.hpp"

using namespace aip;
using namespace aip::learning;

struct Options {
    std::string data = kFashionMnistDir;
    std::vector<uint8_t> classes = {0, 7, 8};
    uint64_t stops = 120, lap = 4, model_seed = 1;
    SgdPlan plan;
    bool json = false;
};

Result<double> stay(const Shard& shard, const Shard& test, const Options& options) {
    SeededRng rng(options.model_seed);
    const size_t widths[] = {shard.data->pixels(), 64, kClasses};
    Mlp mlp = Mlp::create(widths, rng);
    const SgdTrainer silent(shard, options.plan), judged(shard, options.plan, test);
    double sum = 0;
    for (uint64_t stop = 1; stop <= options.stops; ++stop) {
        const bool last_lap = stop + options.lap > options.stops;
        AIP_ASSIGN(const Work work, (last_lap ? judged : silent).train(mlp, stop));
        if (last_lap) sum += work.metrics.at("accuracy");
    }
    return sum / static_cast<double>(std::min(options.lap, options.stops));
}

Result<nlohmann::json> baseline(const Options& options) {
    AIP_ASSIGN(const FashionMnist images, load_fashion_mnist(options.data));
    const Shard test = first_of_each_class(images.test);
    AIP_ASSIGN(const double alone, stay(of_classes(images.train, options.classes), test, options));
    AIP_ASSIGN(const double pooled, stay(everything(images.train), test, options));
    return nlohmann::json{{"alone", alone}, {"pooled", pooled}, {"steps", options.stops * options.plan.steps}};
}

int main(int argc, char** argv) {
    Options o;
    CLI::App app("accuracy of training alone and of pooled training");
    app.add_option("--classes", o.classes, "of the node alone")->delimiter(',')->check(CLI::Range(0, 9));
    app.add_option("--data", o.data, "directory of Fashion-MNIST")->capture_default_str();
    app.add_option("--stops", o.stops)->check(CLI::Range(1, 1000000))->capture_default_str();
    app.add_option("--steps", o.plan.steps, "per stop")->capture_default_str();
    app.add_option("--batch", o.plan.batch, "samples per step")->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_option("--lr", o.plan.sgd.learning_rate, "learning rate")->capture_default_str();
    app.add_option("--lap", o.lap, "stops averaged at the end")->check(CLI::Range(1, 1000))->capture_default_str();
    app.add_option("--seed", o.plan.seed, "of the samples drawn")->capture_default_str();
    app.add_option("--model-seed", o.model_seed, "make_model --seed")->capture_default_str();
    app.add_flag("--json", o.json);
    CLI11_PARSE(app, argc, argv);
    const auto figures = baseline(o);
    if (!figures) {
        std::cerr << "baseline: " << figures.error().text << '\n';
        return 1;
    }
    if (o.json)
        std::cout << figures->dump() << '\n';
    else
        std::cout << "alone  " << (*figures)["alone"] << "\npooled " << (*figures)["pooled"] << '\n';
}
