// trainer: joins a task with some classes of Fashion-MNIST and trains every model that arrives for a few steps.
#include <CLI/CLI.hpp>
#include <aip/aip.hpp>
#include <chrono>
#include <iostream>

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
int main(int argc, char** argv) try {
    std::string socket, task = "fashion", data = kFashionMnistDir;
    std::vector<uint8_t> classes;
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
    CLI11_PARSE(app, argc, argv);
    const FashionMnist images = need(load_fashion_mnist(data));
    const Shard shard = of_classes(images.train, classes);
    SgdTrainer trainer(shard, plan, first_of_each_class(images.test));
    aip::Socket s = aip::Client::connect(socket).socket();
    s.bind(task);
    s.publish_interest(shard.label_counts(), shard.size(), samples_per_second(trainer));
    while (auto m = s.recv()) {
        const aip::Stay stay = m->stay();
        auto trained = trainer.train(need(read_model_file(m->fd())), m->stop());
        while (trained && stay.asks_for_more(as_work(trained->work))) trained = train_on(trainer, *trained, m->stop());
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
