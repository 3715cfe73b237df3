// Bounds how often something costly may happen: `burst` at once, `per_second` in the long run. A flood of forged
// records meets it before any signature is checked. Time is an argument; an Instant that goes back adds nothing.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace aip::routing {

class TokenBucket {
public:
    TokenBucket(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}

    bool take(Instant now) {
        if (now > last_) {
            tokens_ = std::min(burst_, tokens_ + (now - last_).count_s() * per_second_);
            last_ = now;
        }
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

private:
    double per_second_;
    double burst_;
    double tokens_;
    Instant last_;
};

// The same in eight bytes, where there are very many of them: `until` is when the bucket will be full again.
inline bool take_token(Instant& until, Instant now, Duration every, int64_t burst) {
    until = std::max(until, now);
    if (until - now > every * (burst - 1)) return false;
    until = until + every;
    return true;
}

}  // namespace aip::routing
