// The interest table for people: who is a member of a task, what its data looks like, and what the policy makes of it
// with the weights of the task. The scores are those of the journey of this task that is or was here last; without one,
// of a journey that would start here now.
#include <algorithm>

#include "node/node.hpp"
#include "routing/next_stop.hpp"

namespace aip::node {
namespace {

Cell integer(uint64_t v) { return static_cast<int64_t>(v); }
Cell text(std::string_view v) { return std::string(v); }
Cell known(double v) { return v > 0 ? Cell{v} : Cell{}; }

std::string sketch_text(const routing::Sketch& sketch) {
    if (!sketch.moments.sum.empty())
        return std::to_string(sketch.moments.sum.size()) + " features of " + std::to_string(sketch.moments.count);
    std::string line;
    for (const uint64_t count : sketch.labels) line += (line.empty() ? "" : " ") + std::to_string(count);
    return line;
}

Report empty_table() {
    using enum ColumnType;
    return {"Interest",
            {{"task", kText},       {"node", kText},          {"samples", kInteger}, {"samples_per_s", kReal},
             {"training_s", kReal}, {"memory_mib", kInteger}, {"queue", kInteger},   {"divergence", kReal},
             {"path_cost", kReal},  {"distrust_hops", kReal}, {"delay_s", kReal},    {"age_s", kReal},
             {"visits", kInteger},  {"cost", kReal},          {"value", kReal},      {"why", kText},
             {"epsilon", kReal},    {"last_version", kText},  {"labels", kText},     {"state", kText}},
            {},
            {}};
}

// What the policy would do now, and what it says of each candidate; but for an escape jump, which has no reasons.
Result<routing::Choice> choice_of(const routing::JourneyRecord& journey, routing::RoutingWeights weights,
                                  const Address& here, const std::vector<routing::Candidate>& candidates) {
    weights.jump = 0;
    AIP_ASSIGN(const auto policy, routing::make_policy(journey.policy, weights));
    SeededRng rng(journey.id);  // a report draws nothing from the node's own randomness
    return policy->choose(journey, here, candidates, rng);
}

std::string verdict_text(const routing::JourneyRecord& journey, const Result<routing::Choice>& choice) {
    const std::string judge = journey.task + ": cost, value and why are those of policy " + journey.policy +
                              (journey.stops > 0 ? " for a journey after " + std::to_string(journey.stops) + " stops"
                                                 : " for a journey that starts here now");
    return judge + (choice ? "; it would go to " + choice->node.text() + ": " + choice->why
                           : "; it would go nowhere: " + choice.error().text);
}

std::string version_text(uint64_t prefix) {
    Bytes raw;
    Writer(raw).u64(prefix);
    return prefix == 0 ? "" : to_hex(raw);
}

}  // namespace

routing::JourneyRecord Node::judged_journey(const std::string& task) const {
    const routing::JourneyRecord* found = nullptr;
    for (const auto& passed : journeys_->passed())
        if (passed.second.task == task) found = &passed.second;
    const auto held = journeys_->view();
    for (const Journeys::View& view : held)
        if (view.record != nullptr && view.record->task == task && !view.record->over()) found = view.record;
    if (found != nullptr && !found->over()) return *found;
    routing::JourneyStart start;
    start.id = 1;
    start.task = task;
    start.policy = tasks_.rules(task).weights.policy;
    start.origin = self();
    start.stops = 1;
    auto fresh = routing::start_journey(std::move(start));
    AIP_ASSERT(fresh.has_value());
    return std::move(*fresh);
}

void Node::report_members(const std::string& task, Report& report) const {
    const auto entries = interest_.table().entries(task);
    const routing::JourneyRecord journey = judged_journey(task);
    auto candidates = routing::candidates_of(journey, interest_.table(), routes(), self());
    for (routing::Candidate& candidate : candidates)
        candidate.path_cost += journeys_->gate().extra_hops(candidate.node);
    const auto choice = choice_of(journey, tasks_.rules(task).weights, self(), candidates);
    const auto scores = choice ? choice->scores : std::vector<routing::Scored>{};
    routing::Sketch global;
    for (const auto& entry : entries)
        if (global.empty() || global.same_shape(entry.record.sketch)) global = merged(global, entry.record.sketch);
    const Instant now = services_.clock.now();
    for (size_t i = 0; i < entries.size(); ++i) {
        const routing::InterestRecord& record = entries[i].record;
        const routing::Candidate& candidate = candidates[i];
        const bool here = record.origin == self();
        const auto speed = record.samples_per_second;
        const bool scored = i < scores.size();
        report.rows.push_back({text(task),
                               text(record.origin.text()),
                               integer(record.samples),
                               known(speed),
                               scored ? known(scores[i].training_s) : Cell{},
                               record.memory_bytes > 0 ? integer(record.memory_bytes >> 20) : Cell{},
                               integer(record.queue),
                               routing::divergence(global, record.sketch),
                               here || candidate.reachable ? Cell{candidate.path_cost} : Cell{},
                               journeys_->gate().extra_hops(record.origin),
                               known(candidate.delay_s),
                               (now - entries[i].heard).count_s(),
                               integer(candidate.visits),
                               scored ? Cell{scores[i].cost} : Cell{},
                               scored ? Cell{scores[i].value} : Cell{},
                               scored ? text(routing::explain(scores[i])) : Cell{},
                               known(record.epsilon),
                               text(version_text(record.last_version)),
                               text(sketch_text(record.sketch)),
                               text(here                  ? "this node"
                                    : candidate.reachable ? "reachable"
                                                          : "no route")});
    }
    report.notes.push_back(verdict_text(journey, choice));
}

Result<Report> Node::report_interest(const std::vector<std::string>& args) const {
    Report report = empty_table();
    if (!args.empty() && interest_.table().count(args[0]) == 0)
        return Error{ErrorCode::kNotFound, "nobody we know of serves task '" + args[0] +
                                               "'; this node asks the others now, try again in a second"};
    for (const std::string& task : interest_.table().tasks())
        if (args.empty() || task == args[0]) report_members(task, report);
    report.notes.push_back("divergence: nats, of the task's global mix from this node's data");
    return report;
}

}  // namespace aip::node
