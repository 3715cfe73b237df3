#include "learning/layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "learning/mlp.hpp"
#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

// |analytic - numeric| over all parameters, relative to the size of the gradient.
double relative_error(std::vector<float>& values, const std::vector<float>& analytic,
                      const std::function<double()>& loss) {
    constexpr float kStep = 1e-2f;
    double difference = 0, size = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        const float kept = values[i];
        values[i] = kept + kStep;
        const double above = loss(), up = values[i];
        values[i] = kept - kStep;
        const double below = loss(), down = values[i];
        values[i] = kept;
        const double numeric = (above - below) / (up - down);
        difference += (numeric - analytic[i]) * (numeric - analytic[i]);
        size += numeric * numeric;
    }
    return std::sqrt(difference / size);
}

TEST(Layers, DenseGradientsAgreeWithFiniteDifferences) {
    SeededRng rng(3);
    Dense layer(9, 5);
    layer.init(rng);
    std::vector<float> x = random_floats(4 * 9, rng), y(4 * 5), dy(4 * 5), dx(4 * 9);
    const std::vector<uint8_t> labels = {0, 4, 2, 2};
    const auto loss = [&] {
        layer.forward(x, y);
        return softmax_cross_entropy(y, labels, {});
    };
    loss();
    softmax_cross_entropy(y, labels, dy);
    layer.backward(x, dy, dx);
    EXPECT_LE(relative_error(layer.weight, layer.weight_gradient, loss), 1e-3);
    EXPECT_LE(relative_error(layer.bias, layer.bias_gradient, loss), 1e-3);
    EXPECT_LE(relative_error(x, dx, loss), 1e-3);
}

TEST(Layers, ReluGradientIsThatOfThePartAboveZero) {
    std::vector<float> x = {-1, 0, 2, -0.5f, 3}, gradient = {1, 2, 3, 4, 5};
    relu(x);
    EXPECT_EQ(x, (std::vector<float>{0, 0, 2, 0, 3}));
    relu_backward(x, gradient);
    EXPECT_EQ(gradient, (std::vector<float>{0, 0, 3, 0, 5}));
}

TEST(Layers, GradientsThroughThreeLayersAgreeWithFiniteDifferences) {
    SeededRng rng(5);
    const size_t widths[] = {6, 12, 9, 4};
    Mlp mlp = Mlp::create(widths, rng);
    // So far from the kinks of ReLU, on both sides of them, that no step crosses one.
    for (size_t i = 0; i < 2; ++i)
        for (size_t j = 0; j < widths[i + 1]; ++j)
            mlp.layers()[i].bias[j] = j % 3 == 0 ? -6.0f : (i == 0 ? 3.0f : 6.0f);
    const std::vector<float> x = random_floats(5 * 6, rng);
    const std::vector<uint8_t> labels = {0, 1, 2, 3, 3};
    mlp.gradients(x, labels);
    const auto loss = [&] { return mlp.loss(x, labels); };
    for (Dense& layer : mlp.layers()) {
        EXPECT_LE(relative_error(layer.weight, layer.weight_gradient, loss), 1e-3);
        EXPECT_LE(relative_error(layer.bias, layer.bias_gradient, loss), 1e-3);
    }
}

TEST(Layers, CrossEntropyOfEqualLogitsIsTheLogOfTheirNumber) {
    const std::vector<float> logits(3 * 10, 4.25f);
    EXPECT_NEAR(softmax_cross_entropy(logits, std::vector<uint8_t>{1, 5, 9}, {}), std::log(10.0), 1e-7);
}

TEST(Layers, CrossEntropyOfHugeLogitsStaysFinite) {
    const std::vector<float> logits = {1e30f, -1e30f};
    std::vector<float> gradient(2);
    EXPECT_NEAR(softmax_cross_entropy(logits, std::vector<uint8_t>{0}, gradient), 0, 1e-12);
    EXPECT_EQ(gradient, (std::vector<float>{0, 0}));
}

TEST(Layers, FixedExpIsCorrectToAUnitInTheLastPlace) {
    EXPECT_EQ(fixed_exp(0), 1.0f);
    EXPECT_EQ(fixed_exp(-200), 0.0f);
    EXPECT_TRUE(std::isnan(fixed_exp(NAN)));
    for (float x = -87; x < 0; x += 0.01f) {
        const double exact = std::exp(static_cast<double>(x));
        EXPECT_NEAR(fixed_exp(x) / exact, 1, 1.2e-7) << x;
    }
}

Dense one_step(const SgdOptions& options) {
    std::vector<Dense> layers(1, Dense(1, 1));
    layers[0].weight = {2};
    layers[0].weight_gradient = {3};
    layers[0].bias_gradient = {4};
    sgd_step(layers, options);
    return layers[0];
}

TEST(Layers, SgdStepsDownTheGradient) {
    const Dense layer = one_step({.learning_rate = 0.5f});
    EXPECT_EQ(layer.weight[0], 0.5f);
    EXPECT_EQ(layer.bias[0], -2.0f);
}

TEST(Layers, WeightDecayPullsTowardsZero) {
    EXPECT_EQ(one_step({.learning_rate = 0.5f, .weight_decay = 0.5f}).weight[0], 0.0f);
}

TEST(Layers, ClippingBoundsTheNormOfAllGradientsTogether) {
    const Dense layer = one_step({.learning_rate = 1, .clip_norm = 2.5f});  // the norm is 5
    EXPECT_EQ(layer.weight[0], 0.5f);
    EXPECT_EQ(layer.bias[0], -2.0f);
    EXPECT_EQ(one_step({.learning_rate = 1, .clip_norm = 6}).weight[0], -1.0f);
}

}  // namespace
}  // namespace aip::learning
