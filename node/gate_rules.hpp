// The rules of the admission gate (rfc/0013): what is asked of a version that somebody else made, before this node
// trains it or sends it on. A small class for each; they are asked in order, cheapest first, and the first objection
// decides. A rule whose evidence is not to be had here has none.
//
//   numbers   no NaN, no infinity, the same tensors as the parent
//   norm      no tensor moved further from the parent than `norm` times what is usual for it
//   distance  ||w - parent|| <= gamma e^(-kappa t) ||parent||, and a cosine with it; the version this node made last
//             stands in for a parent that is not to be had. The bound is that of BALANCE (Fang, Zhang, Hairi, Khanduri,
//             Liu, Lu, Liu, Gong, CCS 2024), which compares with the own version always: here a node sees a model every
//             hundred stops, and its own is old, or spoilt by what once passed; then everything good is far from it
//   loss      measured by a program here on data held back: no worse than the parent on classes the maker says it
//             holds, within limits on others (training elsewhere forgets)
//
// A backdoor that changes little and answers well on clean data passes all of them. Values and pure functions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/distance.hpp"
#include "node/requests.hpp"
#include "routing/task.hpp"

namespace aip::node {

struct Evidence {
    std::string fault;                                // of its numbers or tensors; empty: none
    std::vector<model::TensorDistance> from_parent;   // empty: not measured
    std::vector<model::TensorDistance> from_own;      // from the version this node made last, if the parent is missing
    std::map<std::string, double> usual;              // change of a tensor in one stop; those not yet known are missing
    bool merged = false;                              // of several parents: its change is no step of training
    double progress = 0;                              // of the journey, 0 to 1
    std::vector<ClassFigures> of_version, of_parent;  // by label; empty: nobody measured
    std::set<uint32_t> held_by_maker;                 // classes, by its own signed interest record
};

struct Objection {
    std::string why;                        // one line for people
    std::map<std::string, double> figures;  // measured and allowed: they go into the ledger
    std::string rule = {};                  // first_objection() says which it was
};

class GateRule {
public:
    virtual ~GateRule() = default;
    virtual std::string_view name() const = 0;
    virtual std::optional<Objection> object(const Evidence& evidence) const = 0;
};

// Those the task asks for, cheapest first.
std::vector<std::unique_ptr<GateRule>> make_gate(const routing::GateRules& rules);
std::optional<Objection> first_objection(const routing::GateRules& rules, const Evidence& evidence);

}  // namespace aip::node
