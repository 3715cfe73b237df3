// Several models of one architecture merged into one, read like a file: bytes are made when they are asked for, block
// by block, so a model may be larger than memory (a block of each model is held, and at most 16 models are merged).
// import_model() of it makes the new version.
//
// Invariants: the result does not depend on the order of the models; a block that all of them have is taken as it is,
// so that the merge of equals is the same bytes. Header, order of tensors and file metadata are those of the model
// whose content digest is smallest. kInvalid names the model and the tensor: names, types or shapes that differ, a
// number that is NaN or infinite, a type without numbers (model/numbers.hpp) that is not the same in all. Nothing is
// kept between reads: read whole blocks. Storage jobs; blocks and rule are borrowed.
#pragma once

#include "model/block_store.hpp"
#include "model/manifest.hpp"
#include "model/merge_rules.hpp"
#include "model/source.hpp"

namespace aip::model {

struct MergeInput {
    Manifest manifest;
    uint64_t samples = 0;  // it has trained on; of weight for the mean
};

class MergedModel final : public Source {
public:
    // Reads all models once if the rule asks how far they are from each other.
    static Result<MergedModel> open(std::vector<MergeInput> models, const MergeRule& rule, BlockStore& blocks);

    uint64_t size() const override { return models_.front().manifest.file_size(); }
    Result<void> read(uint64_t offset, MutableBytes out) override;
    const std::vector<double>& weights() const { return weights_; }  // in the order the models were given

private:
    MergedModel(const MergeRule& rule, BlockStore& blocks) : rule_(&rule), blocks_(&blocks) {}

    using Rows = std::vector<std::vector<double>>;  // a stretch of numbers, of each model
    struct Place {                                  // of a block
        const ManifestTensor* tensor;
        uint32_t number;  // within the tensor
    };
    Place place(size_t block) const;
    const BlockRef& block_of(size_t model, const Place& place) const;
    bool is_shared(const Place& place) const;
    Result<Bytes> merge_block(size_t block) const;
    // Calls use(rows, first byte) for one stretch after the other of a block that has numbers.
    template <class Use>
    Result<void> each_stretch(const Place& place, Use use) const;
    Result<std::vector<double>> measure() const;

    const MergeRule* rule_;
    BlockStore* blocks_;
    std::vector<MergeInput> models_;             // by content digest
    std::vector<std::vector<uint32_t>> tensor_;  // [model][tensor of the first]: where that one is in its manifest
    std::vector<uint64_t> begins_;               // of each block of the first
    std::vector<double> ordered_weights_;
    std::vector<double> weights_;
};

// Can they be merged? kInvalid names the tensor that differs.
Result<void> check_same_architecture(const Manifest& a, const Manifest& b);
// No NaN and no infinity anywhere; reads every block. kInvalid names the tensor.
Result<void> check_finite(const Manifest& manifest, BlockStore& blocks);

}  // namespace aip::model
