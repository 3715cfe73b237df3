// What the divergence of the global mix from what a model has seen is now, and would be after a stop at each member
// (rfc/0003 section 5.1 and 5.2). The global mix is the sum of all members' sketches as this node knows them.
//
// One object per decision. For label counts it is made to be asked a thousand times: a bin of which the member has
// nothing costs a table look-up, the others one logarithm each. Moments take the plain way through divergence().
// Invariant: after() of a member whose sketch has another shape than the rest is now(): it gains nothing. Any thread.
#pragma once

#include <span>
#include <vector>

#include "routing/sketch.hpp"

namespace aip::routing {

class Outlook {
public:
    // `samples` is what a stop is expected to use; 0: all that the member has.
    Outlook(Sketch seen, std::span<const Sketch* const> members, uint64_t samples);

    double now() const { return now_; }
    double after(const Sketch& member) const;

private:
    double after_labels(const std::vector<uint64_t>& labels) const;

    Sketch seen_;
    Sketch global_;
    uint64_t samples_;
    double now_ = 0;

    struct Bin {
        double p = 0;     // smoothed share of the global mix
        double seen = 0;  // count
        double rest = 0;  // its term p ln q where a stop adds nothing to it
    };
    std::vector<Bin> bins_;  // empty: the task has moments
    double p_log_p_ = 0;
    double seen_total_ = 0;
    double rest_ = 0;  // sum over the bins
};

}  // namespace aip::routing
