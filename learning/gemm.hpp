// Matrix products in float32 with a fixed order: every element of the result starts at +0 and adds its products one by
// one, index 0, 1, 2, ... , each product rounded, each sum rounded. Only different elements are computed side by side.
//
// Invariant: so the bits of an element depend on its row of the left and its column of the right factor alone, never on
// the machine, its vector width, the batch size, or zeros appended to the summed dimension. (Libraries that block or
// split the sum promise none of these.) It holds as long as the build forbids contraction to fused multiply-add
// (-ffp-contract=off, tools/cmake/aip.cmake) and rounding is to nearest.
//
// All matrices are dense and row-major; the sizes of the spans are asserted; `c` must not overlap `a` or `b`.
// Pure functions, one thread each. Does not: run in parallel, block for matrices beyond the second-level cache.
#pragma once

#include <cstddef>
#include <span>

namespace aip::learning {

// c[m,n] = a[m,k] b[k,n], summed over k.
struct GemmShape {
    size_t m = 0;
    size_t k = 0;
    size_t n = 0;
};
void gemm_ab(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape);

// The same product with a factor that is stored transposed: a as [k,m], b as [n,k]. The sum still runs over k.
void gemm_atb(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape);
void gemm_abt(std::span<const float> a, std::span<const float> b, std::span<float> c, GemmShape shape);

}  // namespace aip::learning
