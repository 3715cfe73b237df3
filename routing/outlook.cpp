#include "routing/outlook.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "routing/divergence.hpp"

namespace aip::routing {
namespace {

double total_of(const std::vector<uint64_t>& counts) {
    uint64_t total = 0;
    for (const uint64_t count : counts) total += count;  // at most 64 counts of at most 2^48
    return static_cast<double>(total);
}

}  // namespace

Outlook::Outlook(Sketch seen, std::span<const Sketch* const> members, uint64_t samples)
    : seen_(std::move(seen)), samples_(samples) {
    size_t bins = seen_.labels.size();
    bool moments = !seen_.moments.sum.empty();
    for (const Sketch* member : members) {
        bins = std::max(bins, member->labels.size());
        moments = moments || !member->moments.sum.empty();
    }
    if (moments) {
        for (const Sketch* member : members)
            if (global_.empty() || global_.same_shape(*member)) global_ = merged(global_, *member);
        now_ = divergence(global_, seen_);
        return;
    }
    std::vector<double> global(bins);
    for (const Sketch* member : members) add_counts(global, member->labels);
    const double global_total = std::accumulate(global.begin(), global.end(), 0.0);
    const Smoothing p(global_total, bins);
    seen_total_ = total_of(seen_.labels);
    const Smoothing rest(seen_total_ + static_cast<double>(samples_), bins);
    bins_.resize(bins);
    for (size_t i = 0; i < bins; ++i) {
        Bin& bin = bins_[i];
        bin.p = p.share(global[i]);
        bin.seen = i < seen_.labels.size() ? static_cast<double>(seen_.labels[i]) : 0;
        bin.rest = bin.p * std::log(rest.share(bin.seen));
        p_log_p_ += bin.p * std::log(bin.p);
        rest_ += bin.rest;
    }
    now_ = after_labels({});
}

double Outlook::after(const Sketch& member) const {
    if (!bins_.empty()) return member.labels.empty() ? now_ : after_labels(member.labels);
    if (member.empty() || !member.same_shape(global_)) return now_;
    return divergence(global_, merged(seen_, member, samples_));
}

double Outlook::after_labels(const std::vector<uint64_t>& labels) const {
    const double total = total_of(labels);
    const double added = total == 0 ? 0 : samples_ > 0 ? static_cast<double>(samples_) : total;
    const double factor = total > 0 ? added / total : 0;
    const Smoothing q(seen_total_ + added, bins_.size());
    const bool rest_holds = added == static_cast<double>(samples_);
    double p_log_q = rest_holds ? rest_ : 0;
    for (size_t i = 0; i < bins_.size(); ++i) {
        const Bin& bin = bins_[i];
        const uint64_t count = i < labels.size() ? labels[i] : 0;
        if (count == 0 && rest_holds) continue;
        p_log_q += bin.p * std::log(q.share(bin.seen + factor * static_cast<double>(count)));
        if (rest_holds) p_log_q -= bin.rest;
    }
    return std::max(p_log_p_ - p_log_q, 0.0);  // rounding may leave a hair below
}

}  // namespace aip::routing
