// How far what a model has seen is from what there is (rfc/0003 section 5.1), in nats.
//
// Both counts are made shares first, so their total weight does not matter; then kSmoothing is added to every share
// and they are made shares again. An empty bin therefore costs at most ln(1 / kSmoothing) of its share and never
// infinity, and equal shares give exactly 0. Counts of nothing at all are read as equal shares. A shorter list is
// filled with zeros. Pure functions: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aip::routing {

inline constexpr double kSmoothing = 1e-6;

// From a count to its smoothed share, for counts with this total.
class Smoothing {
public:
    Smoothing(double total, size_t bins) {
        const double mass = (total > 0 ? 1 : 0) + kSmoothing * static_cast<double>(bins);
        scale_ = total > 0 ? 1 / (total * mass) : 0;
        offset_ = kSmoothing / mass;
    }
    double share(double count) const { return count * scale_ + offset_; }

private:
    double scale_;
    double offset_;
};

// D(p || q)
double smoothed_kl(std::span<const double> p_counts, std::span<const double> q_counts);
double smoothed_kl(std::span<const uint64_t> p_counts, std::span<const uint64_t> q_counts);

// sum += counts, growing it if needed.
void add_counts(std::vector<double>& sum, std::span<const uint64_t> counts, double factor = 1);

}  // namespace aip::routing
