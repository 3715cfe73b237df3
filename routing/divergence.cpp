#include "routing/divergence.hpp"

#include <algorithm>
#include <cmath>

namespace aip::routing {
namespace {

// Turns counts into smoothed shares: share(i) = (count * scale + kSmoothing) * norm.
class Shares {
public:
    template <class T>
    Shares(std::span<const T> counts, size_t bins) {
        double total = 0;
        for (const T count : counts) total += static_cast<double>(count);
        scale_ = total > 0 ? 1 / total : 0;
        const double mass = total > 0 ? 1 : 0;
        norm_ = 1 / (mass + kSmoothing * static_cast<double>(bins));
    }
    double of(double count) const { return (count * scale_ + kSmoothing) * norm_; }

private:
    double scale_ = 0;
    double norm_ = 0;
};

template <class T>
double kl(std::span<const T> p_counts, std::span<const T> q_counts) {
    const size_t bins = std::max(p_counts.size(), q_counts.size());
    if (bins == 0) return 0;
    const Shares p(p_counts, bins);
    const Shares q(q_counts, bins);
    double sum = 0;
    for (size_t i = 0; i < bins; ++i) {
        const double pi = p.of(i < p_counts.size() ? static_cast<double>(p_counts[i]) : 0);
        const double qi = q.of(i < q_counts.size() ? static_cast<double>(q_counts[i]) : 0);
        sum += pi * std::log(pi / qi);
    }
    return std::max(sum, 0.0);  // rounding may leave a hair below
}

}  // namespace

double smoothed_kl(std::span<const double> p_counts, std::span<const double> q_counts) {
    return kl(p_counts, q_counts);
}

double smoothed_kl(std::span<const uint64_t> p_counts, std::span<const uint64_t> q_counts) {
    return kl(p_counts, q_counts);
}

void add_counts(std::vector<double>& sum, std::span<const uint64_t> counts, double factor) {
    if (sum.size() < counts.size()) sum.resize(counts.size());
    for (size_t i = 0; i < counts.size(); ++i) sum[i] += static_cast<double>(counts[i]) * factor;
}

}  // namespace aip::routing
