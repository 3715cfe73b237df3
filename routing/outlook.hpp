// What the divergence of the global mix from what a model has seen is now, and would be after a stop at each member
// (rfc/0003 section 5.1 and 5.2). The global mix is the sum of the members' sketches as this node knows them. Nobody
// can check what a member says of its data, so nobody's word counts for more than eight times what the median member
// has, and a sketch that is not of the shape most have counts for nothing.
//
// One object per decision. For label counts it is made to be asked a thousand times: a bin of which the member has
// nothing costs nothing, the others a quick logarithm each. Moments take the plain way through divergence().
// Invariant: after() of a member whose sketch has another shape than the rest is now(): it gains nothing. Any thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "routing/sketch.hpp"

namespace aip::routing {

// ln of a positive normal number to 10^-12, in a third of the time of std::log: the mantissa's first 7 bits choose a
// reciprocal and its logarithm, a short series does the rest.
class QuickLog {
public:
    QuickLog();
    double operator()(double x) const;

private:
    struct Entry {
        double reciprocal;
        double ln;
    };
    std::array<Entry, 128> table_;
};

inline double QuickLog::operator()(double x) const {
    const auto bits = std::bit_cast<uint64_t>(x);
    const auto exponent = static_cast<double>(static_cast<int64_t>(bits >> 52) - 1023);
    const auto mantissa = std::bit_cast<double>((bits & 0xf'ffff'ffff'ffff) | 0x3ff0'0000'0000'0000);
    const Entry& entry = table_[(bits >> 45) & 0x7f];
    const double r = mantissa * entry.reciprocal - 1;  // at most 1/256
    return exponent * 0.693147180559945309 + (entry.ln + r * (1 + r * (-0.5 + r * (1.0 / 3 + r * (-0.25 + r * 0.2)))));
}

class Outlook {
public:
    // `samples` is what a stop is expected to use; 0: all that the member has.
    Outlook(Sketch seen, std::span<const Sketch* const> members, uint64_t samples);

    double now() const { return now_; }
    double after(const Sketch& member) const;  // one of the members

private:
    bool fits(const Sketch& sketch) const { return !sketch.empty() && sketch.moments.sum.size() == features_; }
    std::vector<uint64_t> samples_of(std::span<const Sketch* const> members) const;
    void add_moments(std::span<const Sketch* const> members);
    void add_labels(std::span<const Sketch* const> members);
    double after_labels(const std::vector<uint64_t>& labels) const;

    QuickLog ln_;
    size_t features_;  // of the moments that most members publish; 0: labels
    Sketch seen_;
    Sketch global_;  // of moments
    uint64_t samples_;
    double now_ = 0;

    struct Bin {
        double p = 0;      // smoothed share of the global mix
        double seen = 0;   // count
        double share = 0;  // smoothed, after a stop of samples_ that adds nothing to it
        double rest = 0;   // its term p ln q then
    };
    std::vector<Bin> bins_;  // of labels
    double p_log_p_ = 0;
    double seen_total_ = 0;
    double rest_ = 0;  // sum over the bins
};

}  // namespace aip::routing
