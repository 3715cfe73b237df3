// When something periodic is due next: early by up to an eighth, never late. Nodes that started together drift apart,
// and a receiver that was told the interval is not kept waiting.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

namespace aip::routing {

inline Instant jittered(Rng& rng, Instant now, Duration interval) {
    const auto spread = static_cast<uint64_t>(interval.count_ns() / 8);
    return now + interval - Duration::nanoseconds(static_cast<int64_t>(rng.below(spread + 1)));
}

}  // namespace aip::routing
