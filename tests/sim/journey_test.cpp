// A journey of one model through ten simulated nodes; sim/journey_scenario.hpp has the drawing and the checks.
#include "sim/journey_scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace aip::sim {
namespace {

TEST(Journey, SpendsItsBudgetOnCleanLinks) {
    JourneyOptions options;
    options.loss_max = 0;
    options.kills_per_second = 0;
    options.holder_kills_per_event = 0;
    options.program_kills_per_second = 0;
    const JourneyOutcome outcome = run_journey(1, options);
    EXPECT_TRUE(outcome.ok) << outcome.complaint;
}

TEST(Journey, SurvivesLossKillsAndDyingPrograms) {
    const char* wanted = std::getenv("AIP_SIM_SEEDS");  // fewer under sanitizers
    const uint64_t seeds = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20;
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
        const JourneyOutcome outcome = run_journey(seed, {});
        EXPECT_TRUE(outcome.ok) << outcome.complaint << "; replay: aip-sim --seed " << seed;
    }
}

JourneyOptions with_deaths() {
    JourneyOptions options;
    options.stops = 60;
    options.late_after = Duration::seconds(15);
    options.deaths = 3;
    options.time_limit = Duration::seconds(4000);
    return options;
}

// The nodes that eat a model are the corners of the grid: 2, 4, 7 and 9.
TEST(Journey, GoesOnWhenNodesDieForGoodWithTheModel) {
    JourneyOptions options = with_deaths();
    options.kills_per_second = 0;
    options.holder_kills_per_event = 0;
    options.program_kills_per_second = 0;
    options.loss_max = 0.1;
    uint32_t deaths = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        const JourneyOutcome outcome = run_journey(seed, options);
        EXPECT_TRUE(outcome.ok) << outcome.complaint << ", seed " << seed;
        EXPECT_LE(outcome.walkers_max, 2u) << "seed " << seed;
        deaths += outcome.deaths;
        EXPECT_TRUE(outcome.deaths == 0 || outcome.walker > 1) << "seed " << seed;
    }
    EXPECT_GT(deaths, 5u);
}

TEST(Journey, GoesOnWhenNodesDieForGoodAmidLossAndKills) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        const JourneyOutcome outcome = run_journey(seed, with_deaths());
        EXPECT_TRUE(outcome.ok) << outcome.complaint << ", seed " << seed;
    }
}

TEST(Journey, IsTheSameForTheSameSeed) {
    const JourneyOutcome a = run_journey(7, {});
    const JourneyOutcome b = run_journey(7, {});
    EXPECT_EQ(a.events, b.events);
    EXPECT_EQ(a.packets, b.packets);
    EXPECT_EQ(a.simulated.count_ns(), b.simulated.count_ns());
}

}  // namespace
}  // namespace aip::sim
