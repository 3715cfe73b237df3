// How far a model is from another of the same architecture, tensor by tensor: norms, the norm of the difference, and
// the inner product. What the admission gate (rfc/0013) judges by.
//
// Both models are read block by block and side by side, so they may be larger than memory: two blocks are held. A block
// that both have is read once. Tensors are matched by name. Types without numbers (model/numbers.hpp) count as zeros
// where they are equal, and nobody can tell how far they are apart where they differ: then `comparable` is false.
// Storage thread.
#pragma once

#include <vector>

#include "model/block_store.hpp"
#include "model/manifest.hpp"

namespace aip::model {

struct TensorDistance {
    std::string name;
    bool comparable = true;
    double norm = 0;            // Euclidean, of this model's tensor
    double reference_norm = 0;  // of the other's
    double change = 0;          // of the difference
    double dot = 0;             // inner product of the two
};

// In the order of `model`'s tensors. kInvalid names the first tensor that is not in both with the same type and shape,
// or holds a number that is NaN or infinite.
Result<std::vector<TensorDistance>> measure_distance(const Manifest& model, const Manifest& reference,
                                                     BlockStore& blocks);

// All tensors as one long vector.
struct WholeDistance {
    double norm = 0;
    double reference_norm = 0;
    double change = 0;
    double cosine = 0;  // 1 if one of them is all zeros
};
WholeDistance whole_distance(const std::vector<TensorDistance>& tensors);

}  // namespace aip::model
