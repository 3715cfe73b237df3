#include "learning/mlp.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::learning {

Mlp Mlp::create(std::span<const size_t> widths, Rng& rng) {
    AIP_ASSERT(widths.size() >= 2);
    Mlp mlp;
    for (size_t i = 0; i + 1 < widths.size(); ++i) mlp.layers_.emplace_back(widths[i], widths[i + 1]).init(rng);
    mlp.metadata_ = {{"format", "pt"}};
    return mlp;
}

std::span<const float> Mlp::logits(std::span<const float> x) {
    AIP_ASSERT(x.size() % inputs() == 0);
    const size_t batch = x.size() / inputs();
    activations_.resize(layers_.size());
    for (size_t i = 0; i < layers_.size(); ++i) {
        activations_[i].resize(batch * layers_[i].outputs());
        layers_[i].forward(i == 0 ? x : activations_[i - 1], activations_[i]);
        if (i + 1 < layers_.size()) relu(activations_[i]);
    }
    return activations_.back();
}

double Mlp::loss(std::span<const float> x, std::span<const uint8_t> labels) {
    return softmax_cross_entropy(logits(x), labels, {});
}

double Mlp::gradients(std::span<const float> x, std::span<const uint8_t> labels) {
    const auto z = logits(x);
    gradient_.resize(z.size());
    const double loss = softmax_cross_entropy(z, labels, gradient_);
    for (size_t i = layers_.size(); i-- > 0;) {
        if (i == 0) {
            layers_[0].backward(x, gradient_, {});
            break;
        }
        gradient_below_.resize(activations_[i - 1].size());
        layers_[i].backward(activations_[i - 1], gradient_, gradient_below_);
        relu_backward(activations_[i - 1], gradient_below_);
        gradient_.swap(gradient_below_);
    }
    return loss;
}

size_t Mlp::count_correct(std::span<const float> x, std::span<const uint8_t> labels) {
    const auto z = logits(x);
    size_t correct = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
        const auto of_row = z.subspan(row * outputs(), outputs());
        const auto best = std::max_element(of_row.begin(), of_row.end()) - of_row.begin();
        correct += best == labels[row];
    }
    return correct;
}

}  // namespace aip::learning
