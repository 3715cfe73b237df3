#include "learning/hold_out.hpp"

namespace aip::learning {
namespace {

std::vector<uint32_t> rows_of(const Shard& shard, uint8_t label, size_t most) {
    std::vector<uint32_t> rows;
    for (const uint32_t row : shard.rows)
        if (rows.size() < most && shard.data->labels()[row] == label) rows.push_back(row);
    return rows;
}

}  // namespace

Shard hold_back(Shard& shard) {
    Shard held{shard.data, {}}, rest{shard.data, {}};
    for (size_t i = 0; i < shard.rows.size(); ++i) (i % 10 == 0 ? held : rest).rows.push_back(shard.rows[i]);
    shard = std::move(rest);
    return held;
}

HoldOut::HoldOut(const Shard& own, const Shard& probe) {
    for (uint8_t label = 0; label < kClasses; ++label) {
        for (const Shard* shard : {&own, &probe}) {
            const auto rows = rows_of(*shard, label, kSamplesMax);
            if (rows.size() < kSamplesMin) continue;
            classes_.push_back(shard->data->batch(rows));
            break;
        }
    }
}

Result<std::vector<ClassMeasure>> HoldOut::measure(Mlp& mlp) const {
    std::vector<ClassMeasure> out;
    for (const Batch& batch : classes_) {
        const size_t count = batch.labels.size();
        if (mlp.inputs() != batch.x.size() / count || mlp.outputs() < kClasses)
            return Error{ErrorCode::kInvalid, "the model does not take the data that is held back"};
        out.push_back({batch.labels.front(), count, mlp.loss(batch.x, batch.labels),
                       static_cast<double>(mlp.count_correct(batch.x, batch.labels)) / static_cast<double>(count)});
    }
    return out;
}

}  // namespace aip::learning
