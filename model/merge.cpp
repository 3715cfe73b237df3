#include "model/merge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/limits.hpp"
#include "model/numbers.hpp"
#include "model/text.hpp"

namespace aip::model {
namespace {

constexpr size_t kStretch = 4096;  // numbers worked on at once

std::map<std::string_view, uint32_t> by_name(const Manifest& manifest) {
    std::map<std::string_view, uint32_t> index;
    for (uint32_t i = 0; i < manifest.tensors().size(); ++i) index[manifest.tensors()[i].name] = i;
    return index;
}

Error cannot(const Manifest& model, const ManifestTensor& tensor, const std::string& why) {
    return {ErrorCode::kInvalid,
            "cannot merge model " + model.id().short_hex() + ": its tensor " + quoted(tensor.name) + " " + why};
}

Error unusable(const Manifest& model, const ManifestTensor& tensor) {
    return cannot(model, tensor, "holds a number that is NaN, infinite or beyond 2^53");
}

Result<Bytes> read_whole(BlockStore& blocks, const BlockRef& block) {
    AIP_ASSIGN(auto bytes, blocks.read(block.digest));
    if (bytes.size() == block.size) return bytes;
    return Error{ErrorCode::kCorrupt, "block " + block.digest.hex() + " has another size than its manifest says"};
}

// True too if the type has none.
bool has_good_numbers(Dtype dtype, ByteView bytes) {
    const size_t step = number_bytes(dtype);
    std::vector<double> numbers(kStretch);
    for (size_t at = 0; step > 0 && at < bytes.size(); at += kStretch * step) {
        const ByteView part = bytes.subspan(at, std::min(kStretch * step, bytes.size() - at));
        if (!decode_numbers(dtype, part, std::span(numbers).first(part.size() / step))) return false;
    }
    return true;
}

}  // namespace

Result<void> check_same_architecture(const Manifest& a, const Manifest& b) {
    const auto names = by_name(a);
    for (const ManifestTensor& tensor : b.tensors()) {
        const auto other = names.find(tensor.name);
        if (other == names.end()) return cannot(b, tensor, "is not in " + a.id().short_hex());
        const ManifestTensor& same = a.tensors()[other->second];
        if (same.dtype != tensor.dtype || same.shape != tensor.shape)
            return cannot(b, tensor, "has another type or shape than in " + a.id().short_hex());
    }
    if (a.tensors().size() == b.tensors().size()) return {};
    return Error{ErrorCode::kInvalid,
                 "cannot merge model " + b.id().short_hex() + ": it has fewer tensors than " + a.id().short_hex()};
}

Result<void> check_finite(const Manifest& manifest, BlockStore& blocks) {
    for (const ManifestTensor& tensor : manifest.tensors()) {
        for (uint32_t i = 0; i < tensor.block_count; ++i) {
            AIP_ASSIGN(const Bytes bytes, read_whole(blocks, manifest.blocks()[tensor.first_block + i]));
            if (!has_good_numbers(tensor.dtype, bytes)) return unusable(manifest, tensor);
        }
    }
    return {};
}

Result<MergedModel> MergedModel::open(std::vector<MergeInput> models, const MergeRule& rule, BlockStore& blocks) {
    if (models.empty()) return Error{ErrorCode::kInvalid, "there is no model to merge"};
    if (models.size() > limits::kParentsMax)
        return Error{ErrorCode::kInvalid, "at most " + std::to_string(limits::kParentsMax) + " models are merged"};
    for (const MergeInput& model : models) AIP_TRY(check_same_architecture(models.front().manifest, model.manifest));
    std::vector<size_t> order(models.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return std::tuple(models[a].manifest.content(), models[a].samples, models[a].manifest.id()) <
               std::tuple(models[b].manifest.content(), models[b].samples, models[b].manifest.id());
    });

    MergedModel merged(rule, blocks);
    std::vector<uint64_t> samples;
    for (const size_t i : order) {
        samples.push_back(models[i].samples);
        merged.models_.push_back(std::move(models[i]));
    }
    const Manifest& first = merged.models_.front().manifest;
    uint64_t begin = 0;
    for (const BlockRef& block : first.blocks()) {
        merged.begins_.push_back(begin);
        begin += block.size;
    }
    for (const MergeInput& model : merged.models_) {
        const auto names = by_name(model.manifest);
        auto& index = merged.tensor_.emplace_back();
        for (const ManifestTensor& tensor : first.tensors()) index.push_back(names.at(tensor.name));
    }
    std::vector<double> distances;
    if (rule.asks_distances()) {
        AIP_ASSIGN(distances, merged.measure());
    }
    merged.ordered_weights_ = rule.weights(samples, distances);
    merged.weights_.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) merged.weights_[order[i]] = merged.ordered_weights_[i];
    return merged;
}

Result<void> MergedModel::read(uint64_t offset, MutableBytes out) {
    if (offset > size() || out.size() > size() - offset)
        return Error{ErrorCode::kInvalid, "a read beyond the end of a merged model"};
    while (!out.empty()) {
        const auto after = std::upper_bound(begins_.begin(), begins_.end(), offset);
        const auto block = static_cast<size_t>(after - begins_.begin()) - 1;
        AIP_ASSIGN(const Bytes merged, merge_block(block));
        const ByteView from = ByteView(merged).subspan(offset - begins_[block]);
        const size_t count = std::min(from.size(), out.size());
        std::copy_n(from.begin(), count, out.begin());
        out = out.subspan(count);
        offset += count;
    }
    return {};
}

MergedModel::Place MergedModel::place(size_t block) const {
    const auto& tensors = models_.front().manifest.tensors();
    const auto after = std::upper_bound(tensors.begin(), tensors.end(), block,
                                        [](size_t b, const ManifestTensor& t) { return b < t.first_block; });
    const ManifestTensor& tensor = *std::prev(after);  // of several that begin here the last, which is not empty
    return {&tensor, static_cast<uint32_t>(block - tensor.first_block)};
}

const BlockRef& MergedModel::block_of(size_t model, const Place& place) const {
    const Manifest& manifest = models_[model].manifest;
    const auto index = static_cast<size_t>(place.tensor - models_.front().manifest.tensors().data());
    return manifest.blocks()[manifest.tensors()[tensor_[model][index]].first_block + place.number];
}

bool MergedModel::is_shared(const Place& place) const {
    for (size_t i = 1; i < models_.size(); ++i)
        if (block_of(i, place).digest != block_of(0, place).digest) return false;
    return true;
}

Result<Bytes> MergedModel::merge_block(size_t block) const {
    const Manifest& first = models_.front().manifest;
    if (block < first.header_blocks()) return read_whole(*blocks_, first.blocks()[block]);
    const Place here = place(block);
    const Dtype dtype = here.tensor->dtype;
    if (is_shared(here)) {
        AIP_ASSIGN(Bytes same, read_whole(*blocks_, block_of(0, here)));
        if (!has_good_numbers(dtype, same)) return unusable(first, *here.tensor);
        return same;
    }
    const uint32_t step = number_bytes(dtype);
    if (step == 0)
        return cannot(first, *here.tensor, "is " + std::string(dtype_name(dtype)) + ", which has no mean, and differs");
    Bytes out(block_of(0, here).size);
    std::vector<double> result(kStretch);
    AIP_TRY(each_stretch(here, [&](std::span<std::vector<double>> rows, size_t at) -> Result<void> {
        const auto numbers = std::span(result).first(rows.front().size());
        rule_->merge(rows, ordered_weights_, numbers);
        for (const double number : numbers)
            if (!std::isfinite(number)) return cannot(first, *here.tensor, "has no finite mean with the others");
        encode_numbers(dtype, numbers, MutableBytes(out).subspan(at, numbers.size() * step));
        return {};
    }));
    return out;
}

template <class Use>
Result<void> MergedModel::each_stretch(const Place& place, Use use) const {
    const uint32_t step = number_bytes(place.tensor->dtype);
    std::vector<Bytes> raw;
    for (size_t i = 0; i < models_.size(); ++i) {
        AIP_ASSIGN(Bytes bytes, read_whole(*blocks_, block_of(i, place)));
        raw.push_back(std::move(bytes));
    }
    Rows rows(models_.size());
    for (size_t at = 0; at < raw.front().size(); at += kStretch * step) {
        const size_t bytes = std::min(kStretch * step, raw.front().size() - at);
        for (size_t i = 0; i < rows.size(); ++i) {
            rows[i].resize(bytes / step);
            if (!decode_numbers(place.tensor->dtype, ByteView(raw[i]).subspan(at, bytes), rows[i]))
                return unusable(models_[i].manifest, *place.tensor);
        }
        AIP_TRY(use(rows, at));
    }
    return {};
}

// Squared distances between all pairs.
Result<std::vector<double>> MergedModel::measure() const {
    const size_t n = models_.size();
    std::vector<double> squares(n * n);
    for (size_t block = models_.front().manifest.header_blocks(); block < begins_.size(); ++block) {
        const Place here = place(block);
        if (number_bytes(here.tensor->dtype) == 0 || is_shared(here)) continue;
        AIP_TRY(each_stretch(here, [&](std::span<std::vector<double>> rows, size_t) -> Result<void> {
            for (size_t i = 0; i < n; ++i)
                for (size_t j = i + 1; j < n; ++j)
                    squares[i * n + j] +=
                        std::transform_reduce(rows[i].begin(), rows[i].end(), rows[j].begin(), 0.0, std::plus<>(),
                                              [](double a, double b) { return (a - b) * (a - b); });
            return {};
        }));
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = i + 1; j < n; ++j) squares[j * n + i] = squares[i * n + j];
    return squares;
}

}  // namespace aip::model
