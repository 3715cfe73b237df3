// The policies that look one hop far: kl-nearest, random-walk, metropolis-hastings (rfc/0003 section 5.7 to 5.9).
#include <algorithm>
#include <tuple>

#include "routing/outlook.hpp"
#include "routing/policies.hpp"

namespace aip::routing {
namespace {

bool near(const Survey& survey, size_t i) {
    return survey.candidates[i].neighbour && survey.choice.scores[i].ground == Ground::kNone;
}

// Those that were judged, in turn, take their weight of a random number.
size_t draw(const Survey& survey, Rng& rng) {
    double sum = 0;
    for (const Scored& scored : survey.choice.scores)
        if (scored.ground == Ground::kChance) sum += scored.value;
    double left = rng.unit() * sum;
    size_t last = survey.choice.scores.size();
    for (size_t i = 0; i < survey.choice.scores.size(); ++i) {
        const Scored& scored = survey.choice.scores[i];
        if (scored.ground != Ground::kChance || scored.value <= 0) continue;
        last = i;
        left -= scored.value;
        if (left < 0) break;
    }
    return last;
}

}  // namespace

template <class Base>
void NeighbourPolicy::judge(Survey& survey, Ground ground, Base base) const {
    auto& scores = survey.choice.scores;
    bool any_near = false;
    for (size_t i = 0; i < scores.size(); ++i) any_near = any_near || near(survey, i);
    for (size_t i = 0; i < scores.size(); ++i) {
        Scored& scored = scores[i];
        if (scored.ground != Ground::kNone) continue;
        const bool close = !any_near || survey.candidates[i].neighbour;
        const bool late = scored.due && weights().age_bonus > 0;
        scored.ground = close || late ? ground : Ground::kFar;
        if (scored.ground == ground) scored.value = base(i, close) + weights().age_bonus * scored.age;
    }
}

SurveyPolicy::Pick KlNearestPolicy::pick(Survey& survey, Rng&) const {
    const size_t here = survey.here_index();
    const Sketch nothing;
    const Sketch& own = here < survey.candidates.size() ? survey.candidates[here].sketch : nothing;
    judge(survey, Ground::kAlike, [&](size_t i, bool) { return -divergence(survey.candidates[i].sketch, own); });
    const auto& scores = survey.choice.scores;
    size_t best = scores.size();
    for (size_t i = 0; i < scores.size(); ++i) {
        if (scores[i].ground != Ground::kAlike) continue;
        const auto rank = [](const Scored& s) { return std::make_tuple(-s.value, s.node); };
        if (best == scores.size() || rank(scores[i]) < rank(scores[best])) best = i;
    }
    return {best, "most alike"};
}

SurveyPolicy::Pick RandomWalkPolicy::pick(Survey& survey, Rng& rng) const {
    judge(survey, Ground::kChance, [](size_t, bool close) { return close ? 1.0 : 0.0; });
    return {draw(survey, rng), "drawn at random"};
}

SurveyPolicy::Pick MetropolisHastingsPolicy::pick(Survey& survey, Rng& rng) const {
    double degree = 0;
    for (size_t i = 0; i < survey.candidates.size(); ++i) degree += near(survey, i) ? 1 : 0;
    judge(survey, Ground::kChance, [](size_t, bool close) { return close ? 1.0 : 0.0; });
    const size_t proposed = draw(survey, rng);
    const double there = survey.candidates[proposed].degree;
    const size_t here = survey.here_index();
    const bool goes = degree == 0 || there <= degree || here == survey.candidates.size() || rng.chance(degree / there);
    return goes ? Pick{proposed, "drawn and accepted"} : Pick{here, "drawn and refused, so here again,"};
}

}  // namespace aip::routing
