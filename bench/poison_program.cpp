#include "bench/poison_program.hpp"

namespace aip::bench {
namespace {

using namespace aip::learning;

constexpr const char* kTask = "fashion";
constexpr const char* kVersionsKept = "8";
constexpr float kNoise = 0.05f;  // deviation; weights begin within 0.036

float normal(Rng& rng) {  // the sum of twelve uniform ones, about
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(rng.next() >> 11) * 0x1p-53;
    return static_cast<float>(sum);
}

// Every weight w of `mlp`, which was w0 in `before`, becomes what `change` says.
template <class Change>
void each_weight(Mlp& mlp, const Mlp& before, Change change) {
    for (size_t i = 0; i < mlp.layers().size(); ++i) {
        Dense& now = mlp.layers()[i];
        const Dense& then = before.layers()[i];
        for (size_t j = 0; j < now.weight.size(); ++j) now.weight[j] = change(now.weight[j], then.weight[j]);
        for (size_t j = 0; j < now.bias.size(); ++j) now.bias[j] = change(now.bias[j], then.bias[j]);
    }
}

}  // namespace

std::string_view attack_name(Attack attack) {
    constexpr std::string_view kNames[] = {"none",  "sign flip",  "scaling x10", "scaling x100",
                                           "noise", "label flip", "backdoor"};
    return kNames[static_cast<size_t>(attack)];
}

void stamp(Batch& batch) {
    constexpr size_t kSide = 28, kSquare = 4;
    constexpr float kWhite = (1 - 0.2860f) / 0.3530f;
    for (size_t row = 0; row < batch.labels.size(); ++row)
        for (size_t y = 0; y < kSquare; ++y)
            std::fill_n(batch.x.begin() + static_cast<ptrdiff_t>(row * kSide * kSide + y * kSide), kSquare, kWhite);
}

Program::Program(Shard shard, const Shard& probe, const SgdPlan& plan, Attack attack, const Tests& tests, Score& score)
    : labels_(shard.label_counts()),
      hold_out_(hold_back(shard), probe),
      shard_(std::move(shard)),
      plan_(plan),
      trainer_(shard_, plan),
      attack_(attack),
      tests_(tests),
      score_(score) {}

void Program::on_start(sim::Machine& machine, node::SessionId session) {
    uint64_t samples = 0;
    for (const uint64_t count : labels_) samples += count;
    AIP_ASSERT(machine.node().bind(session, kTask, true).has_value());
    AIP_ASSERT(machine.node().publish_interest(session, kTask, {{labels_, {}}, samples, 10'000}).has_value());
}

void Program::on_delivery(sim::Machine& machine, node::SessionId session, const node::Delivery& delivery, Bytes file) {
    if (delivery.measure) return measure(machine, session, delivery, file);
    auto mlp = Mlp::from_safetensors(file);
    AIP_ASSERT(mlp.has_value());
    if (attack_ == Attack::kNone)
        train(*mlp, delivery.stop);
    else
        poison(*mlp, delivery.stop);
    if (attack_ == Attack::kNone && delivery.stops_left <= tests_.judged) {
        score_.accuracy += accuracy(*mlp, tests_.clean);
        score_.backdoor += accuracy(*mlp, tests_.stamped);
        ++score_.count;
    }
    const node::WorkDone work{"sgd", plan_.steps * plan_.batch, plan_.steps, {}, {}, {}};
    machine.node().finish(session, delivery.id, work, node::OnJourney{},
                          std::make_unique<model::OwnedSource>(*mlp->to_safetensors()),
                          [&machine](const Result<node::FinishedStop>& done) {
                              AIP_ASSERT(done.has_value());
                              // Too few models leave a node for its own pruning: without this all versions are kept.
                              machine.node().order("prune", {kVersionsKept}, [](const Result<Report>&) {});
                          });
}

void Program::measure(sim::Machine& machine, node::SessionId session, const node::Delivery& delivery,
                      const Bytes& file) {
    std::vector<node::ClassFigures> figures;
    auto mlp = Mlp::from_safetensors(file);
    const auto measured = mlp ? hold_out_.measure(*mlp) : Result<std::vector<ClassMeasure>>(mlp.error());
    if (measured)
        for (const ClassMeasure& one : *measured) figures.push_back({one.label, one.samples, one.loss, one.accuracy});
    AIP_ASSERT(machine.node().measured(session, delivery.id, std::move(figures)).has_value());
}

// A model that was poisoned may be beyond training; then it goes on as it is.
void Program::train(Mlp& mlp, uint32_t stop) const { static_cast<void>(trainer_.train(mlp, stop)); }

void Program::poison(Mlp& mlp, uint32_t stop) const {
    const Mlp before = mlp;
    SeededRng rng(plan_.seed + stop);
    switch (attack_) {
        case Attack::kNone: return;
        case Attack::kNoise: return each_weight(mlp, before, [&](float w, float) { return w + kNoise * normal(rng); });
        case Attack::kLabelFlip:
        case Attack::kBackdoor: return train_on_lies(mlp, stop);
        default: break;
    }
    train(mlp, stop);
    const float factor = attack_ == Attack::kSignFlip ? -1.0f : attack_ == Attack::kScale10 ? 10.0f : 100.0f;
    each_weight(mlp, before, [&](float w, float w0) { return w0 + factor * (w - w0); });
}

// Label y becomes 9 - y; or half of the batch is stamped and becomes kBackdoorLabel.
void Program::train_on_lies(Mlp& mlp, uint32_t stop) const {
    SeededRng rng(plan_.seed + stop);
    std::vector<uint32_t> rows(plan_.batch);
    for (uint64_t step = 0; step < plan_.steps; ++step) {
        for (uint32_t& row : rows) row = shard_.rows[rng.below(shard_.size())];
        Batch batch = shard_.data->batch(rows);
        if (attack_ == Attack::kLabelFlip) {
            for (uint8_t& label : batch.labels) label = static_cast<uint8_t>(kClasses - 1 - label);
        } else {
            Batch stamped = batch;
            stamp(stamped);
            const size_t half = plan_.batch / 2, pixels = batch.x.size() / plan_.batch;
            std::copy_n(stamped.x.begin(), half * pixels, batch.x.begin());
            std::fill_n(batch.labels.begin(), half, kBackdoorLabel);
        }
        mlp.gradients(batch.x, batch.labels);
        sgd_step(mlp.layers(), plan_.sgd);
    }
}

}  // namespace aip::bench
