// What every policy but the itinerary sees of the members, and the escape jump (rfc/0003 section 5.3 and 5.4).
#include <algorithm>
#include <cstdio>

#include "base/limits.hpp"
#include "routing/outlook.hpp"
#include "routing/policies.hpp"

namespace aip::routing {
namespace {

double mean_samples(const JourneyRecord& journey) {
    if (journey.recent.empty()) return 0;
    double sum = 0;
    for (const Stop& stop : journey.recent) sum += static_cast<double>(stop.samples);
    return sum / static_cast<double>(journey.recent.size());
}

size_t jump(const Survey& survey, Rng& rng) {
    uint64_t left = rng.below(survey.open);
    size_t index = 0;
    for (;; ++index) {
        const Ground ground = survey.choice.scores[index].ground;
        if (ground == Ground::kHere || ground == Ground::kUnreachable) continue;
        if (left-- == 0) return index;
    }
}

std::string say(const Survey& survey, const char* rule) {
    const Choice& choice = survey.choice;
    char text[limits::kJourneyWhyMax];
    std::snprintf(text, sizeof text, "%s of %zu due in lap %u%s: divergence %.4f -> %.4f at cost %.2f", rule,
                  survey.due, choice.lap, survey.new_lap ? " (just begun)" : "", choice.divergence_before,
                  choice.divergence_after, choice.cost);
    return text;
}

}  // namespace

size_t Survey::here_index() const {
    const auto at = std::find_if(candidates.begin(), candidates.end(), [&](const auto& c) { return c.node == here; });
    return static_cast<size_t>(at - candidates.begin());
}

Result<Choice> SurveyPolicy::choose(const JourneyRecord& journey, const Address& here,
                                    std::span<const Candidate> candidates, Rng& rng) const {
    if (journey.over()) return Error{ErrorCode::kNotFound, "journey is over: its budget is spent"};
    AIP_ASSIGN(Survey survey, look(journey, here, candidates));
    score(survey);
    const bool escapes = weights_.jump > 0 && rng.chance(weights_.jump);
    const Pick picked = escapes ? Pick{jump(survey, rng), "escape jump to any"} : pick(survey, rng);
    AIP_ASSERT(picked.index < candidates.size());
    Choice& choice = survey.choice;
    const Scored& best = choice.scores[picked.index];
    AIP_ASSERT(best.ground != Ground::kUnreachable);
    choice.node = best.node;
    choice.divergence_after = best.divergence_after;
    choice.cost = best.cost;
    choice.why = say(survey, picked.rule);
    return std::move(choice);
}

Result<Survey> SurveyPolicy::look(const JourneyRecord& journey, const Address& here,
                                  std::span<const Candidate> candidates) const {
    Survey survey{journey, here, candidates, mean_samples(journey), 0, 0, true, {}};
    const bool alone = candidates.size() == 1 && candidates.front().node == here;
    survey.choice.scores.resize(candidates.size());
    for (size_t i = 0; i < candidates.size(); ++i) {
        const Candidate& c = candidates[i];
        Scored& scored = survey.choice.scores[i];
        if (c.node == here && !alone) scored.ground = Ground::kHere;
        if (c.node != here && !c.reachable) scored.ground = Ground::kUnreachable;
        if (scored.ground != Ground::kNone) continue;
        ++survey.open;
        if (c.last_lap < journey.lap) survey.new_lap = false;
    }
    if (survey.open > 0) return survey;
    return Error{ErrorCode::kUnreachable, candidates.empty()
                                              ? "task '" + journey.task + "' has no members; start a trainer"
                                              : "no other member of task '" + journey.task + "' can be reached now"};
}

void SurveyPolicy::score(Survey& survey) const {
    std::vector<const Sketch*> sketches;
    sketches.reserve(survey.candidates.size());
    for (const Candidate& c : survey.candidates) sketches.push_back(&c.sketch);
    const Outlook outlook(survey.journey.seen, sketches, static_cast<uint64_t>(survey.expected_samples + 0.5));
    Choice& choice = survey.choice;
    choice.lap = survey.journey.lap + (survey.new_lap ? 1 : 0);
    choice.divergence_before = outlook.now();
    const double laps_passed =
        1 + static_cast<double>(survey.journey.stops) / static_cast<double>(survey.candidates.size());
    for (size_t i = 0; i < survey.candidates.size(); ++i) {
        const Candidate& c = survey.candidates[i];
        Scored& scored = choice.scores[i];
        scored.node = c.node;
        scored.divergence_after = outlook.after(c.sketch);
        scored.gain = choice.divergence_before - scored.divergence_after;
        scored.cost = cost_of(survey, c);
        scored.training_s = expected_seconds(survey, c);
        scored.visits = c.visits;
        scored.reachable = c.reachable;
        scored.due = scored.ground == Ground::kNone && c.last_lap < choice.lap;
        if (!scored.due) continue;
        ++survey.due;
        scored.age = std::max<double>(choice.lap, laps_passed) - c.last_lap;
    }
}

double SurveyPolicy::expected_seconds(const Survey& survey, const Candidate& candidate) const {
    if (candidate.samples_per_second <= 0) return 0;
    const double samples =
        survey.expected_samples > 0 ? survey.expected_samples : static_cast<double>(candidate.samples);
    return samples / candidate.samples_per_second;
}

double SurveyPolicy::cost_of(const Survey& survey, const Candidate& candidate) const {
    double extras = weights_.extras_max;  // saying nothing about one's speed is no advantage
    if (candidate.samples_per_second > 0)
        extras = std::min(extras, weights_.delay * candidate.delay_s +
                                      weights_.training * expected_seconds(survey, candidate) +
                                      weights_.queue * candidate.queue);
    constexpr double kCostMin = 1e-3;  // so that a gain can be divided by it
    return std::max(weights_.path * candidate.path_cost + extras, kCostMin);
}

}  // namespace aip::routing
