#include "learning/gemm.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

using Floats = std::vector<float>;

// The order the header promises, written down as plainly as possible.
Floats in_promised_order(const Floats& a, const Floats& b, GemmShape s) {
    Floats c(s.m * s.n);
    for (size_t i = 0; i < s.m; ++i)
        for (size_t j = 0; j < s.n; ++j) {
            volatile float sum = 0;
            for (size_t p = 0; p < s.k; ++p) {
                volatile float product = a[i * s.k + p] * b[p * s.n + j];
                sum = sum + product;
            }
            c[i * s.n + j] = sum;
        }
    return c;
}

Floats transposed(const Floats& a, size_t rows, size_t columns) {
    Floats out(a.size());
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < columns; ++j) out[j * rows + i] = a[i * columns + j];
    return out;
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

class GemmOfShape : public testing::TestWithParam<GemmShape> {
protected:
    SeededRng rng_{11};
    GemmShape s_ = GetParam();
    Floats a_ = random_floats(s_.m * s_.k, rng_), b_ = random_floats(s_.k * s_.n, rng_), c_ = Floats(s_.m * s_.n, 9);
};

TEST_P(GemmOfShape, AddsInThePromisedOrderWhateverIsTransposed) {
    const Floats expected = in_promised_order(a_, b_, s_);
    gemm_ab(a_, b_, c_, s_);
    EXPECT_TRUE(same_bits(c_, expected));
    gemm_atb(transposed(a_, s_.m, s_.k), b_, c_, s_);
    EXPECT_TRUE(same_bits(c_, expected));
    gemm_abt(a_, transposed(b_, s_.k, s_.n), c_, s_);
    EXPECT_TRUE(same_bits(c_, expected));
}

TEST_P(GemmOfShape, RowsDoNotDependOnTheBatchTheyAreIn) {
    gemm_ab(a_, b_, c_, s_);
    Floats row(s_.n);
    for (size_t i = 0; i < s_.m; ++i) {
        gemm_ab(std::span(a_).subspan(i * s_.k, s_.k), b_, row, {1, s_.k, s_.n});
        EXPECT_TRUE(same_bits(row, std::span(c_).subspan(i * s_.n, s_.n))) << "row " << i;
    }
}

TEST_P(GemmOfShape, ZerosAppendedToTheSummedDimensionChangeNothing) {
    gemm_ab(a_, b_, c_, s_);
    const GemmShape wide{s_.m, s_.k + 37, s_.n};
    Floats a(wide.m * wide.k), b = b_, c(c_.size());
    for (size_t i = 0; i < s_.m; ++i) std::memcpy(&a[i * wide.k], &a_[i * s_.k], s_.k * sizeof(float));
    b.resize(wide.k * wide.n);
    gemm_ab(a, b, c, wide);
    EXPECT_TRUE(same_bits(c, c_));
}

INSTANTIATE_TEST_SUITE_P(Shapes, GemmOfShape,
                         testing::Values(GemmShape{1, 1, 1}, GemmShape{3, 5, 7}, GemmShape{4, 9, 8},
                                         GemmShape{5, 64, 10}, GemmShape{20, 784, 64}, GemmShape{20, 400, 128},
                                         GemmShape{21, 100, 33}));

}  // namespace
}  // namespace aip::learning
