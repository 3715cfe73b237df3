#include "routing/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.hpp"

namespace aip::routing {
namespace {

// count * scale + offset = smoothed share
struct Smoothing {
    Smoothing(std::span<const double> counts, size_t bins) {
        const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
        const double mass = (total > 0 ? 1 : 0) + kSmoothing * static_cast<double>(bins);
        scale = total > 0 ? 1 / (total * mass) : 0;
        offset = kSmoothing / mass;
    }
    double scale;
    double offset;
};

}  // namespace

DivergenceFrom::DivergenceFrom(std::span<const double> p_counts, size_t bins) : p_(bins) {
    AIP_ASSERT(p_counts.size() <= bins);
    const Smoothing smooth(p_counts, bins);
    for (size_t i = 0; i < bins; ++i) {
        p_[i] = (i < p_counts.size() ? p_counts[i] : 0) * smooth.scale + smooth.offset;
        p_log_p_ += p_[i] * std::log(p_[i]);
    }
}

double DivergenceFrom::to(std::span<const double> q_counts) const {
    AIP_ASSERT(q_counts.size() <= p_.size());
    const Smoothing smooth(q_counts, p_.size());
    double p_log_q = 0;
    for (size_t i = 0; i < p_.size(); ++i)
        p_log_q += p_[i] * std::log((i < q_counts.size() ? q_counts[i] : 0) * smooth.scale + smooth.offset);
    return std::max(p_log_p_ - p_log_q, 0.0);  // rounding may leave a hair below
}

double smoothed_kl(std::span<const double> p_counts, std::span<const double> q_counts) {
    return DivergenceFrom(p_counts, std::max(p_counts.size(), q_counts.size())).to(q_counts);
}

double smoothed_kl(std::span<const uint64_t> p_counts, std::span<const uint64_t> q_counts) {
    const std::vector<double> p(p_counts.begin(), p_counts.end());
    const std::vector<double> q(q_counts.begin(), q_counts.end());
    return smoothed_kl(std::span<const double>(p), q);
}

void add_counts(std::vector<double>& sum, std::span<const uint64_t> counts, double factor) {
    if (sum.size() < counts.size()) sum.resize(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) sum[i] += static_cast<double>(counts[i]) * factor;
}

}  // namespace aip::routing
