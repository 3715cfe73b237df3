// SgdTrainer: a few steps of plain SGD on one shard, for an Mlp whose input is an image of the shard's size.
//
// The samples of stop s are drawn by a generator seeded with (seed, s): uniformly with replacement, so a model that is
// delivered again after a crash is trained on the same batches and becomes the same version.
// loss_before and loss_after are the mean over the first kLossSamples of the shard (spread over its rows); "accuracy"
// is measured once per stop, after training, if there is a test set. Blocking; one caller at a time.
#pragma once

#include <optional>

#include "learning/dataset.hpp"
#include "learning/mlp.hpp"
#include "learning/trainer.hpp"

namespace aip::learning {

struct SgdPlan {
    uint64_t steps = 10;
    size_t batch = 20;
    SgdOptions sgd = {};
    uint64_t seed = 1;
};

class SgdTrainer final : public Trainer {
public:
    static constexpr size_t kLossSamples = 200;

    // The shards' datasets must outlive the trainer. `shard` is not empty.
    SgdTrainer(Shard shard, SgdPlan plan, std::optional<Shard> test = std::nullopt);

    Result<Trained> train(ByteView model_file, uint64_t stop) override;
    // The same on a model in memory: what train() does between reading and writing.
    Result<Work> train(Mlp& mlp, uint64_t stop) const;

private:
    Result<void> check_fits(const Mlp& mlp) const;

    Shard shard_;
    SgdPlan plan_;
    Batch probe_;
    std::optional<Batch> test_;
};

// Share of correct answers, 0..1.
double accuracy(Mlp& mlp, const Batch& batch);

}  // namespace aip::learning
