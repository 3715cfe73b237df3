// What programs and people ask about tasks, as the node understands it.
#include <algorithm>
#include <cmath>

#include "daemons/bridge.hpp"

namespace aip::daemons {
namespace {

template <class Rules>
struct Named {
    std::string_view name;
    double Rules::*field;
};
using Weight = Named<routing::RoutingWeights>;
using GateLimit = Named<routing::GateRules>;
constexpr GateLimit kGateLimits[] = {
    {"gate.norm", &routing::GateRules::norm},           {"gate.distance", &routing::GateRules::distance},
    {"gate.narrowing", &routing::GateRules::narrowing}, {"gate.cosine", &routing::GateRules::cosine},
    {"gate.loss", &routing::GateRules::loss},           {"gate.loss_elsewhere", &routing::GateRules::loss_elsewhere}};
constexpr Weight kWeights[] = {
    {"theta", &routing::RoutingWeights::theta}, {"path", &routing::RoutingWeights::path},
    {"delay", &routing::RoutingWeights::delay}, {"training", &routing::RoutingWeights::training},
    {"queue", &routing::RoutingWeights::queue}, {"extras_max", &routing::RoutingWeights::extras_max},
    {"jump", &routing::RoutingWeights::jump},   {"age_bonus", &routing::RoutingWeights::age_bonus}};

template <class Rules, size_t N>
bool set_named(Rules& rules, const Named<Rules> (&table)[N], const std::string& name, double value,
               std::string& known) {
    for (const Named<Rules>& one : table) {
        if (one.name == name) {
            rules.*one.field = value;
            return true;
        }
        known += (known.empty() ? "" : ", ") + std::string(one.name);
    }
    return false;
}

// Of the policy, or a limit of the admission gate; one that is set asks for sound numbers too.
Result<void> set_weight(routing::TaskRecord& rules, const std::string& name, double value) {
    std::string known;
    if (set_named(rules.weights, kWeights, name, value, known)) return {};
    if (set_named(rules.admission.gate, kGateLimits, name, value, known)) {
        rules.admission.gate.numbers = true;
        return {};
    }
    return Error{ErrorCode::kInvalid, "no weight is called '" + name + "'; there are " + known};
}

// Beyond what any rule allows it does not matter how far.
Duration span_of(uint64_t ms) {
    constexpr uint64_t kFar = uint64_t{1000} * 3600 * 24 * 3660;
    return Duration::milliseconds(static_cast<int64_t>(std::min(ms, kFar)));
}

Result<routing::TaskRecord> rules_of(api::TaskCreate& request) {
    routing::TaskRecord rules = routing::open_task_rules("");
    rules.name = std::move(request.name);
    rules.base = request.base;
    using Kind = routing::SketchShape::Kind;
    rules.sketch = {request.features ? Kind::kMoments : Kind::kLabels, request.sketch_size};
    std::sort(request.members.begin(), request.members.end());
    rules.admission = {request.model_bytes_max, !request.members.empty(), std::move(request.members), {}};
    if (!request.policy.empty()) rules.weights.policy = std::move(request.policy);
    for (const auto& [name, value] : request.weights) AIP_TRY(set_weight(rules, name, value));
    if (!std::isnan(request.accuracy)) rules.stay.accuracy = request.accuracy;
    if (!std::isnan(request.loss)) rules.stay.loss = request.loss;
    rules.stay.steps = request.steps;
    rules.budget = {request.stops, request.wire_bytes, span_of(request.time_ms)};
    rules.walkers_max = request.walkers;
    rules.late_after = span_of(request.late_ms);
    return rules;
}

}  // namespace

std::function<void(Result<std::string>)> Bridge::answer_task(const Call& call) {
    return [this, call](Result<std::string> key) {
        key ? answer(call, api::Task{std::move(*key)}) : fail(call, key.error());
    };
}

void Bridge::handle(const Call& call, api::TaskCreate& request, std::optional<OwnedFd>) {
    auto rules = rules_of(request);
    if (!rules) return fail(call, rules.error());
    node_->create_task(std::move(*rules), answer_task(call));
}

void Bridge::handle(const Call& call, api::TaskJoin& request, std::optional<OwnedFd>) {
    node_->join_task(request.task, answer_task(call));
}

void Bridge::handle(const Call& call, api::TaskLeave& request, std::optional<OwnedFd>) {
    node_->leave_task(request.task, answer_task(call));
}

}  // namespace aip::daemons
