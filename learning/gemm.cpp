#include "learning/gemm.hpp"

#include <cstring>
#include <vector>

#include "base/assert.hpp"

// On x86-64 g++ builds the kernel twice and the loader picks one; AVX2 alone has no fused multiply-add, so both give
// the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define AIP_CLONES __attribute__((target_clones("default", "avx2")))
#else
#define AIP_CLONES
#endif

namespace aip::learning {
namespace {

constexpr size_t kLanes = 8;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

// The left factor, element (row i, term p), however it is stored.
struct Left {
    const float* data;
    size_t row_stride;
    size_t term_stride;
};

// kRows x (kVectors * kLanes) elements of c at once: the sums live in registers.
template <size_t kRows, size_t kVectors>
[[gnu::always_inline]] inline void tile(Left a, const float* b, float* c, size_t k, size_t n) {
    Lanes sums[kRows][kVectors] = {};
    for (size_t p = 0; p < k; ++p) {
        for (size_t v = 0; v < kVectors; ++v) {
            Lanes right;
            std::memcpy(&right, b + p * n + v * kLanes, sizeof(right));
            for (size_t i = 0; i < kRows; ++i) sums[i][v] += a.data[i * a.row_stride + p * a.term_stride] * right;
        }
    }
    for (size_t i = 0; i < kRows; ++i)
        for (size_t v = 0; v < kVectors; ++v) std::memcpy(c + i * n + v * kLanes, &sums[i][v], sizeof(Lanes));
}

template <size_t kRows>
[[gnu::always_inline]] inline void rows(Left a, const float* b, float* c, size_t k, size_t n) {
    size_t j = 0;
    for (; j + 2 * kLanes <= n; j += 2 * kLanes) tile<kRows, 2>(a, b + j, c + j, k, n);
    for (; j + kLanes <= n; j += kLanes) tile<kRows, 1>(a, b + j, c + j, k, n);
    for (; j < n; ++j) {
        for (size_t i = 0; i < kRows; ++i) {
            float sum = 0;
            for (size_t p = 0; p < k; ++p) sum += a.data[i * a.row_stride + p * a.term_stride] * b[p * n + j];
            c[i * n + j] = sum;
        }
    }
}

AIP_CLONES void multiply(Left a, const float* b, float* c, GemmShape s) {
    constexpr size_t kRows = 4;
    size_t i = 0;
    for (; i + kRows <= s.m; i += kRows, a.data += kRows * a.row_stride) rows<kRows>(a, b, c + i * s.n, s.k, s.n);
    for (; i < s.m; ++i, a.data += a.row_stride) rows<1>(a, b, c + i * s.n, s.k, s.n);
}

void check_sizes(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape s) {
    AIP_ASSERT(a.size() == s.m * s.k && b.size() == s.k * s.n && c.size() == s.m * s.n);
}

}  // namespace

void gemm_ab(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape) {
    check_sizes(a, b, c, shape);
    multiply({a.data(), shape.k, 1}, b.data(), c.data(), shape);
}

void gemm_atb(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape) {
    check_sizes(a, b, c, shape);
    multiply({a.data(), 1, shape.m}, b.data(), c.data(), shape);
}

void gemm_abt(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape) {
    check_sizes(a, b, c, shape);
    std::vector<float> turned(b.size());
    for (size_t j = 0; j < shape.n; ++j)
        for (size_t p = 0; p < shape.k; ++p) turned[p * shape.n + j] = b[j * shape.k + p];
    multiply({a.data(), shape.k, 1}, turned.data(), c.data(), shape);
}

}  // namespace aip::learning
