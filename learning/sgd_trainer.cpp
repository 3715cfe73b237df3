#include "learning/sgd_trainer.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::learning {
namespace {

// At most `count` rows, evenly spread.
Batch spread_sample(const Shard& shard, size_t count) {
    count = std::min(count, shard.size());
    std::vector<uint32_t> rows(count);
    for (size_t i = 0; i < count; ++i) rows[i] = shard.rows[i * shard.size() / count];
    return shard.data->batch(rows);
}

}  // namespace

SgdTrainer::SgdTrainer(Shard shard, SgdPlan plan, std::optional<Shard> test)
    : shard_(std::move(shard)), plan_(plan), probe_(spread_sample(shard_, kLossSamples)) {
    AIP_ASSERT(shard_.size() > 0 && plan_.batch > 0);
    if (test) test_ = test->data->batch(test->rows);
}

Result<void> SgdTrainer::check_fits(const Mlp& mlp) const {
    const Dataset& data = *shard_.data;
    if (mlp.inputs() != data.pixels())
        return Error{ErrorCode::kInvalid, "the model takes " + std::to_string(mlp.inputs()) + " inputs, an image has " +
                                              std::to_string(data.pixels()) + " pixels"};
    if (mlp.outputs() < data.classes())
        return Error{ErrorCode::kInvalid, "the model tells " + std::to_string(mlp.outputs()) +
                                              " classes apart, the data has " + std::to_string(data.classes())};
    return {};
}

Result<Work> SgdTrainer::train(Mlp& mlp, uint64_t stop) const {
    AIP_TRY(check_fits(mlp));
    SeededRng rng(plan_.seed ^ SeededRng(stop).next());
    Work work;
    work.what = "sgd";
    work.loss_before = mlp.loss(probe_.x, probe_.labels);
    std::vector<uint32_t> rows(plan_.batch);
    Batch batch;
    for (uint64_t step = 0; step < plan_.steps; ++step) {
        for (uint32_t& row : rows) row = shard_.rows[rng.below(shard_.size())];
        shard_.data->batch_into(rows, batch);
        mlp.gradients(batch.x, batch.labels);
        sgd_step(mlp.layers(), plan_.sgd);
    }
    work.steps = plan_.steps;
    work.samples = plan_.steps * plan_.batch;
    work.loss_after = mlp.loss(probe_.x, probe_.labels);
    if (!std::isfinite(work.loss_after))
        return Error{ErrorCode::kInvalid, "training diverged (loss is not finite); use a lower learning rate"};
    if (test_) work.metrics["accuracy"] = accuracy(mlp, *test_);
    return work;
}

Result<Trained> SgdTrainer::train(ByteView model_file, uint64_t stop) {
    AIP_ASSIGN(Mlp mlp, Mlp::from_safetensors(model_file));
    AIP_ASSIGN(Work work, train(mlp, stop));
    AIP_ASSIGN(Bytes file, mlp.to_safetensors());
    return Trained{std::move(file), std::move(work)};
}

double accuracy(Mlp& mlp, const Batch& batch) {
    return static_cast<double>(mlp.count_correct(batch.x, batch.labels)) / static_cast<double>(batch.labels.size());
}

}  // namespace aip::learning
