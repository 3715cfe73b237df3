#include "learning/layers.hpp"

#include <algorithm>
#include <cmath>

#include "base/assert.hpp"
#include "learning/gemm.hpp"

namespace aip::learning {

Dense::Dense(size_t inputs, size_t outputs)
    : weight(inputs * outputs),
      bias(outputs),
      weight_gradient(inputs * outputs),
      bias_gradient(outputs),
      inputs_(inputs),
      outputs_(outputs) {}

void Dense::init(Rng& rng) {
    const double bound = 1 / std::sqrt(static_cast<double>(inputs_));
    for (float& w : weight) w = static_cast<float>((2 * rng.unit() - 1) * bound);
    for (float& b : bias) b = static_cast<float>((2 * rng.unit() - 1) * bound);
}

void Dense::forward(std::span<const float> x, std::span<float> y) const {
    const size_t batch = x.size() / inputs_;
    gemm_ab(x, weight, y, {batch, inputs_, outputs_});
    for (size_t row = 0; row < batch; ++row)
        for (size_t j = 0; j < outputs_; ++j) y[row * outputs_ + j] += bias[j];
}

void Dense::backward(std::span<const float> x, std::span<const float> dy, std::span<float> dx) {
    const size_t batch = x.size() / inputs_;
    gemm_atb(x, dy, weight_gradient, {inputs_, batch, outputs_});
    std::fill(bias_gradient.begin(), bias_gradient.end(), 0.0f);
    for (size_t row = 0; row < batch; ++row)
        for (size_t j = 0; j < outputs_; ++j) bias_gradient[j] += dy[row * outputs_ + j];
    if (!dx.empty()) gemm_abt(dy, weight, dx, {batch, outputs_, inputs_});
}

void relu(std::span<float> x) {
    for (float& v : x) v = v > 0 ? v : 0;
}

void relu_backward(std::span<const float> y, std::span<float> gradient) {
    AIP_ASSERT(y.size() == gradient.size());
    for (size_t i = 0; i < y.size(); ++i)
        if (!(y[i] > 0)) gradient[i] = 0;
}

float fixed_exp(float x) {
    constexpr double kLog2E = 1.4426950408889634074, kLn2 = 0.6931471805599453094;
    constexpr int kTerms = 12;  // |r| <= ln2 / 2: the rest is below 1e-14
    if (!(x > -104.0f)) return std::isnan(x) ? x : 0;
    const double power = std::floor(static_cast<double>(x) * kLog2E + 0.5);
    const double r = static_cast<double>(x) - power * kLn2;
    double sum = 1;
    for (int i = kTerms; i > 0; --i) sum = 1 + sum * r / i;
    return static_cast<float>(std::ldexp(sum, static_cast<int>(power)));
}

double softmax_cross_entropy(std::span<const float> logits, std::span<const uint8_t> labels,
                             std::span<float> gradient) {
    AIP_ASSERT(!labels.empty() && logits.size() % labels.size() == 0);
    AIP_ASSERT(gradient.empty() || gradient.size() == logits.size());
    const size_t classes = logits.size() / labels.size();
    const float batch = static_cast<float>(labels.size());
    std::vector<float> exps(classes);
    double loss = 0;
    for (size_t row = 0; row < labels.size(); ++row) {
        AIP_ASSERT(labels[row] < classes);
        const auto z = logits.subspan(row * classes, classes);
        const float top = *std::max_element(z.begin(), z.end());
        float sum = 0;
        for (size_t j = 0; j < classes; ++j) sum += exps[j] = fixed_exp(z[j] - top);
        loss += std::log(static_cast<double>(sum)) - static_cast<double>(z[labels[row]] - top);
        if (gradient.empty()) continue;
        for (size_t j = 0; j < classes; ++j)
            gradient[row * classes + j] = (exps[j] / sum - (j == labels[row] ? 1.0f : 0.0f)) / batch;
    }
    return loss / static_cast<double>(labels.size());
}

namespace {

float clip_factor(std::span<const Dense> layers, float clip_norm) {
    if (clip_norm <= 0) return 1;
    double squares = 0;
    for (const Dense& layer : layers) {
        for (float g : layer.weight_gradient) squares += static_cast<double>(g) * g;
        for (float g : layer.bias_gradient) squares += static_cast<double>(g) * g;
    }
    const double norm = std::sqrt(squares);
    return norm > clip_norm ? static_cast<float>(clip_norm / norm) : 1;
}

}  // namespace

void sgd_step(std::span<Dense> layers, const SgdOptions& options) {
    const float factor = clip_factor(layers, options.clip_norm);
    const auto update = [&](std::vector<float>& values, const std::vector<float>& gradient) {
        for (size_t i = 0; i < values.size(); ++i)
            values[i] -= options.learning_rate * (gradient[i] * factor + options.weight_decay * values[i]);
    };
    for (Dense& layer : layers) {
        update(layer.weight, layer.weight_gradient);
        update(layer.bias, layer.bias_gradient);
    }
}

}  // namespace aip::learning
