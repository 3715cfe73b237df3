#include "learning/dataset.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::learning {
namespace {

constexpr std::array<float, 256> kPixelValues = [] {
    std::array<float, 256> values{};
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>((static_cast<double>(i) / 255.0 - 0.2860) / 0.3530);
    return values;
}();

}  // namespace

Result<Dataset> Dataset::from_idx(ByteView images, ByteView labels) {
    AIP_ASSIGN(IdxImages read, idx_images(images));
    Dataset data;
    AIP_ASSIGN(data.labels_, idx_labels(labels));
    if (data.labels_.size() != read.count)
        return Error{ErrorCode::kInvalid, "idx files do not belong together: " + std::to_string(read.count) +
                                              " images, " + std::to_string(data.labels_.size()) + " labels"};
    data.pixels_ = size_t{read.height} * read.width;
    data.images_ = std::move(read.pixels);
    return data;
}

void Dataset::batch_into(std::span<const uint32_t> rows, Batch& batch) const {
    batch.x.resize(rows.size() * pixels_);
    batch.labels.resize(rows.size());
    float* out = batch.x.data();
    for (size_t i = 0; i < rows.size(); ++i) {
        AIP_ASSERT(rows[i] < size());
        const auto image = ByteView(images_).subspan(rows[i] * pixels_, pixels_);
        out = std::transform(image.begin(), image.end(), out, [](uint8_t pixel) { return kPixelValues[pixel]; });
        batch.labels[i] = labels_[rows[i]];
    }
}

Batch Dataset::batch(std::span<const uint32_t> rows) const {
    Batch batch;
    batch_into(rows, batch);
    return batch;
}

}  // namespace aip::learning
