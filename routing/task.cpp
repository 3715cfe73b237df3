// What a task record may say, and its seal.
#include "routing/task.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "routing/interest_record.hpp"
#include "routing/journey.hpp"

namespace aip::routing {
namespace {

constexpr double kWeightMax = 1e6;
constexpr Duration kTimeMax = Duration::seconds(366 * 24 * 3600);

Error refused(const std::string& rule) { return {ErrorCode::kInvalid, "task record: " + rule}; }

struct Rule {
    const char* name;
    double value;
    double least;
    double most;
};

Result<void> check_rules(std::initializer_list<Rule> rules) {
    for (const Rule& rule : rules) {
        if (rule.value >= rule.least && rule.value <= rule.most) continue;
        char text[160];
        std::snprintf(text, sizeof text, "%s is %.15g; allowed is %.15g to %.15g", rule.name, rule.value, rule.least,
                      rule.most);
        return refused(text);
    }
    return {};
}

Result<void> check_span(const char* name, Duration span, Duration least) {
    const bool whole = span == Duration::milliseconds(span.count_ms());
    if (span == Duration{} || (span >= least && span <= kTimeMax && whole)) return {};
    return refused(std::string(name) + " is out of range; allowed is 0 for none, or " +
                   std::to_string(least.count_ms()) + " ms to a year in whole milliseconds");
}

Result<void> check_weights(const RoutingWeights& weights) {
    if (!is_task_name(weights.policy))
        return refused("policy needs a name of 1 to 64 characters of a-z 0-9 . _ -, such as coverage");
    return check_rules({{"theta", weights.theta, 0, kWeightMax},
                        {"path", weights.path, 0, kWeightMax},
                        {"delay", weights.delay, 0, kWeightMax},
                        {"training", weights.training, 0, kWeightMax},
                        {"queue", weights.queue, 0, kWeightMax},
                        {"extras_max", weights.extras_max, 0, kWeightMax},
                        {"jump", weights.jump, 0, 1},
                        {"age_bonus", weights.age_bonus, 0, kWeightMax}});
}

Result<void> check_gate(const GateRules& gate) {
    if (gate.narrowing > 0 && gate.distance == 0)
        return refused("gate narrowing narrows gate distance, which is not set; set both or neither");
    if (gate.loss_elsewhere > 0 && gate.loss == 0)
        return refused("gate loss elsewhere goes with gate loss, which is not set; set both or the latter alone");
    return check_rules({{"gate norm", gate.norm, 0, kWeightMax},
                        {"gate distance", gate.distance, 0, kWeightMax},
                        {"gate narrowing", gate.narrowing, 0, 100},
                        {"gate cosine", gate.cosine, 0, 1},
                        {"gate loss", gate.loss, 0, kWeightMax},
                        {"gate loss elsewhere", gate.loss_elsewhere, 0, kWeightMax}});
}

Result<void> check_admission(const AdmissionRules& admission) {
    AIP_TRY(check_gate(admission.gate));
    const auto& members = admission.members;
    if (admission.model_bytes_max > limits::kModelBytesMax)
        return refused("models of at most " + std::to_string(admission.model_bytes_max) + " bytes; allowed is up to " +
                       std::to_string(limits::kModelBytesMax));
    if (admission.members_listed != !members.empty())
        return refused("members are listed and there is none, or the other way round");
    if (members.size() > limits::kTaskMembersMax)
        return refused("names " + std::to_string(members.size()) + " members; allowed is up to " +
                       std::to_string(limits::kTaskMembersMax) + ", or no list: whoever joins");
    for (const Address& member : members)
        if (!member.is_node() || member.network() != members.front().network())
            return refused("member " + member.text() + " is no node address of the network");
    if (std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()) != members.end())
        return refused("members are not in address order, each once");
    return {};
}

Result<void> check_stay(const StayRules& stay) {
    AIP_TRY(check_rules({{"accuracy", stay.accuracy.value_or(0), 0, 1}}));
    if (!std::isfinite(stay.loss.value_or(0))) return refused("loss is not a finite number");
    if (stay.steps > kCountMax) return refused("steps are more than 2^48");
    return {};
}

Result<void> check_budget(const JourneyBudget& budget) {
    if (budget.stops > kStopsUnlimited) return refused("stops are more than 2^31; 0 is no limit");
    if (budget.wire_bytes > kCountMax) return refused("wire bytes are more than 2^48; 0 is no limit");
    return check_span("time of a journey", budget.time, Duration::milliseconds(1));
}

}  // namespace

Result<void> check_task(const TaskRecord& record) {
    if (!is_task_name(record.name)) return refused("name needs 1 to 64 characters of a-z 0-9 . _ -");
    if (record.created.unix_ms() < 0) return refused("created before 1970");
    if (record.sketch.size > limits::kSketchBinsMax)
        return refused("a sketch of " + std::to_string(record.sketch.size) +
                       " classes or features; allowed is up to 64, or 0: whatever the members publish");
    AIP_TRY(check_admission(record.admission));
    AIP_TRY(check_weights(record.weights));
    AIP_TRY(check_stay(record.stay));
    AIP_TRY(check_budget(record.budget));
    if (const auto merge = model::check_merge_order(record.merge); !merge) return refused(merge.error().text);
    if (record.walkers_max == 0 || record.walkers_max > limits::kTaskWalkersMax)
        return refused(std::to_string(record.walkers_max) + " walkers; allowed is 1 to 64");
    return check_span("lateness", record.late_after, Duration::seconds(1));
}

TaskId task_id(ByteView body) { return crypto::sha256(body); }

std::string task_key(const TaskRecord& record, const TaskId& id) {
    return record.name + "@" + id.hex().substr(0, limits::kTaskKeyDigits);
}

Result<SignedTask> seal_task(const TaskRecord& record, const crypto::Signer& creator) {
    AIP_TRY(check_task(record));
    const Bytes body = encode_task(record);
    const TaskId id = task_id(body);
    return SignedTask{record, id, task_key(record, id), creator.self(), creator.seal(kTaskDomain, body)};
}

Result<SignedTask> open_task(ByteView sealed, crypto::Verifier& verifier, WallTime now) {
    if (sealed.size() > limits::kTaskBytesMax) return refused("is over 1,100 bytes");
    AIP_ASSIGN(const crypto::Opened opened, verifier.open(kTaskDomain, sealed, now));
    AIP_ASSIGN(TaskRecord record, parse_task(opened.body));
    const TaskId id = task_id(opened.body);
    std::string key = task_key(record, id);
    return SignedTask{std::move(record), id, std::move(key), opened.signer, to_bytes(sealed)};
}

TaskRecord open_task_rules(std::string_view name) {
    TaskRecord record;
    record.name = task_name(name);
    return record;
}

}  // namespace aip::routing
