// Seeds that once found something. Each is fixed for ever; the comment says what was wrong.
#include <gtest/gtest.h>

#include "sim/journey_scenario.hpp"

namespace aip::sim {
namespace {

// While a route was gone, a transfer over it was never polled: it neither timed out nor let its node sleep, and every
// packet started one more chain of wake-ups. Seed 1 took 6.5 million events.
TEST(Regressions, Seed1IsNoBusyLoop) {
    const JourneyOutcome outcome = run_journey(1, {});
    EXPECT_TRUE(outcome.ok) << outcome.complaint;
    EXPECT_LT(outcome.events, 10 * outcome.packets);
}

}  // namespace
}  // namespace aip::sim
