// trainer: joins a task with some classes of Fashion-MNIST and trains every model that arrives for a few steps.
#include <CLI/CLI.hpp>
#include <aip/aip.hpp>
#include <chrono>
#include <iostream>

#include "learning/hold_out.hpp"
#include "learning/model_file.hpp"
#include "learning/sgd_trainer.hpp"

using namespace aip::learning;
template <class T>
T need(aip::Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text);
    return std::move(result).value();
}
double samples_per_second(const SgdTrainer& trainer) {  // a whole stop, on a model of our own
    aip::SeededRng rng(1);
    Mlp mlp = Mlp::create(std::vector<size_t>{784, 64, kClasses}, rng);
    const auto start = std::chrono::steady_clock::now();
    const auto samples = need(trainer.train(mlp, 0)).samples;
    return samples / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
aip::Work as_work(const Work& w) { return {w.what, w.samples, w.steps, w.loss_before, w.loss_after, w.metrics}; }
// Once more, on other samples; the work is that of both.
aip::Result<Trained> train_on(SgdTrainer& trainer, const Trained& before, uint64_t stop) {
    auto more = trainer.train(before.file, stop + (before.work.steps << 32));
    if (!more) return more;
    more->work.samples += before.work.samples;
    more->work.steps += before.work.steps;
    more->work.loss_before = before.work.loss_before;
    return more;
}
// How good a version of somebody else is on data held back here: asked before this node goes on with it.
void measure(aip::Model& m, const HoldOut& held) {
    std::vector<aip_class_figures> figures;
    auto mlp = Mlp::from_safetensors(need(read_model_file(m.fd())));
    const auto measured = mlp ? held.measure(*mlp) : aip::Result<std::vector<ClassMeasure>>(mlp.error());
    if (measured)
        for (const ClassMeasure& c : *measured) figures.push_back({c.label, c.samples, c.loss, c.accuracy});
    else
        std::cerr << "trainer: cannot measure " << m.version() << ": " << measured.error().text << std::endl;
    m.measured(figures);
    std::cout << "measured " << m.version() << " on " << figures.size() << " classes" << std::endl;
}
// Not what was learned, but `factor` times that.
aip::Result<aip::Bytes> poisoned(aip::ByteView before, aip::ByteView after, float factor) {
    AIP_ASSIGN(const Mlp then, Mlp::from_safetensors(before));
    AIP_ASSIGN(Mlp now, Mlp::from_safetensors(after));
    for (size_t i = 0; i < now.layers().size(); ++i)
        for (size_t j = 0; j < now.layers()[i].weight.size(); ++j) {
            float& w = now.layers()[i].weight[j];
            w = then.layers()[i].weight[j] + factor * (w - then.layers()[i].weight[j]);
        }
    return now.to_safetensors();
}
int main(int argc, char** argv) try {
    std::string socket, task = "fashion", data = kFashionMnistDir;
    std::vector<uint8_t> classes;
    float poison = 1;
    SgdPlan plan;
    CLI::App app("trains models that arrive at this node");
    app.add_option("--socket", socket, "of the daemon");
    app.add_option("--task", task, "to join")->capture_default_str();
    app.add_option("--classes", classes, "held here: 0,7,8")->delimiter(',')->required()->check(CLI::Range(0, 9));
    app.add_option("--data", data, "directory of Fashion-MNIST")->capture_default_str();
    app.add_option("--steps", plan.steps, "per stop")->capture_default_str();
    app.add_option("--batch", plan.batch, "samples per step")->check(CLI::Range(1, 10000))->capture_default_str();
    app.add_option("--lr", plan.sgd.learning_rate, "learning rate")->capture_default_str();
    app.add_option("--seed", plan.seed, "of the samples drawn")->capture_default_str();
    app.add_option("--poison", poison, "to try the gate: this times what was learned; -1 is a flipped sign");
    CLI11_PARSE(app, argc, argv);
    const FashionMnist images = need(load_fashion_mnist(data));
    Shard shard = of_classes(images.train, classes);
    const HoldOut held(hold_back(shard));
    SgdTrainer trainer(shard, plan, first_of_each_class(images.test));
    aip::Socket s = aip::Client::connect(socket).socket();
    s.bind(task, true);
    s.publish_interest(shard.label_counts(), shard.size(), samples_per_second(trainer));
    while (auto m = s.recv()) {
        if (m->to_measure()) {
            measure(*m, held);
            continue;
        }
        const aip::Stay stay = m->stay();
        const aip::Bytes came = need(read_model_file(m->fd()));
        auto trained = trainer.train(came, m->stop());
        while (trained && stay.asks_for_more(as_work(trained->work))) trained = train_on(trainer, *trained, m->stop());
        if (trained && poison != 1) trained->file = need(poisoned(came, trained->file, poison));
        if (!trained) {
            std::cerr << "trainer: refused " << m->version() << ": " << trained.error().text << std::endl;
            m->release();
            continue;
        }
        const Work& w = trained->work;
        const auto file = need(sealed_model_file(trained->file));
        m->finish(file.get(), as_work(w), aip::next_stop());
        std::cout << "stop " << m->stop() << ": " << w.samples << " samples, loss " << w.loss_before << " -> "
                  << w.loss_after << ", accuracy " << w.metrics.at("accuracy") << std::endl;
    }
} catch (const std::exception& e) {
    std::cerr << "trainer: " << e.what() << '\n';
    return 1;
}
