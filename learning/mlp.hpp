// A multi-layer perceptron, ReLU between its layers, that travels as a safetensors file with PyTorch's names and
// shapes: fcN.weight [outputs, inputs] and fcN.bias [outputs], F32, N = 1, 2, ... without a gap.
//
// Invariant: what was read is written back bit for bit, metadata included; training changes nothing but the values.
// from_safetensors() refuses (kInvalid, one line that names the tensor) whatever is not exactly such a network: other
// tensors, types or shapes, layers that don't fit each other, values that are not finite.
// One caller at a time: even logits() uses the object's scratch space.
#pragma once

#include <span>
#include <vector>

#include "base/random.hpp"
#include "base/result.hpp"
#include "learning/layers.hpp"
#include "model/safetensors.hpp"

namespace aip::learning {

class Mlp {
public:
    // Widths from input to output, at least two: {784, 64, 10}. The same seed of `rng` gives the same weights.
    static Mlp create(std::span<const size_t> widths, Rng& rng);

    static Result<Mlp> from_safetensors(ByteView file);
    Result<Bytes> to_safetensors() const;

    size_t inputs() const { return layers_.front().inputs(); }
    size_t outputs() const { return layers_.back().outputs(); }
    std::span<const Dense> layers() const { return layers_; }
    std::span<Dense> layers() { return layers_; }

    // x is [batch, inputs()]; the logits [batch, outputs()] are good until the next call.
    std::span<const float> logits(std::span<const float> x);
    double loss(std::span<const float> x, std::span<const uint8_t> labels);
    // The loss of one batch; leaves its gradients in layers().
    double gradients(std::span<const float> x, std::span<const uint8_t> labels);
    size_t count_correct(std::span<const float> x, std::span<const uint8_t> labels);

private:
    Mlp() = default;

    std::vector<Dense> layers_;
    std::vector<std::vector<float>> activations_;  // output of each layer, after ReLU but for the last
    std::vector<float> gradient_, gradient_below_;
    model::Metadata metadata_;
};

}  // namespace aip::learning
