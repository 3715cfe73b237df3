#include "routing/next_stop.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip::routing {

Result<std::unique_ptr<NextStopPolicy>> make_policy(std::string_view name) {
    std::unique_ptr<NextStopPolicy> policy;
    if (name == "coverage") policy = std::make_unique<CoveragePolicy>();
    if (name == "itinerary") policy = std::make_unique<ItineraryPolicy>();
    if (!policy)
        return Error{ErrorCode::kNotFound,
                     "no next-stop policy '" + std::string(name) + "'; there are coverage and itinerary"};
    return policy;
}

std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const Routes& routes,
                                     const Address& here) {
    std::vector<Candidate> out;
    for (const InterestEntry* entry : interest.entries(journey.task)) {
        const InterestRecord& record = entry->record;
        const auto route = routes.to(record.origin);
        const Visit visit = journey.visit(record.origin);
        Candidate candidate;
        candidate.node = record.origin;
        candidate.label_counts = record.label_counts;
        candidate.samples = record.samples;
        candidate.samples_per_second = record.samples_per_second;
        candidate.path_cost = route ? route->metric : 0;
        candidate.visits = visit.count;
        candidate.last_lap = visit.lap;
        candidate.reachable = route.has_value() || record.origin == here;
        out.push_back(std::move(candidate));
    }
    return out;
}

Result<Choice> ItineraryPolicy::choose(const JourneyRecord& journey, const Address& here,
                                       std::span<const Candidate> candidates, Rng&) const {
    if (journey.over()) return Error{ErrorCode::kNotFound, "journey is over: its budget of stops is spent"};
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
