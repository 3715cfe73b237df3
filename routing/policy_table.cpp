// The policies that look at the whole table: coverage and compute (rfc/0003 section 5.5 and 5.6).
#include <algorithm>
#include <cmath>
#include <tuple>

#include "routing/policies.hpp"

namespace aip::routing {
namespace {

// A gain counts per unit of cost; a loss counts times the cost, so that the nearer of two equal losses wins.
double per_cost(double gain, double cost) { return gain > 0 ? gain / cost : gain * cost; }

bool nothing_seen(const JourneyRecord& journey) { return journey.stops == 0; }

// Paths that differ by less than half a hop are equally near: loss and delay make metrics tremble.
double in_half_hops(double path_cost) { return std::round(2 * path_cost) / 2; }

bool better(const Scored& a, const Scored& b) {
    return std::make_tuple(-a.value, a.divergence_after, a.node) <
           std::make_tuple(-b.value, b.divergence_after, b.node);
}

// The best of those due; value(i) is what there is to compare.
template <class Value>
size_t best_due(Survey& survey, Ground ground, double age_bonus, Value value) {
    auto& scores = survey.choice.scores;
    size_t best = scores.size();
    for (size_t i = 0; i < scores.size(); ++i) {
        Scored& scored = scores[i];
        if (scored.ground == Ground::kNone) scored.ground = scored.due ? ground : Ground::kVisited;
        if (!scored.due) continue;
        scored.value = value(i) + age_bonus * scored.age;
        if (best == scores.size() || better(scored, scores[best])) best = i;
    }
    return best;
}

}  // namespace

SurveyPolicy::Pick CoveragePolicy::pick(Survey& survey, Rng&) const {
    const auto& scores = survey.choice.scores;
    if (survey.choice.divergence_before > weights().theta || nothing_seen(survey.journey))
        return {best_due(survey, Ground::kGain, weights().age_bonus,
                         [&](size_t i) { return per_cost(scores[i].gain, scores[i].cost); }),
                "largest gain per cost"};
    return {best_due(survey, Ground::kNearest, weights().age_bonus,
                     [&](size_t i) { return -in_half_hops(survey.candidates[i].path_cost); }),
            "nearest"};
}

SurveyPolicy::Pick ComputePolicy::pick(Survey& survey, Rng&) const {
    double slowest = 0;
    for (const Candidate& c : survey.candidates) slowest = std::max(slowest, expected_seconds(survey, c));
    const auto seconds = [&](size_t i) {
        const Candidate& c = survey.candidates[i];
        const double training = c.samples_per_second > 0 ? expected_seconds(survey, c) : slowest;
        const double delay = c.delay_s > 0 ? c.delay_s : kDelayPerHop * c.path_cost;
        return delay + (1.0 + c.queue) * training;
    };
    return {best_due(survey, Ground::kTime, weights().age_bonus, [&](size_t i) { return -seconds(i); }),
            "soonest trained"};
}

}  // namespace aip::routing
