// What a small network is made of, each piece with its gradient: Dense, ReLU, softmax cross-entropy, one SGD step.
// Every sum has a fixed order (learning/gemm.hpp; biases and gradients of biases: rows 0, 1, 2, ...) and exp is our
// own, because libm's differs between machines: equal weights, samples and options give equal bits everywhere.
// The reported loss goes through libm's log, and into no weight.
//
// A batch is row-major [batch, width]. Gradients are those of the mean loss over the batch. No thread of its own; an
// object belongs to one caller at a time. Does not: convolve, attend, normalise, keep momentum.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace aip::learning {

// y = x W + b. W is held as [inputs, outputs], the transpose of PyTorch's, so that the kernel runs along outputs.
class Dense {
public:
    Dense(size_t inputs, size_t outputs);  // all zero

    void init(Rng& rng);  // uniform in +-1/sqrt(inputs), as PyTorch's Linear

    size_t inputs() const { return inputs_; }
    size_t outputs() const { return outputs_; }

    void forward(std::span<const float> x, std::span<float> y) const;
    // From the gradient of y: those of W and b (kept here), and of x unless `dx` is empty.
    void backward(std::span<const float> x, std::span<const float> dy, std::span<float> dx);

    std::vector<float> weight, bias;
    std::vector<float> weight_gradient, bias_gradient;

private:
    size_t inputs_;
    size_t outputs_;
};

void relu(std::span<float> x);                                            // in place
void relu_backward(std::span<const float> y, std::span<float> gradient);  // y: what relu() left

// Mean cross-entropy of logits [batch, classes]; `gradient`, unless empty, becomes that of the logits.
// Every label is below the number of classes.
double softmax_cross_entropy(std::span<const float> logits, std::span<const uint8_t> labels, std::span<float> gradient);

struct SgdOptions {
    float learning_rate = 0.003f;
    float weight_decay = 0;  // of weights and biases, as PyTorch's SGD
    float clip_norm = 0;     // scale all gradients down to this norm together; 0: never
};
void sgd_step(std::span<Dense> layers, const SgdOptions& options);

float fixed_exp(float x);  // e^x for x <= 0, correct to a unit in the last place, the same bits everywhere

}  // namespace aip::learning
