#include "model/distance.hpp"

#include <algorithm>
#include <cmath>

#include "model/merge.hpp"
#include "model/numbers.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

constexpr size_t kStretch = 4096;  // numbers worked on at once

struct Sums {  // squares, but for `dot`
    double model = 0;
    double reference = 0;
    double change = 0;
    double dot = 0;
};

Error unusable(const Manifest& manifest, const ManifestTensor& tensor) {
    return {ErrorCode::kInvalid, "model " + manifest.id().short_hex() + ": its tensor " + quoted(tensor.name) +
                                     " holds a number that is NaN, infinite or beyond 2^53"};
}

Result<Bytes> read_block(const BlockRef& block, BlockStore& blocks) {
    AIP_ASSIGN(auto bytes, blocks.read(block.digest));
    if (bytes.size() == block.size) return bytes;
    return Error{ErrorCode::kCorrupt, "block " + block.digest.hex() + " has another size than its manifest says"};
}

class Comparison {
public:
    Comparison(const Manifest& model, const Manifest& reference, BlockStore& blocks)
        : model_(model), reference_(reference), blocks_(blocks), a_(kStretch), b_(kStretch) {}

    Result<TensorDistance> tensor(const ManifestTensor& of_model, const ManifestTensor& of_reference) {
        TensorDistance out;
        out.name = of_model.name;
        Sums sums;
        for (uint32_t i = 0; i < of_model.block_count; ++i) {
            const BlockRef& a = model_.blocks()[of_model.first_block + i];
            const BlockRef& b = reference_.blocks()[of_reference.first_block + i];
            if (number_bytes(of_model.dtype) == 0)
                out.comparable = out.comparable && a.digest == b.digest;
            else
                AIP_TRY(add(of_model, a, b, sums));
        }
        out.norm = std::sqrt(sums.model);
        out.reference_norm = std::sqrt(sums.reference);
        out.change = std::sqrt(sums.change);
        out.dot = sums.dot;
        return out;
    }

private:
    Result<void> add(const ManifestTensor& tensor, const BlockRef& a, const BlockRef& b, Sums& sums) {
        const size_t step = number_bytes(tensor.dtype);
        AIP_ASSIGN(const Bytes mine, read_block(a, blocks_));
        Bytes others;
        if (a.digest != b.digest) {
            AIP_ASSIGN(others, read_block(b, blocks_));
        }
        const ByteView theirs = others.empty() ? ByteView(mine) : ByteView(others);
        for (size_t at = 0; at < mine.size(); at += kStretch * step) {
            const size_t bytes = std::min(kStretch * step, mine.size() - at);
            const auto x = std::span(a_).first(bytes / step);
            const auto y = std::span(b_).first(bytes / step);
            if (!decode_numbers(tensor.dtype, ByteView(mine).subspan(at, bytes), x)) return unusable(model_, tensor);
            if (!decode_numbers(tensor.dtype, theirs.subspan(at, bytes), y)) return unusable(reference_, tensor);
            for (size_t i = 0; i < x.size(); ++i) {
                sums.model += x[i] * x[i];
                sums.reference += y[i] * y[i];
                sums.change += (x[i] - y[i]) * (x[i] - y[i]);
                sums.dot += x[i] * y[i];
            }
        }
        return {};
    }

    const Manifest& model_;
    const Manifest& reference_;
    BlockStore& blocks_;
    std::vector<double> a_, b_;
};

}  // namespace

Result<std::vector<TensorDistance>> measure_distance(const Manifest& model, const Manifest& reference,
                                                     BlockStore& blocks) {
    AIP_TRY(check_same_architecture(reference, model));
    std::map<std::string_view, const ManifestTensor*> others;
    for (const ManifestTensor& tensor : reference.tensors()) others[tensor.name] = &tensor;
    Comparison comparison(model, reference, blocks);
    std::vector<TensorDistance> out;
    for (const ManifestTensor& tensor : model.tensors()) {
        AIP_ASSIGN(TensorDistance change, comparison.tensor(tensor, *others.at(tensor.name)));
        out.push_back(std::move(change));
    }
    return out;
}

WholeDistance whole_distance(const std::vector<TensorDistance>& tensors) {
    WholeDistance whole;
    double dot = 0;
    for (const TensorDistance& tensor : tensors) {
        whole.norm = std::hypot(whole.norm, tensor.norm);
        whole.reference_norm = std::hypot(whole.reference_norm, tensor.reference_norm);
        whole.change = std::hypot(whole.change, tensor.change);
        dot += tensor.dot;
    }
    const double lengths = whole.norm * whole.reference_norm;
    whole.cosine = lengths > 0 ? dot / lengths : 1;
    return whole;
}

}  // namespace aip::model
