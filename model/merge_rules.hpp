// How several models become one: a small class for each rule. `outliers` is the share of the models that may be wrong;
// of n models that is f = ceil(outliers * n).
//
//   mean          weighted by the samples each has trained on; one wrong model can move it anywhere
//   median        of each number on its own. Yin, Chen, Ramchandran, Bartlett 2018, "Byzantine-Robust Distributed
//                 Learning: Towards Optimal Statistical Rates", option I; of two models it is the midpoint
//   trimmed-mean  of each number without the f smallest and the f largest; there, option II. Needs 2f + 1 models
//   krum          the one model nearest to its n - f - 2 nearest. Blanchard, El Mhamdi, Guerraoui, Stainer 2017,
//                 "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent". Needs 2f + 3 models
//   multi-krum    the plain mean of the n - 2f - 2 best by that score
//
// But for the mean none looks at samples: those are the word of whoever trained. Values and pure functions.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace aip::model {

inline constexpr std::array<std::string_view, 5> kMergeRules{"mean", "median", "trimmed-mean", "krum", "multi-krum"};

struct MergeOrder {
    std::string rule = "mean";
    double outliers = 0.2;  // 0 to less than a half
    bool operator==(const MergeOrder&) const = default;
};

class MergeRule {
public:
    virtual ~MergeRule() = default;
    virtual std::string_view name() const = 0;
    virtual bool asks_distances() const { return false; }
    // The part that each model has in the result; they add up to 1. `distances`: of model i to j, squared, at
    // [i * n + j]; empty unless asked for.
    virtual std::vector<double> weights(std::span<const uint64_t> samples, std::span<const double> distances) const;
    // models[i] holds the same stretch of numbers of model i, and may be overwritten; `out` gets theirs merged.
    virtual void merge(std::span<std::vector<double>> models, std::span<const double> weights,
                       std::span<double> out) const;
};

Result<void> check_merge_order(const MergeOrder& order);  // kInvalid says what there is
// kInvalid says how many models the rule needs.
Result<std::unique_ptr<MergeRule>> make_merge_rule(const MergeOrder& order, size_t models);

// The rule, or, if there are too few models for it, the next best of trimmed mean and median; never the mean unless
// that was asked for. `instead` says why, else it is empty.
struct PickedRule {
    std::unique_ptr<MergeRule> rule;
    std::string instead;
};
Result<PickedRule> pick_merge_rule(const MergeOrder& order, size_t models);

}  // namespace aip::model
