#include "routing/next_stop.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/limits.hpp"
#include "routing/policies.hpp"

namespace aip::routing {
namespace {

constexpr const char* kPolicies = "coverage, compute, random-walk, metropolis-hastings, kl-nearest and itinerary";

}  // namespace

Result<std::unique_ptr<NextStopPolicy>> make_policy(std::string_view name, const RoutingWeights& weights) {
    std::unique_ptr<NextStopPolicy> policy;
    if (name == "coverage") policy = std::make_unique<CoveragePolicy>(weights);
    if (name == "compute") policy = std::make_unique<ComputePolicy>(weights);
    if (name == "random-walk") policy = std::make_unique<RandomWalkPolicy>(weights);
    if (name == "metropolis-hastings") policy = std::make_unique<MetropolisHastingsPolicy>(weights);
    if (name == "kl-nearest") policy = std::make_unique<KlNearestPolicy>(weights);
    if (name == "itinerary") policy = std::make_unique<ItineraryPolicy>();
    if (!policy)
        return Error{ErrorCode::kNotFound, "no next-stop policy '" + std::string(name) + "'; there are " + kPolicies};
    return policy;
}

std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const PathTo& path_to,
                                     const Address& here) {
    std::vector<Candidate> out;
    auto entries = interest.entries(journey.task);
    out.reserve(entries.size());
    for (InterestEntry& entry : entries) {
        InterestRecord& record = entry.record;
        const auto path = path_to(record.origin);
        const Visit visit = journey.visit(record.origin);
        Candidate candidate;
        candidate.node = record.origin;
        candidate.sketch = std::move(record.sketch);
        candidate.samples = record.samples;
        candidate.samples_per_second = record.samples_per_second;
        candidate.queue = record.queue;
        candidate.degree = record.degree;
        if (path) candidate.path_cost = path->cost, candidate.delay_s = path->delay_s;
        candidate.visits = visit.count;
        candidate.last_lap = visit.lap;
        candidate.neighbour = path && path->neighbour;
        candidate.reachable = path.has_value() || record.origin == here;
        out.push_back(std::move(candidate));
    }
    return out;
}

std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const Routes& routes,
                                     const Address& here) {
    const PathTo path_to = [&](const Address& node) -> std::optional<Path> {
        const RouteView* route = routes.to(node);
        if (route == nullptr) return std::nullopt;
        const auto rtt = routes.rtt(*route);
        const double further = std::max(route->hops() - 1, 0.0);
        return Path{route->hops(), rtt ? rtt->count_s() + kDelayPerHop * further : 0, route->is_neighbour()};
    };
    return candidates_of(journey, interest, path_to, here);
}

std::string explain(const Scored& s) {
    char text[limits::kJourneyWhyMax];
    const auto say = [&](const char* format, auto... values) {
        std::snprintf(text, sizeof text, format, values...);
        return std::string(text);
    };
    switch (s.ground) {
        case Ground::kNone: return "not judged";
        case Ground::kHere: return "is here already";
        case Ground::kUnreachable: return "no route to it now";
        case Ground::kVisited: return "visited in this lap already";
        case Ground::kFar: return "more than one hop away";
        case Ground::kGain:
            return say("%.4f: divergence falls by %.4f to %.4f at cost %.2f", s.value, s.gain, s.divergence_after,
                       s.cost);
        case Ground::kNearest: return say("%.1f: so many hops away, divergence then %.4f", s.value, s.divergence_after);
        case Ground::kTime: return say("%.2f: seconds until it has trained", s.value);
        case Ground::kAlike: return say("%.4f: divergence of its data from ours", s.value);
        case Ground::kChance: return say("%.2f: weight in the draw", s.value);
    }
    return {};
}

Result<Choice> ItineraryPolicy::choose(const JourneyRecord& journey, const Address& here,
                                       std::span<const Candidate> candidates, Rng&) const {
    if (journey.over()) return Error{ErrorCode::kNotFound, "journey is over: its budget is spent"};
    if (journey.itinerary.empty()) return Error{ErrorCode::kNotFound, "journey is over: its itinerary is finished"};
    const Address& node = journey.itinerary.front();
    const auto it = std::find_if(candidates.begin(), candidates.end(),
                                 [&](const Candidate& candidate) { return candidate.node == node; });
    const bool reachable = it != candidates.end() && (it->reachable || node == here);
    if (!reachable)
        return Error{
            ErrorCode::kUnreachable,
            "next stop of the itinerary, " + node.text() +
                (it == candidates.end() ? ", is not a member of task '" + journey.task + "' now; start its trainer"
                                        : ", has no route now; check its links")};
    Choice choice;
    choice.node = node;
    choice.lap = journey.lap;
    choice.cost = it->path_cost;
    choice.why = "itinerary, " + std::to_string(journey.itinerary.size()) + " planned stops left";
    return choice;
}

}  // namespace aip::routing
