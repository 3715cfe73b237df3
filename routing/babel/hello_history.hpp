// The last 16 scheduled Hellos of one neighbour (RFC 8966 Appendix A.1) and what they say: how well we hear it, and
// whether it is still there. Only Hellos since the first one count, so a new neighbour is as good as its first Hello.
//
// The link is down after m consecutive misses, with m such that a link that loses as much as this one does so by chance
// once in a thousand: 3 for a clean link, at most 8. A Hello is missed when a quarter of the interval has passed beyond
// the promise; a late one takes the guess back. One miss at a time, however late the caller is: a node that was stalled
// itself must not bury its neighbours.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace aip::routing::babel {

class HelloHistory {
public:
    enum class Heard : uint8_t { kNew, kOldCopy, kRestarted };  // kRestarted: nothing was recorded, start afresh

    Heard hear(uint16_t seqno, Duration interval, Instant now);
    // A unicast Hello of a neighbour whose multicast Hellos have not come yet counts as the first, for an interval.
    void hear_unicast(Duration interval, Instant now);
    // Called at deadline() or later.
    void miss(Instant now);
    Instant deadline() const { return deadline_; }

    bool up() const { return counted_ > 0 && misses_in_a_row() < misses_allowed(); }
    bool heard_any() const { return counted_ > 0; }
    bool silent() const { return counted_ > 0 && bits_ == 0; }  // none of the last 16, or of all so far
    uint16_t cost(uint16_t nominal) const;                      // nominal / share heard; infinite when not up
    uint16_t bits() const { return bits_; }
    double loss() const { return loss_; }
    int misses_allowed() const;

private:
    int misses_in_a_row() const;
    void push(bool heard);
    void promise(Duration interval, Instant now);

    uint16_t bits_ = 0;  // newest is the highest bit
    int counted_ = 0;
    int guessed_ = 0;  // newest bits that are guesses of the timer
    std::optional<uint16_t> expected_;
    double loss_ = 0;  // smoothed; moves only when a Hello is heard, so that a dying link does not excuse itself
    Duration interval_;
    Instant deadline_ = Instant::never();
};

}  // namespace aip::routing::babel
