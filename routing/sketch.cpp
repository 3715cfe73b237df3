#include "routing/sketch.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/limits.hpp"
#include "routing/divergence.hpp"
#include "routing/journey.hpp"

namespace aip::routing {
namespace {

constexpr double kMomentMax = 1e30;      // so that no divergence overflows
constexpr double kVarianceFloor = 1e-4;  // of features of about unit scale: a constant feature is no infinity

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("sketch ") + why}; }

bool in_range(const std::vector<double>& values, double least) {
    return std::all_of(values.begin(), values.end(), [least](double v) { return v >= least && v <= kMomentMax; });
}

struct Gaussian {  // one feature; of nothing at all: the standard normal
    Gaussian(const Moments& moments, size_t i) {
        if (moments.count == 0 || i >= moments.sum.size()) return;
        const auto n = static_cast<double>(moments.count);
        mean = moments.sum[i] / n;
        variance = std::max(moments.squares[i] / n - mean * mean, kVarianceFloor);
    }
    double mean = 0;
    double variance = 1;
};

double gaussian_kl(const Moments& p, const Moments& q) {
    double sum = 0;
    for (size_t i = 0; i < std::max(p.sum.size(), q.sum.size()); ++i) {
        const Gaussian a(p, i), b(q, i);
        const double shift = a.mean - b.mean;
        sum += std::log(b.variance / a.variance) + (a.variance + shift * shift) / b.variance - 1;
    }
    return std::max(sum / 2, 0.0);
}

void add(std::vector<double>& into, const std::vector<double>& from, double factor) {
    into.resize(std::max(into.size(), from.size()));
    for (size_t i = 0; i < from.size(); ++i) into[i] += factor * from[i];
}

}  // namespace

uint64_t Sketch::samples() const {
    return labels.empty() ? moments.count : std::accumulate(labels.begin(), labels.end(), uint64_t{0});
}

bool Sketch::same_shape(const Sketch& other) const {
    return labels.size() == other.labels.size() && moments.sum.size() == other.moments.sum.size();
}

Result<void> check_sketch(const Sketch& sketch) {
    const Moments& moments = sketch.moments;
    const auto too_many = [](uint64_t count) { return count > kSketchCountMax; };
    if (sketch.labels.size() > limits::kSketchBinsMax || moments.sum.size() > limits::kSketchBinsMax)
        return invalid("has more than 64 labels or features");
    if (!sketch.labels.empty() && !(moments == Moments{})) return invalid("has both labels and moments");
    if (moments.sum.size() != moments.squares.size()) return invalid("needs a square for every sum");
    if (std::any_of(sketch.labels.begin(), sketch.labels.end(), too_many) || too_many(moments.count))
        return invalid("has a count above 2^48");
    if (moments.sum.empty() && moments.count > 0) return invalid("counts samples but has no features");
    if (!in_range(moments.sum, -kMomentMax) || !in_range(moments.squares, 0))
        return invalid("has a moment that is not finite or out of range");
    return {};
}

Sketch without(const Sketch& whole, const Sketch& part, uint64_t samples) {
    Sketch out = whole;
    const std::vector<uint64_t> labels = spread(samples, part.labels);
    for (size_t i = 0; i < std::min(labels.size(), out.labels.size()); ++i)
        out.labels[i] -= std::min(out.labels[i], labels[i]);
    if (part.moments.count == 0) return out;
    const uint64_t count = std::min(samples, out.moments.count);
    const double factor = static_cast<double>(count) / static_cast<double>(part.moments.count);
    out.moments.count -= count;
    add(out.moments.sum, part.moments.sum, -factor);
    add(out.moments.squares, part.moments.squares, -factor);
    for (double& square : out.moments.squares) square = std::max(square, 0.0);  // rounding
    return out;
}

Sketch merged(const Sketch& into, const Sketch& from, uint64_t samples) {
    Sketch out = into;
    const std::vector<uint64_t> labels = samples == 0 ? from.labels : spread(samples, from.labels);
    out.labels.resize(std::max(out.labels.size(), labels.size()));
    for (size_t i = 0; i < labels.size(); ++i) out.labels[i] += labels[i];
    if (from.moments.count == 0) return out;
    const uint64_t count = samples == 0 ? from.moments.count : samples;
    const double factor = static_cast<double>(count) / static_cast<double>(from.moments.count);
    out.moments.count += count;
    add(out.moments.sum, from.moments.sum, factor);
    add(out.moments.squares, from.moments.squares, factor);
    return out;
}

double divergence(const Sketch& p, const Sketch& q) {
    if (p.moments.sum.empty() && q.moments.sum.empty()) return smoothed_kl(p.labels, q.labels);
    return gaussian_kl(p.moments, q.moments);
}

}  // namespace aip::routing
