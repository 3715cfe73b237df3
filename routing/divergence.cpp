#include "routing/divergence.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace aip::routing {

double smoothed_kl(std::span<const double> p_counts, std::span<const double> q_counts) {
    const size_t bins = std::max(p_counts.size(), q_counts.size());
    const Smoothing smooth_p(std::accumulate(p_counts.begin(), p_counts.end(), 0.0), bins);
    const Smoothing smooth_q(std::accumulate(q_counts.begin(), q_counts.end(), 0.0), bins);
    double sum = 0;
    for (size_t i = 0; i < bins; ++i) {
        const double p = smooth_p.share(i < p_counts.size() ? p_counts[i] : 0);
        const double q = smooth_q.share(i < q_counts.size() ? q_counts[i] : 0);
        sum += p * std::log(p / q);
    }
    return std::max(sum, 0.0);  // rounding may leave a hair below
}

double smoothed_kl(std::span<const uint64_t> p_counts, std::span<const uint64_t> q_counts) {
    const std::vector<double> p(p_counts.begin(), p_counts.end());
    const std::vector<double> q(q_counts.begin(), q_counts.end());
    return smoothed_kl(std::span<const double>(p), q);
}

void add_counts(std::vector<double>& sum, std::span<const uint64_t> counts, double factor) {
    if (sum.size() < counts.size()) sum.resize(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) sum[i] += static_cast<double>(static_cast<int64_t>(counts[i])) * factor;
}

}  // namespace aip::routing
