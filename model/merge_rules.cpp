#include "model/merge_rules.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace aip::model {
namespace {

class Mean final : public MergeRule {
public:
    std::string_view name() const override { return "mean"; }
    std::vector<double> weights(std::span<const uint64_t> samples, std::span<const double> distances) const override {
        double all = 0;
        for (const uint64_t count : samples) all += static_cast<double>(count);
        if (all == 0) return MergeRule::weights(samples, distances);
        std::vector<double> parts;
        for (const uint64_t count : samples) parts.push_back(static_cast<double>(count) / all);
        return parts;
    }
};

// Rules that look at each number on its own: sorted, and the mean of those in the middle.
class Middle : public MergeRule {
public:
    void merge(std::span<std::vector<double>> models, std::span<const double>, std::span<double> out) const override {
        std::vector<double> values(models.size());
        const size_t cut = cut_of(models.size());
        for (size_t i = 0; i < out.size(); ++i) {
            for (size_t m = 0; m < models.size(); ++m) values[m] = models[m][i];
            std::sort(values.begin(), values.end());
            const double least = values[cut];
            double above = 0;
            for (size_t m = cut; m < values.size() - cut; ++m) above += values[m] - least;
            out[i] = least + above / static_cast<double>(values.size() - 2 * cut);
        }
    }

private:
    virtual size_t cut_of(size_t models) const = 0;  // from each end
};

class Median final : public Middle {
public:
    std::string_view name() const override { return "median"; }

private:
    size_t cut_of(size_t models) const override { return (models - 1) / 2; }
};

class TrimmedMean final : public Middle {
public:
    explicit TrimmedMean(size_t wrong) : wrong_(wrong) {}
    std::string_view name() const override { return "trimmed-mean"; }

private:
    size_t cut_of(size_t) const override { return wrong_; }
    size_t wrong_;
};

class Krum final : public MergeRule {
public:
    Krum(std::string_view name, size_t wrong, size_t chosen) : name_(name), wrong_(wrong), chosen_(chosen) {}
    std::string_view name() const override { return name_; }
    bool asks_distances() const override { return true; }
    std::vector<double> weights(std::span<const uint64_t> samples, std::span<const double> distances) const override {
        const size_t n = samples.size();
        std::vector<std::pair<double, size_t>> scores;
        for (size_t i = 0; i < n; ++i) scores.push_back({score(distances.subspan(i * n, n), i), i});
        std::sort(scores.begin(), scores.end());
        std::vector<double> parts(n, 0);
        for (size_t k = 0; k < chosen_; ++k) parts[scores[k].second] = 1 / static_cast<double>(chosen_);
        return parts;
    }

private:
    // The sum of the squared distances to the n - f - 2 nearest others.
    double score(std::span<const double> to, size_t self) const {
        std::vector<double> others;
        for (size_t j = 0; j < to.size(); ++j)
            if (j != self) others.push_back(to[j]);
        std::sort(others.begin(), others.end());
        const size_t nearest = to.size() - wrong_ - 2;
        return std::accumulate(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(nearest), 0.0);
    }

    std::string_view name_;
    size_t wrong_;
    size_t chosen_;
};

Error too_few(std::string_view rule, size_t wrong, size_t needed, size_t models) {
    return {ErrorCode::kInvalid, std::string(rule) + " with " + std::to_string(wrong) + " wrong needs " +
                                     std::to_string(needed) + " models or more, here are " + std::to_string(models)};
}

}  // namespace

std::vector<double> MergeRule::weights(std::span<const uint64_t> samples, std::span<const double>) const {
    return std::vector<double>(samples.size(), 1 / static_cast<double>(samples.size()));
}

// As steps from the first model that has a part: equal numbers stay exactly as they are.
void MergeRule::merge(std::span<std::vector<double>> models, std::span<const double> weights,
                      std::span<double> out) const {
    const auto first = static_cast<size_t>(
        std::find_if(weights.begin(), weights.end(), [](double w) { return w > 0; }) - weights.begin());
    for (size_t i = 0; i < out.size(); ++i) {
        const double base = models[first][i];
        double step = 0;
        for (size_t m = first + 1; m < models.size(); ++m) step += weights[m] * (models[m][i] - base);
        out[i] = base + step;
    }
}

Result<void> check_merge_order(const MergeOrder& order) {
    if (std::find(kMergeRules.begin(), kMergeRules.end(), order.rule) == kMergeRules.end())
        return Error{ErrorCode::kInvalid, "no merging rule is called '" + order.rule +
                                              "'; there are mean, median, trimmed-mean, krum and multi-krum"};
    if (order.outliers >= 0 && order.outliers < 0.5) return {};
    return Error{ErrorCode::kInvalid, "the share of outliers is 0 to less than 0.5; a majority cannot be outvoted"};
}

Result<std::unique_ptr<MergeRule>> make_merge_rule(const MergeOrder& order, size_t models) {
    AIP_TRY(check_merge_order(order));
    if (models == 0) return Error{ErrorCode::kInvalid, "there is no model to merge"};
    if (order.rule == "mean") return std::unique_ptr<MergeRule>(std::make_unique<Mean>());
    if (order.rule == "median") return std::unique_ptr<MergeRule>(std::make_unique<Median>());
    const auto wrong = static_cast<size_t>(std::ceil(order.outliers * static_cast<double>(models) - 1e-9));
    const bool trimmed = order.rule == "trimmed-mean";
    const size_t needed = 2 * wrong + (trimmed ? 1 : 3);
    if (models < needed) return too_few(order.rule, wrong, needed, models);
    if (trimmed) return std::unique_ptr<MergeRule>(std::make_unique<TrimmedMean>(wrong));
    const bool one = order.rule == "krum";
    return std::unique_ptr<MergeRule>(
        std::make_unique<Krum>(one ? kMergeRules[3] : kMergeRules[4], wrong, one ? 1 : models - 2 * wrong - 2));
}

Result<PickedRule> pick_merge_rule(const MergeOrder& order, size_t models) {
    AIP_TRY(check_merge_order(order));
    auto asked = make_merge_rule(order, models);
    if (asked) return PickedRule{std::move(*asked), {}};
    for (const std::string_view next : {kMergeRules[2], kMergeRules[1]}) {
        auto rule = make_merge_rule({std::string(next), order.outliers}, models);
        if (rule) return PickedRule{std::move(*rule), asked.error().text + "; " + std::string(next) + " was taken"};
    }
    return asked.error();
}

}  // namespace aip::model
