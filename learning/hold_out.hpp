// Data that is held back from training, to tell how good a version is before it is trained on (rfc/0013 section 5):
// part of the node's own shard and, where the members of a task share one, a small probe of every class.
//
// Invariant: a class is measured only if at least kSamplesMin of its samples are held back: what a node does not hold
// it says nothing about. Blocking; one caller at a time.
#pragma once

#include <vector>

#include "learning/dataset.hpp"
#include "learning/mlp.hpp"

namespace aip::learning {

// Takes every tenth row out of `shard` and returns those.
Shard hold_back(Shard& shard);

struct ClassMeasure {
    uint32_t label = 0;
    uint64_t samples = 0;
    double loss = 0;
    double accuracy = 0;
};

class HoldOut {
public:
    static constexpr size_t kSamplesMin = 5;
    static constexpr size_t kSamplesMax = 50;  // of one class

    // The probe is used for the classes of which `own` has too few. The datasets are not needed afterwards.
    explicit HoldOut(const Shard& own, const Shard& probe = {});

    // One entry per class, labels rising. kInvalid if the model takes other inputs or tells fewer classes apart.
    Result<std::vector<ClassMeasure>> measure(Mlp& mlp) const;

private:
    std::vector<Batch> classes_;
};

}  // namespace aip::learning
