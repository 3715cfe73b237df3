#include "routing/outlook.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "routing/divergence.hpp"

namespace aip::routing {
namespace {

constexpr uint64_t kWeightMax = 8;  // times the median

double to_double(uint64_t count) { return static_cast<double>(static_cast<int64_t>(count)); }  // far below 2^63

uint64_t sum_of(const std::vector<uint64_t>& counts) {
    uint64_t total = 0;
    for (const uint64_t count : counts) total += count;  // at most 64 counts of at most 2^48
    return total;
}

double total_of(const std::vector<uint64_t>& counts) { return to_double(sum_of(counts)); }

// Of what kind most sketches are: so many features, 0 for labels. In doubt, what the model has seen decides.
size_t usual_features(std::span<const Sketch* const> members, const Sketch& seen) {
    std::array<uint32_t, limits::kSketchBinsMax + 1> votes{};
    for (const Sketch* member : members) votes[member->moments.sum.size()] += member->empty() ? 0 : 2;
    votes[seen.moments.sum.size()] += seen.empty() ? 0 : 1;
    return static_cast<size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
}

// The most that a member may count for in the global mix.
uint64_t weight_max(std::vector<uint64_t> samples) {
    std::erase(samples, 0u);
    if (samples.empty()) return 0;
    const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    return kWeightMax * *middle;
}

}  // namespace

// Entry i serves the mantissas from 1 + i/128 to 1 + (i+1)/128; its middle is where the series is exact.
QuickLog::QuickLog() {
    for (size_t i = 0; i < table_.size(); ++i) {
        const double middle = 1 + (static_cast<double>(i) + 0.5) / static_cast<double>(table_.size());
        table_[i] = {1 / middle, std::log(middle)};
    }
}

Outlook::Outlook(Sketch seen, std::span<const Sketch* const> members, uint64_t samples)
    : features_(usual_features(members, seen)), seen_(std::move(seen)), samples_(samples) {
    if (!fits(seen_)) seen_ = {};
    if (features_ > 0)
        add_moments(members);
    else
        add_labels(members);
}

std::vector<uint64_t> Outlook::samples_of(std::span<const Sketch* const> members) const {
    std::vector<uint64_t> samples;
    samples.reserve(members.size());
    for (const Sketch* member : members)
        samples.push_back(!fits(*member) ? 0 : features_ > 0 ? member->moments.count : sum_of(member->labels));
    return samples;
}

void Outlook::add_moments(std::span<const Sketch* const> members) {
    const auto samples = samples_of(members);
    const uint64_t most = weight_max(samples);
    for (size_t i = 0; i < members.size(); ++i)
        if (samples[i] > 0) global_ = merged(global_, *members[i], std::min(samples[i], most));
    now_ = divergence(global_, seen_);
}

void Outlook::add_labels(std::span<const Sketch* const> members) {
    size_t bins = seen_.labels.size();
    for (const Sketch* member : members) bins = std::max(bins, member->labels.size());
    const auto samples = samples_of(members);
    const uint64_t most = weight_max(samples);
    std::vector<double> global(bins);
    for (size_t i = 0; i < members.size(); ++i) {
        const double factor = samples[i] > most ? to_double(most) / to_double(samples[i]) : 1;
        add_counts(global, members[i]->labels, factor);
    }
    const double global_total = std::accumulate(global.begin(), global.end(), 0.0);
    const Smoothing p(global_total, bins);
    seen_total_ = total_of(seen_.labels);
    const Smoothing rest(seen_total_ + static_cast<double>(samples_), bins);
    bins_.resize(bins);
    for (size_t i = 0; i < bins; ++i) {
        Bin& bin = bins_[i];
        bin.p = p.share(global[i]);
        bin.seen = i < seen_.labels.size() ? static_cast<double>(seen_.labels[i]) : 0;
        bin.share = rest.share(bin.seen);
        bin.rest = bin.p * ln_(bin.share);
        p_log_p_ += bin.p * ln_(bin.p);
        rest_ += bin.rest;
    }
    now_ = after_labels({});
}

double Outlook::after(const Sketch& member) const {
    if (!fits(member)) return now_;
    if (features_ > 0) return divergence(global_, merged(seen_, member, samples_));
    AIP_ASSERT(member.labels.size() <= bins_.size());
    return after_labels(member.labels);
}

double Outlook::after_labels(const std::vector<uint64_t>& labels) const {
    const double total = total_of(labels);
    const double added = total == 0 ? 0 : samples_ > 0 ? static_cast<double>(samples_) : total;
    const Smoothing q(seen_total_ + added, bins_.size());
    if (added == static_cast<double>(samples_)) {
        const double step = total > 0 ? q.share(added / total) - q.share(0) : 0;
        double p_log_q = rest_;
        for (size_t i = 0; i < labels.size(); ++i) {
            if (labels[i] == 0) continue;
            const Bin& bin = bins_[i];
            p_log_q += bin.p * ln_(bin.share + step * to_double(labels[i])) - bin.rest;
        }
        return std::max(p_log_p_ - p_log_q, 0.0);  // rounding may leave a hair below
    }
    double p_log_q = 0;
    for (size_t i = 0; i < bins_.size(); ++i) {
        const double more = i < labels.size() && total > 0 ? added / total * to_double(labels[i]) : 0;
        p_log_q += bins_[i].p * ln_(q.share(bins_[i].seen + more));
    }
    return std::max(p_log_p_ - p_log_q, 0.0);
}

}  // namespace aip::routing
