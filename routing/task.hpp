// A task: what a model is for, and the rules its members play by (rfc/0010 section 2). The record is signed by its
// creator; its id is the digest of its body, so nobody can change a rule without making another task.
//
// Everywhere else a task is a key, a string: "NAME@" and the first 32 hex digits of the id for a created task, or the
// bare "NAME" of an open task that nobody created, which has the default rules. People say NAME where one task is
// meant. Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/task_key.hpp"
#include "base/time.hpp"
#include "crypto/identity.hpp"
#include "model/merge_rules.hpp"

namespace aip::routing {

using TaskId = Digest;

struct SketchShape {
    enum class Kind : uint8_t { kLabels, kMoments };
    Kind kind = Kind::kLabels;
    uint32_t size = 0;  // classes or features; 0: whatever the members publish
    bool operator==(const SketchShape&) const = default;
};

// What a next-stop policy weighs, and against what.
struct RoutingWeights {
    std::string policy = "coverage";
    double theta = 0.05;      // nats; above it the divergence decides, below it the distance
    double path = 1;          // per hop-equivalent (96 of the path metric)
    double delay = 1;         // per second of round trip
    double training = 0.02;   // per expected second of training
    double queue = 0.1;       // per model that waits there
    double extras_max = 0.5;  // delay, training and queue together cost at most this: they cannot outweigh the path
    double jump = 0.0;        // probability of an escape to a random member, 0 to 1
    double age_bonus = 0.0;   // value per lap a member was not visited
    bool operator==(const RoutingWeights&) const = default;
};

struct StayRules {                   // a model leaves a stop when one of these holds; 0 or none: the trainer decides
    std::optional<double> accuracy;  // at least
    std::optional<double> loss;      // at most
    uint64_t steps = 0;              // optimiser steps at one stop, at most
    bool operator==(const StayRules&) const = default;
};

// What a node asks of the version that somebody else made before it trains or forwards it (the admission gate); a limit
// of 0 asks nothing.
struct GateRules {
    bool numbers = false;       // no NaN, no infinity, the tensors of the parent; in force with any of the others
    double norm = 0;            // change of each tensor from the parent, in multiples of its usual one
    double distance = 0;        // from the parent (else this node's last version), as part of its norm, when a journey
    double narrowing = 0;       // begins; times e^-narrowing when its budget of stops is spent; not without `distance`
    double cosine = 0;          // with the same version, at least
    double loss = 0;            // growth on a class that the version's maker says it holds, at most, and
    double loss_elsewhere = 0;  // on the other classes this node holds; not without `loss`
    bool any() const { return numbers || norm > 0 || distance > 0 || cosine > 0 || loss > 0; }
    bool operator==(const GateRules&) const = default;
};

struct AdmissionRules {
    uint64_t model_bytes_max = 0;  // 0: the network's limit
    bool members_listed = false;   // only `members` may train
    std::vector<Address> members;  // in address order, at most limits::kTaskMembersMax
    GateRules gate;
    bool operator==(const AdmissionRules&) const = default;
};

struct JourneyBudget {  // of one journey, unless the sender says less; 0: no limit
    uint32_t stops = 0;
    uint64_t wire_bytes = 0;
    Duration time;
    bool operator==(const JourneyBudget&) const = default;
};

struct TaskRecord {
    std::string name;  // limits::kTaskNameMax of [a-z0-9._-]
    WallTime created;
    std::optional<VersionId> base;  // the model that journeys of this task start from
    SketchShape sketch;
    AdmissionRules admission;
    RoutingWeights weights;
    StayRules stay;
    JourneyBudget budget;
    uint32_t walkers_max = 1;  // models of this task under way at once
    model::MergeOrder merge;   // when they meet
    Duration late_after;       // a journey unheard of for so long is looked for; 0: never
    bool operator==(const TaskRecord&) const = default;
};

Result<void> check_task(const TaskRecord& record);  // says which rule is wrong, and what is allowed
Bytes encode_task(const TaskRecord& record);        // canonical body; of a record that passes check_task
Result<TaskRecord> parse_task(ByteView body);       // canonical single-segment Cap'n Proto and nothing else
TaskId task_id(ByteView body);
std::string task_key(const TaskRecord& record, const TaskId& id);
using aip::is_task_key;
using aip::task_name;

struct SignedTask {
    TaskRecord record;
    TaskId id;
    std::string key;
    crypto::Principal creator;
    Bytes sealed;  // as it came
};
inline constexpr std::string_view kTaskDomain = "task";
Result<SignedTask> seal_task(const TaskRecord& record, const crypto::Signer& creator);
Result<SignedTask> open_task(ByteView sealed, crypto::Verifier& verifier, WallTime now);

// The rules of an open task.
TaskRecord open_task_rules(std::string_view name);

}  // namespace aip::routing
