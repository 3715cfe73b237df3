// The task record as canonical Cap'n Proto, both ways.
#include <algorithm>

#include "base/limits.hpp"
#include "routing/canonical.hpp"
#include "routing/task.capnp.h"
#include "routing/task.hpp"

namespace aip::routing {
namespace {

constexpr size_t kEnvelopeBytes = 4 + 1 + 1 + kTaskDomain.size() + crypto::kCredentialBytes + 4 + 64;
constexpr size_t kBodyBytesMax = limits::kTaskBytesMax - kEnvelopeBytes;
constexpr uint64_t kTimeMsMax = uint64_t{366} * 24 * 3600 * 1000;

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("task record ") + why}; }

void put_gate(schema::Task::Builder out, const GateRules& gate) {
    out.setGateNumbers(gate.numbers);
    out.setGateNorm(gate.norm);
    out.setGateDistance(gate.distance);
    out.setGateNarrowing(gate.narrowing);
    out.setGateCosine(gate.cosine);
    out.setGateLoss(gate.loss);
    out.setGateLossElsewhere(gate.loss_elsewhere);
}

void put_admission(schema::Task::Builder out, const AdmissionRules& admission) {
    out.setModelBytesMax(admission.model_bytes_max);
    out.setMembersListed(admission.members_listed);
    put_gate(out, admission.gate);
    if (admission.members.empty()) return;
    out.setMembersHigh(high_half(admission.members.front()));
    auto members = out.initMembers(static_cast<unsigned>(admission.members.size()));
    for (unsigned i = 0; i < members.size(); ++i) members.set(i, low_half(admission.members[i]));
}

GateRules get_gate(schema::Task::Reader in) {
    return {in.getGateNumbers(), in.getGateNorm(), in.getGateDistance(),     in.getGateNarrowing(),
            in.getGateCosine(),  in.getGateLoss(), in.getGateLossElsewhere()};
}

Result<AdmissionRules> get_admission(schema::Task::Reader in) {
    if (in.getMembers().size() > limits::kTaskMembersMax) return invalid("names more than 40 members");
    if (in.getMembers().size() == 0 && in.getMembersHigh() != 0) return invalid("has half an address");
    AdmissionRules admission{in.getModelBytesMax(), in.getMembersListed(), {}, get_gate(in)};
    for (const uint64_t low : in.getMembers()) admission.members.push_back(join_address(in.getMembersHigh(), low));
    return admission;
}

void put_weights(schema::Task::Builder out, const RoutingWeights& weights) {
    out.setPolicy(weights.policy.c_str());
    out.setTheta(weights.theta);
    out.setPath(weights.path);
    out.setDelay(weights.delay);
    out.setTraining(weights.training);
    out.setQueue(weights.queue);
    out.setExtrasMax(weights.extras_max);
    out.setJump(weights.jump);
    out.setAgeBonus(weights.age_bonus);
}

Result<RoutingWeights> get_weights(schema::Task::Reader in) {
    const auto policy = in.getPolicy();
    if (policy.size() > limits::kTaskNameMax) return invalid("has a policy over 64 bytes");
    return RoutingWeights{{policy.begin(), policy.size()},
                          in.getTheta(),
                          in.getPath(),
                          in.getDelay(),
                          in.getTraining(),
                          in.getQueue(),
                          in.getExtrasMax(),
                          in.getJump(),
                          in.getAgeBonus()};
}

void put_stay(schema::Task::Builder out, const StayRules& stay) {
    out.setHasAccuracy(stay.accuracy.has_value());
    out.setAccuracy(stay.accuracy.value_or(0));
    out.setHasLoss(stay.loss.has_value());
    out.setLoss(stay.loss.value_or(0));
    out.setStepsMax(stay.steps);
}

Result<StayRules> get_stay(schema::Task::Reader in) {
    if ((!in.getHasAccuracy() && in.getAccuracy() != 0) || (!in.getHasLoss() && in.getLoss() != 0))
        return invalid("has a measure to leave at and says it has none");
    StayRules stay;
    if (in.getHasAccuracy()) stay.accuracy = in.getAccuracy();
    if (in.getHasLoss()) stay.loss = in.getLoss();
    stay.steps = in.getStepsMax();
    return stay;
}

void put_merge(schema::Task::Builder out, const model::MergeOrder& merge) {
    const auto rule = std::find(model::kMergeRules.begin(), model::kMergeRules.end(), merge.rule);
    out.setMergeRule(static_cast<schema::Task::MergeRule>(rule - model::kMergeRules.begin()));
    out.setOutliers(merge.outliers);
}

Result<model::MergeOrder> get_merge(schema::Task::Reader in) {
    const auto rule = static_cast<size_t>(in.getMergeRule());
    if (rule >= model::kMergeRules.size()) return invalid("has a merging rule that is not known here");
    return model::MergeOrder{std::string(model::kMergeRules[rule]), in.getOutliers()};
}

Result<Duration> get_time(uint64_t ms) {
    if (ms > kTimeMsMax) return invalid("has a time over a year");
    return Duration::milliseconds(static_cast<int64_t>(ms));
}

Result<std::optional<VersionId>> get_base(schema::Task::Reader in) {
    if (!in.hasBase()) return std::optional<VersionId>();
    const auto bytes = in.getBase();
    const auto base = VersionId::from({bytes.begin(), bytes.size()});
    if (!base) return invalid("has a base version that is not 32 bytes");
    return std::optional<VersionId>(*base);
}

Result<TaskRecord> read_task(schema::Task::Reader in) {
    TaskRecord record;
    const auto name = in.getName();
    if (name.size() > limits::kTaskNameMax) return invalid("has a name over 64 bytes");
    record.name.assign(name.begin(), name.size());
    record.created = WallTime::from_unix_ms(in.getCreatedMs());
    AIP_ASSIGN(record.base, get_base(in));
    record.sketch = {in.getMoments() ? SketchShape::Kind::kMoments : SketchShape::Kind::kLabels, in.getSketchSize()};
    AIP_ASSIGN(record.admission, get_admission(in));
    AIP_ASSIGN(record.weights, get_weights(in));
    AIP_ASSIGN(record.stay, get_stay(in));
    record.budget = {in.getStops(), in.getWireBytes(), {}};
    AIP_ASSIGN(record.budget.time, get_time(in.getTimeMs()));
    record.walkers_max = in.getWalkersMax();
    AIP_ASSIGN(record.late_after, get_time(in.getLateMs()));
    AIP_ASSIGN(record.merge, get_merge(in));
    AIP_TRY(check_task(record));
    return record;
}

}  // namespace

Bytes encode_task(const TaskRecord& record) {
    AIP_ASSERT(check_task(record));
    Bytes body = encode_canonical<schema::Task>([&](schema::Task::Builder out) {
        out.setName(record.name.c_str());
        out.setCreatedMs(record.created.unix_ms());
        if (record.base) out.setBase(kj::arrayPtr(record.base->bytes.data(), record.base->bytes.size()));
        out.setMoments(record.sketch.kind == SketchShape::Kind::kMoments);
        out.setSketchSize(record.sketch.size);
        put_admission(out, record.admission);
        put_weights(out, record.weights);
        put_stay(out, record.stay);
        out.setStops(record.budget.stops);
        out.setWireBytes(record.budget.wire_bytes);
        out.setTimeMs(static_cast<uint64_t>(record.budget.time.count_ms()));
        out.setWalkersMax(record.walkers_max);
        out.setLateMs(static_cast<uint64_t>(record.late_after.count_ms()));
        put_merge(out, record.merge);
    });
    AIP_ASSERT(body.size() <= kBodyBytesMax);
    return body;
}

Result<TaskRecord> parse_task(ByteView body) {
    return parse_canonical<schema::Task, TaskRecord>(body, kBodyBytesMax, "task record", read_task);
}

}  // namespace aip::routing
