#include "daemons/system_clock.hpp"

#include <sys/random.h>
#include <time.h>

#include "base/assert.hpp"

namespace aip::daemons {
namespace {

int64_t read_clock_ns(clockid_t id) {
    timespec t{};
    AIP_ASSERT(clock_gettime(id, &t) == 0);
    return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

Instant SystemClock::now() const { return Instant::from_ns(read_clock_ns(CLOCK_MONOTONIC)); }
WallTime SystemClock::wall() const { return WallTime::from_unix_ms(read_clock_ns(CLOCK_REALTIME) / 1'000'000); }

uint64_t random_seed() {
    uint64_t seed = 0;
    AIP_ASSERT(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    return seed;
}

}  // namespace aip::daemons
