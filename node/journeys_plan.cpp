// Where a model goes next: the policy's choice, or what the program that had it asked for, written into its journey.
#include <algorithm>

#include "node/journeys.hpp"

namespace aip::node {
namespace {

bool has_been_elsewhere(const routing::JourneyRecord& journey, const Address& here) {
    return std::any_of(journey.visits.begin(), journey.visits.end(), [&](const auto& v) { return v.first != here; });
}

}  // namespace

void Journeys::choose(uint64_t id, Entry& entry, Instant now) {
    AIP_ASSERT(entry.record.has_value());
    const Result<void> planned = plan(entry, OnJourney{}, now);
    if (!planned) {
        entry.retry_at = now + kRetry;  // nobody to go to yet; what is on disk still says ready
        return;
    }
    settle(id, entry, [](const Result<void>&) {});
}

Result<routing::Choice> Journeys::ask_policy(const Entry& entry) const {
    AIP_ASSIGN(const auto policy, routing::make_policy(entry.record->policy, tasks_.rules(entry.record->task).weights));
    auto candidates = routing::candidates_of(*entry.record, interest_, routes_, services_.self());
    for (routing::Candidate& candidate : candidates) {
        if (entry.avoid.contains(candidate.node) || witnessing_.quarantined(candidate.node))
            candidate.reachable = false;
        candidate.path_cost += gate_.extra_hops(candidate.node);
    }
    const bool only_us = candidates.size() == 1 && candidates.front().node == services_.self();
    if (only_us && services_.clock.now() < others_heard_by_ && has_been_elsewhere(*entry.record, services_.self()))
        return Error{ErrorCode::kUnreachable,
                     "this node has just started and has yet to hear from the other members of task '" +
                         entry.record->task + "'"};
    return policy->choose(*entry.record, services_.self(), candidates, services_.rng);
}

// Decides where the model goes next and writes it into the entry; an error if it has to wait here (state: ready).
// Nothing is durable before settle().
Result<void> Journeys::plan(Entry& entry, const NextDestination& next, Instant now) {
    Custody& custody = entry.custody;
    custody.transfer = 0;
    custody.to = {};
    if (const std::string_view spent = entry.record->spent(services_.clock.wall()); !spent.empty()) {
        services_.host.log("journey " + custody.version.short_hex() + " ends here: its budget of " +
                           std::string(spent) + " is spent");
        entry.record->next.reset();
        custody.state = CustodyState::kEnded;
    } else {
        custody.state = CustodyState::kReady;
        routing::Plan plan;
        if (const auto* fixed = std::get_if<Address>(&next)) {
            plan.node = *fixed;
            plan.lap = entry.record->lap;
            plan.why = "asked for by the program that had it";
        } else {
            std::erase_if(entry.avoid, [now](const auto& item) { return item.second <= now; });
            AIP_ASSIGN(const routing::Choice choice, ask_policy(entry));
            plan = choice.plan();
        }
        AIP_ASSIGN(entry.record, routing::depart(*entry.record, std::move(plan)));
        const bool stays = entry.record->next->node == services_.self();
        custody.state = stays ? CustodyState::kHeld : CustodyState::kOutbound;
        if (stays) {  // the version was made here: nobody handed it over
            custody.from = {};
            custody.giver.reset();
            custody.wire_bytes = 0;
        } else {
            custody.to = entry.record->next->node;
            custody.transfer = services_.rng.next() | 1;
        }
        entry.since = now;
    }
    reseal(entry);
    return {};
}

void Journeys::wait_here(Entry& entry) {
    entry.custody.state = CustodyState::kReady;
    reseal(entry);
}

void Journeys::reseal(Entry& entry) { entry.custody.journey = routing::seal_journey(*entry.record, services_.signer); }

}  // namespace aip::node
