// What a node's data, or what a model has seen, looks like: a summary that merges by addition (rfc/0010 section 3).
//   labels   how many samples of each class, for classification
//   moments  how many samples, and per feature the sum and the sum of squares: a diagonal Gaussian, for the rest
//
// Invariants: numbers are finite, counts at most kSketchCountMax, at most limits::kSketchBinsMax bins or features; two
// sketches merge only if they have the same shape. An empty sketch (neither) has seen nothing and merges with any.
// Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace aip::routing {

inline constexpr uint64_t kSketchCountMax = uint64_t{1} << 48;

struct Moments {
    uint64_t count = 0;
    std::vector<double> sum;      // per feature
    std::vector<double> squares;  // per feature
    bool operator==(const Moments&) const = default;
};

struct Sketch {
    std::vector<uint64_t> labels;
    Moments moments;

    bool empty() const { return labels.empty() && moments.sum.empty(); }
    uint64_t samples() const;
    bool same_shape(const Sketch& other) const;
    bool operator==(const Sketch&) const = default;
};

Result<void> check_sketch(const Sketch& sketch);
// `samples` of what `from` describes are added (its own number if 0): shares stay those of `from`.
Sketch merged(const Sketch& into, const Sketch& from, uint64_t samples = 0);
// Takes back what merged() added; no count falls below 0.
Sketch without(const Sketch& whole, const Sketch& part, uint64_t samples);
// D(p || q) in nats, smoothed: never infinite, 0 for equal shares; labels by rfc/0003 section 5.1, moments by the
// closed form of diagonal Gaussians with a floor under the variance.
double divergence(const Sketch& p, const Sketch& q);

}  // namespace aip::routing
