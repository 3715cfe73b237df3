#include "node/gate_rules.hpp"

#include <cmath>

#include "model/text.hpp"

namespace aip::node {
namespace {

using model::decimal;

class NumbersRule final : public GateRule {
public:
    std::string_view name() const override { return "numbers"; }
    std::optional<Objection> object(const Evidence& evidence) const override {
        if (evidence.fault.empty()) return std::nullopt;
        return Objection{evidence.fault, {}};
    }
};

class NormRule final : public GateRule {
public:
    explicit NormRule(double limit) : limit_(limit) {}
    std::string_view name() const override { return "norm"; }
    std::optional<Objection> object(const Evidence& evidence) const override {
        if (evidence.merged) return std::nullopt;
        for (size_t i = 0; i < evidence.from_parent.size(); ++i) {
            const model::TensorDistance& tensor = evidence.from_parent[i];
            const auto usual = evidence.usual.find(tensor.name);
            if (usual == evidence.usual.end() || tensor.change <= limit_ * usual->second) continue;
            return Objection{"tensor " + model::quoted(tensor.name) + " moved by " + decimal(tensor.change) +
                                 " from its parent; usual is " + decimal(usual->second) + ", allowed " +
                                 decimal(limit_) + " times that",
                             {{"tensor", static_cast<double>(i)},
                              {"change", tensor.change},
                              {"usual", usual->second},
                              {"limit", limit_}}};
        }
        return std::nullopt;
    }

private:
    double limit_;
};

class DistanceRule final : public GateRule {
public:
    DistanceRule(double distance, double narrowing, double cosine)
        : distance_(distance), narrowing_(narrowing), cosine_(cosine) {}
    std::string_view name() const override { return "distance"; }
    std::optional<Objection> object(const Evidence& evidence) const override {
        const bool parent = !evidence.from_parent.empty();
        const auto& tensors = parent ? evidence.from_parent : evidence.from_own;
        if (tensors.empty()) return std::nullopt;
        const model::WholeDistance whole = model::whole_distance(tensors);
        const std::string whom = parent ? "its parent" : "this node's own version";
        const double limit = distance_ * std::exp(-narrowing_ * evidence.progress) * whole.reference_norm;
        if (distance_ > 0 && whole.change > limit)
            return Objection{"is " + decimal(whole.change) + " away from " + whom + "; allowed is " + decimal(limit),
                             {{"distance", whole.change}, {"limit", limit}}};
        if (cosine_ > 0 && whole.cosine < cosine_)
            return Objection{"has a cosine of " + decimal(whole.cosine) + " with " + whom + "; at least " +
                                 decimal(cosine_) + " is asked",
                             {{"cosine", whole.cosine}, {"limit", cosine_}}};
        return std::nullopt;
    }

private:
    double distance_, narrowing_, cosine_;
};

class LossRule final : public GateRule {
public:
    LossRule(double limit, double elsewhere) : limit_(limit), elsewhere_(elsewhere) {}
    std::string_view name() const override { return "loss"; }
    std::optional<Objection> object(const Evidence& evidence) const override {
        for (const ClassFigures& now : evidence.of_version) {
            const ClassFigures* before = find(evidence.of_parent, now.label);
            if (before == nullptr || now.samples == 0) continue;
            const bool held = evidence.held_by_maker.contains(now.label);
            const double limit = held ? limit_ : elsewhere_;
            // Written so that a loss which is no number is an objection too.
            if ((!held && elsewhere_ == 0) || now.loss - before->loss <= limit) continue;
            return objection(now, *before, held, limit);
        }
        return std::nullopt;
    }

private:
    static const ClassFigures* find(const std::vector<ClassFigures>& figures, uint32_t label) {
        for (const ClassFigures& one : figures)
            if (one.label == label) return &one;
        return nullptr;
    }
    static Objection objection(const ClassFigures& now, const ClassFigures& before, bool held, double limit) {
        Objection objection{"the loss on class " + std::to_string(now.label) + " went from " + decimal(before.loss) +
                                " to " + decimal(now.loss) + (held ? ", which its maker says it holds" : "") +
                                "; allowed is " + decimal(limit) + " more",
                            {{"class", now.label}, {"samples", static_cast<double>(now.samples)}, {"limit", limit}}};
        if (std::isfinite(before.loss)) objection.figures["before"] = before.loss;
        if (std::isfinite(now.loss)) objection.figures["after"] = now.loss;
        return objection;
    }

    double limit_, elsewhere_;
};

}  // namespace

std::vector<std::unique_ptr<GateRule>> make_gate(const routing::GateRules& rules) {
    std::vector<std::unique_ptr<GateRule>> gate;
    if (rules.any()) gate.push_back(std::make_unique<NumbersRule>());
    if (rules.norm > 0) gate.push_back(std::make_unique<NormRule>(rules.norm));
    if (rules.distance > 0 || rules.cosine > 0)
        gate.push_back(std::make_unique<DistanceRule>(rules.distance, rules.narrowing, rules.cosine));
    if (rules.loss > 0) gate.push_back(std::make_unique<LossRule>(rules.loss, rules.loss_elsewhere));
    return gate;
}

std::optional<Objection> first_objection(const routing::GateRules& rules, const Evidence& evidence) {
    for (const auto& rule : make_gate(rules))
        if (auto objection = rule->object(evidence)) {
            objection->rule = rule->name();
            return objection;
        }
    return std::nullopt;
}

}  // namespace aip::node
