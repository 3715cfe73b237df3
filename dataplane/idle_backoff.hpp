// IdleBackoff: how long a polling loop may sleep. Nothing while there is work; 20 us after the first empty round, then
// twice as long each time up to 4 ms: a busy node adds no latency, an idle one wakes 250 times a second at most. Pure:
// the caller sleeps (less, if a timer is due sooner; or on the ports' wake descriptors). One per loop.
#pragma once

#include "base/time.hpp"

namespace aip::dataplane {

struct IdleBackoffConfig {
    Duration first = Duration::microseconds(20);
    Duration cap = Duration::milliseconds(4);
};

class IdleBackoff {
public:
    explicit IdleBackoff(IdleBackoffConfig config = {}) : config_(config) {}

    Duration next(bool did_work);

private:
    IdleBackoffConfig config_;
    Duration last_;
};

}  // namespace aip::dataplane
