// What only an operating system can give: time and randomness. Nothing below daemons/ asks for either.
#pragma once

#include "base/time.hpp"

namespace aip::daemons {

class SystemClock final : public Clock {
public:
    Instant now() const override;    // CLOCK_MONOTONIC
    WallTime wall() const override;  // CLOCK_REALTIME
};

// A fresh seed for SeededRng from getrandom(2).
uint64_t random_seed();

}  // namespace aip::daemons
