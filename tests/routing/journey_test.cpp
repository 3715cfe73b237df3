#include "routing/journey.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::plain_address;
using testing::ElementsAre;
using testing::HasSubstr;

JourneyRecord fresh(uint32_t stops = 10, std::vector<Address> itinerary = {}) {
    return *start_journey({1, "task", "coverage", plain_address(1), stops, std::move(itinerary)});
}

Stop stop_at(uint64_t node, uint64_t samples = 100) {
    Stop stop;
    stop.node = plain_address(node);
    stop.samples = samples;
    return stop;
}

Plan plan_to(uint64_t node, uint32_t lap = 1) { return {plain_address(node), lap, "because", 0.5, 0.25, 2}; }

const std::vector<uint64_t> kLabels = {3, 0, 1};

TEST(Spread, AddsUpExactlyWhateverTheShares) {
    SeededRng rng(1);
    for (int round = 0; round < 2000; ++round) {
        std::vector<uint64_t> weights(1 + rng.below(64));
        for (uint64_t& w : weights) w = rng.chance(0.3) ? 0 : rng.below(uint64_t{1} << rng.below(48));
        const uint64_t total = rng.below(uint64_t{1} << rng.below(48));
        const auto out = spread(total, weights);
        const bool any = std::any_of(weights.begin(), weights.end(), [](uint64_t w) { return w > 0; });
        ASSERT_EQ(std::accumulate(out.begin(), out.end(), uint64_t{0}), any ? total : 0);
        for (size_t i = 0; i < out.size(); ++i) ASSERT_TRUE(weights[i] > 0 || out[i] == 0);
    }
}

TEST(Spread, GivesTheRestToTheLargestRemainders) {
    EXPECT_THAT(spread(10, std::vector<uint64_t>{1, 1, 1}), ElementsAre(4, 3, 3));
    EXPECT_THAT(spread(200, std::vector<uint64_t>{6000, 0, 3000}), ElementsAre(133, 0, 67));
}

TEST(Journey, AddsWhatAStopTrainedOn) {
    const auto record = add_stop(fresh(), stop_at(1), kLabels);
    ASSERT_TRUE(record) << record.error().text;
    EXPECT_THAT(record->seen, ElementsAre(75, 0, 25));
    EXPECT_EQ(record->stops, 1u);
    EXPECT_EQ(record->stops_left, 9u);
    EXPECT_EQ(record->visit(plain_address(1)), (Visit{1, 1}));
    EXPECT_EQ(record->recent.back().number, 1u);
}

TEST(Journey, GivesAStopThePlanThatLedToIt) {
    auto record = *depart(*add_stop(fresh(), stop_at(1), kLabels), plan_to(2, 2));
    record = *add_stop(record, stop_at(2), kLabels);
    EXPECT_EQ(record.recent.back().plan, plan_to(2, 2));
    EXPECT_EQ(record.lap, 2u);
    EXPECT_FALSE(record.next);
}

TEST(Journey, ForgetsThePlanWhenTheModelTurnsUpElsewhere) {
    const auto record = *add_stop(*depart(fresh(), plan_to(2)), stop_at(3), kLabels);
    EXPECT_FALSE(record.recent.back().plan);
    EXPECT_FALSE(record.next);
}

TEST(Journey, KeepsTheLastStopsAndCountsThemAll) {
    JourneyRecord record = fresh(1000);
    for (uint64_t i = 1; i <= 100; ++i) record = *add_stop(record, stop_at(i), kLabels);
    EXPECT_EQ(record.recent.size(), limits::kJourneyStopsKept);
    EXPECT_EQ(record.recent.front().number, 101 - limits::kJourneyStopsKept);
    EXPECT_EQ(record.stops, 100u);
    EXPECT_EQ(record.visits.size(), 100u);
    EXPECT_EQ(record.seen[0], 7500u);
}

TEST(Journey, EndsWithItsBudget) {
    const auto record = *add_stop(fresh(1), stop_at(1), kLabels);
    EXPECT_TRUE(record.over());
    EXPECT_THAT(add_stop(record, stop_at(2), kLabels).error().text, HasSubstr("over"));
    EXPECT_THAT(depart(record, plan_to(2)).error().text, HasSubstr("over"));
    EXPECT_FALSE(start_journey({1, "task", "coverage", plain_address(1), 0, {}}));
}

TEST(Journey, WorksOffItsItinerary) {
    JourneyRecord record = fresh(10, {plain_address(2), plain_address(3)});
    record = *add_stop(record, stop_at(1), kLabels);
    EXPECT_EQ(record.itinerary.size(), 2u);
    record = *add_stop(record, stop_at(2), kLabels);
    EXPECT_THAT(record.itinerary, ElementsAre(plain_address(3)));
}

TEST(Journey, RefusesNumbersThatAreNotFinite) {
    Stop stop = stop_at(1);
    stop.loss = Loss{1, std::nan("")};
    EXPECT_THAT(add_stop(fresh(), stop, kLabels).error().text, HasSubstr("loss"));
    stop = stop_at(1);
    stop.metrics["accuracy"] = INFINITY;
    EXPECT_THAT(add_stop(fresh(), stop, kLabels).error().text, HasSubstr("accuracy"));
    Plan plan = plan_to(2);
    plan.cost = INFINITY;
    EXPECT_FALSE(depart(fresh(), plan));
}

TEST(Journey, RefusesWhatDoesNotFit) {
    Stop stop = stop_at(1);
    for (int i = 0; i < 9; ++i) stop.metrics["m" + std::to_string(i)] = i;
    EXPECT_FALSE(add_stop(fresh(), stop, kLabels));
    EXPECT_FALSE(add_stop(fresh(), stop_at(1), std::vector<uint64_t>(65, 1)));
    Plan plan = plan_to(2);
    plan.why.assign(limits::kJourneyWhyMax + 1, 'x');
    EXPECT_FALSE(depart(fresh(), plan));
    plan.why = "two\nlines";
    EXPECT_FALSE(depart(fresh(), plan));
    EXPECT_FALSE(depart(fresh(), plan_to(2, 3))) << "a lap was skipped";
    EXPECT_FALSE(start_journey({1, "No Task", "coverage", plain_address(1), 5, {}}));
}

}  // namespace
}  // namespace aip::routing
