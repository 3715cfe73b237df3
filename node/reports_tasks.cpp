// What a node says about tasks: the list, and the rules of one.
#include "base/task_key.hpp"
#include "node/node.hpp"

namespace aip::node {
namespace {

std::string_view state_of(const KnownTask& known) {
    switch (known.membership) {
        case Membership::kNone: return "known";
        case Membership::kJoined: return "joined";
        case Membership::kLeft: return "left";
    }
    return "unknown";
}

// One row, field by field.
class Fields {
public:
    explicit Fields(std::string title) : report_{std::move(title), {}, {{}}, {}} {}
    void text(std::string name, std::string_view v) { add(std::move(name), ColumnType::kText, std::string(v)); }
    void integer(std::string name, uint64_t v) { add(std::move(name), ColumnType::kInteger, static_cast<int64_t>(v)); }
    void real(std::string name, std::optional<double> v) {
        add(std::move(name), ColumnType::kReal, v ? Cell(*v) : Cell());
    }
    Report done() { return std::move(report_); }

private:
    void add(std::string name, ColumnType type, Cell value) {
        report_.columns.push_back({std::move(name), type});
        report_.rows[0].push_back(std::move(value));
    }
    Report report_;
};

void add_weights(Fields& fields, const routing::RoutingWeights& weights) {
    fields.text("policy", weights.policy);
    fields.real("theta", weights.theta);
    fields.real("path", weights.path);
    fields.real("delay", weights.delay);
    fields.real("training", weights.training);
    fields.real("queue", weights.queue);
    fields.real("extras_max", weights.extras_max);
    fields.real("jump", weights.jump);
    fields.real("age_bonus", weights.age_bonus);
}

void add_gate(Fields& fields, const routing::GateRules& gate) {
    fields.text("gate", gate.any() ? "on" : "none");
    fields.real("gate_norm", gate.norm);
    fields.real("gate_distance", gate.distance);
    fields.real("gate_narrowing", gate.narrowing);
    fields.real("gate_cosine", gate.cosine);
    fields.real("gate_loss", gate.loss);
    fields.real("gate_loss_elsewhere", gate.loss_elsewhere);
}

void add_rules(Fields& fields, const routing::TaskRecord& rules) {
    const bool labels = rules.sketch.kind == routing::SketchShape::Kind::kLabels;
    std::string members;
    for (const Address& member : rules.admission.members) members += (members.empty() ? "" : " ") + member.text();
    fields.text("sketch", labels ? "classes" : "features");
    fields.integer("sketch_size", rules.sketch.size);
    fields.text("base", rules.base ? rules.base->hex() : "");
    fields.integer("model_bytes_max", rules.admission.model_bytes_max);
    fields.text("members", rules.admission.members_listed ? members : "whoever joins");
    add_gate(fields, rules.admission.gate);
    add_weights(fields, rules.weights);
    fields.real("stay_accuracy", rules.stay.accuracy);
    fields.real("stay_loss", rules.stay.loss);
    fields.integer("stay_steps", rules.stay.steps);
    fields.integer("budget_stops", rules.budget.stops);
    fields.integer("budget_bytes", rules.budget.wire_bytes);
    fields.real("budget_s", rules.budget.time.count_s());
    fields.integer("walkers_max", rules.walkers_max);
    fields.text("merge", rules.merge.rule);
    fields.real("merge_outliers", rules.merge.outliers);
    fields.real("late_s", rules.late_after.count_s());
}

}  // namespace

Report Node::report_tasks() const {
    Report r{"Tasks",
             {{"task", ColumnType::kText},
              {"state", ColumnType::kText},
              {"members", ColumnType::kInteger},
              {"policy", ColumnType::kText},
              {"creator", ColumnType::kText},
              {"created_ms", ColumnType::kInteger},
              {"key", ColumnType::kText}},
             {},
             {}};
    const auto& interest = interest_.table();
    const auto count = [&](const std::string& key) {
        return interest.task_of(key) ? Cell(static_cast<int64_t>(interest.count(key))) : Cell();
    };
    for (const auto& [tag, known] : tasks_.all()) {
        const auto& task = known.task;
        r.rows.push_back({task.record.name, std::string(state_of(known)), count(task.key), task.record.weights.policy,
                          task.creator.address.text(), task.record.created.unix_ms(), task.key});
    }
    for (const std::string& key : interest.tasks()) {
        if (!task_digits(key).empty()) continue;
        r.rows.push_back({key, std::string("open"), count(key), tasks_.rules(key).weights.policy, Cell{}, Cell{}, key});
    }
    r.notes.push_back(
        "members: those whose interest this node has heard, if it listens (aipctl interest TASK); an open task has no "
        "record");
    return r;
}

Result<Report> Node::report_task(const std::string& text) const {
    AIP_ASSIGN(const std::string key, tasks_.resolve(text));
    const KnownTask* known = tasks_.find(key);
    Fields fields("Task " + key);
    fields.text("task", task_name(key));
    fields.text("key", key);
    fields.text("state", known != nullptr ? state_of(*known) : "open");
    if (known != nullptr) {
        fields.text("id", known->task.id.hex());
        fields.text("creator", known->task.creator.address.text());
        fields.integer("created_ms", static_cast<uint64_t>(known->task.record.created.unix_ms()));
        fields.integer("known_since_ms", static_cast<uint64_t>(known->learnt.unix_ms()));
        if (known->membership != Membership::kNone)
            fields.integer(std::string(state_of(*known)) + "_ms", static_cast<uint64_t>(known->since.unix_ms()));
    }
    add_rules(fields, tasks_.rules(key));
    return fields.done();
}

}  // namespace aip::node
