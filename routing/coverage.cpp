// The coverage policy (rfc/0003 section 5.3).
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <tuple>

#include "base/limits.hpp"
#include "routing/divergence.hpp"
#include "routing/next_stop.hpp"

namespace aip::routing {
namespace {

constexpr double kCostMin = 1e-3;  // so that a gain can be divided by it

std::vector<double> global_mix(std::span<const Candidate> candidates) {
    std::vector<double> mix;
    for (const Candidate& candidate : candidates) add_counts(mix, candidate.label_counts);
    return mix;
}

// What the next stop is likely to train on: the mean of the stops so far; 0 before the first: all the node has.
double expected_samples(const JourneyRecord& journey) {
    if (journey.recent.empty()) return 0;
    double sum = 0;
    for (const Stop& stop : journey.recent) sum += static_cast<double>(stop.samples);
    return sum / static_cast<double>(journey.recent.size());
}

std::vector<double> sketch_of(const JourneyRecord& journey) {
    std::vector<double> seen;
    add_counts(seen, journey.seen);
    return seen;
}

bool nothing_seen(const JourneyRecord& journey) {
    return std::all_of(journey.seen.begin(), journey.seen.end(), [](uint64_t count) { return count == 0; });
}

// D(global || seen), now and after a stop.
class Outlook {
public:
    Outlook(double expected, std::vector<double> seen, const std::vector<double>& global)
        : expected_(expected), seen_(std::move(seen)), from_global_(global, std::max(global.size(), seen_.size())) {}

    double now() const { return from_global_.to(seen_); }
    double after(const Candidate& candidate) {
        mix_ = seen_;
        const auto& labels = candidate.label_counts;
        const double total = std::accumulate(labels.begin(), labels.end(), 0.0);
        const double samples = expected_ > 0 ? expected_ : static_cast<double>(candidate.samples);
        if (total > 0) add_counts(mix_, labels, samples / total);
        return from_global_.to(mix_);
    }

private:
    double expected_;
    std::vector<double> seen_;
    std::vector<double> mix_;
    DivergenceFrom from_global_;
};

double cost_of(const CoverageOptions& options, double expected, const Candidate& candidate) {
    double training = options.training_cost_max;  // saying nothing about one's speed is no advantage
    if (candidate.samples_per_second > 0) {
        const double samples = expected > 0 ? expected : static_cast<double>(candidate.samples);
        training = std::min(training, samples / candidate.samples_per_second * options.cost_per_training_second);
    }
    return std::max(candidate.path_cost + training, kCostMin);
}

// A gain counts per unit of cost; a loss counts times the cost, so that the nearer of two equal losses wins.
double value_of(double gain, double cost) { return gain > 0 ? gain / cost : gain * cost; }

std::string explain(const Choice& choice, bool by_gain, bool new_lap, size_t due) {
    char text[limits::kJourneyWhyMax];
    std::snprintf(text, sizeof text, "%s of %zu due in lap %u%s: divergence %.4f -> %.4f at cost %.2f",
                  by_gain ? "largest gain per cost" : "nearest", due, choice.lap, new_lap ? " (just begun)" : "",
                  choice.divergence_before, choice.divergence_after, choice.cost);
    return text;
}

}  // namespace

Result<Choice> CoveragePolicy::choose(const JourneyRecord& journey, const Address& here,
                                      std::span<const Candidate> candidates, Rng&) const {
    if (journey.over()) return Error{ErrorCode::kNotFound, "journey is over: its budget of stops is spent"};
    const bool alone = candidates.size() == 1 && candidates.front().node == here;
    const auto open = [&](const Candidate& c) { return alone || (c.reachable && c.node != here); };
    const bool any_open = std::any_of(candidates.begin(), candidates.end(), open);
    if (!any_open)
        return Error{ErrorCode::kUnreachable,
                     candidates.empty() ? "task '" + journey.task + "' has no members; start a trainer"
                                        : "no other member of task '" + journey.task + "' can be reached now"};
    const bool new_lap = std::none_of(candidates.begin(), candidates.end(),
                                      [&](const Candidate& c) { return open(c) && c.last_lap < journey.lap; });
    const double expected = expected_samples(journey);
    Outlook outlook(expected, sketch_of(journey), global_mix(candidates));
    Choice choice;
    choice.lap = journey.lap + (new_lap ? 1 : 0);
    choice.divergence_before = outlook.now();
    const bool by_gain = choice.divergence_before > options_.theta || nothing_seen(journey);
    size_t best = candidates.size();
    size_t due = 0;
    for (const Candidate& c : candidates) {
        Scored scored{c.node, outlook.after(c), cost_of(options_, expected, c), 0, c.visits, c.reachable, false};
        scored.due = open(c) && c.last_lap < choice.lap;
        scored.value =
            by_gain ? value_of(choice.divergence_before - scored.divergence_after, scored.cost) : -c.path_cost;
        const size_t index = choice.scores.size();
        choice.scores.push_back(scored);
        if (!scored.due) continue;
        ++due;
        const auto rank = [](const Scored& s) { return std::make_tuple(-s.value, s.divergence_after, s.node); };
        if (best == candidates.size() || rank(scored) < rank(choice.scores[best])) best = index;
    }
    AIP_ASSERT(best < candidates.size());
    choice.node = choice.scores[best].node;
    choice.divergence_after = choice.scores[best].divergence_after;
    choice.cost = choice.scores[best].cost;
    choice.why = explain(choice, by_gain, new_lap, due);
    return choice;
}

}  // namespace aip::routing
