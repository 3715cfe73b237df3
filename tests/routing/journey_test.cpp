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

const Sketch kData{{3, 0, 1}, {}};

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
    const auto record = add_stop(fresh(), stop_at(1), kData);
    ASSERT_TRUE(record) << record.error().text;
    EXPECT_THAT(record->seen.labels, ElementsAre(75, 0, 25));
    EXPECT_EQ(record->stops, 1u);
    EXPECT_EQ(record->stops_left, 9u);
    EXPECT_EQ(record->visit(plain_address(1)), (Visit{1, 1}));
    EXPECT_EQ(record->recent.back().number, 1u);
}

TEST(Journey, GivesAStopThePlanThatLedToIt) {
    auto record = *depart(*add_stop(fresh(), stop_at(1), kData), plan_to(2, 2));
    record = *add_stop(record, stop_at(2), kData);
    EXPECT_EQ(record.recent.back().plan, plan_to(2, 2));
    EXPECT_EQ(record.lap, 2u);
    EXPECT_FALSE(record.next);
}

TEST(Journey, ForgetsThePlanWhenTheModelTurnsUpElsewhere) {
    const auto record = *add_stop(*depart(fresh(), plan_to(2)), stop_at(3), kData);
    EXPECT_FALSE(record.recent.back().plan);
    EXPECT_FALSE(record.next);
}

TEST(Journey, KeepsTheLastStopsAndCountsThemAll) {
    JourneyRecord record = fresh(1000);
    for (uint64_t i = 1; i <= 100; ++i) record = *add_stop(record, stop_at(i), kData);
    EXPECT_EQ(record.recent.size(), limits::kJourneyStopsKept);
    EXPECT_EQ(record.recent.front().number, 101 - limits::kJourneyStopsKept);
    EXPECT_EQ(record.stops, 100u);
    EXPECT_EQ(record.visits.size(), 100u);
    EXPECT_EQ(record.seen.labels[0], 7500u);
}

TEST(Journey, EndsWithItsBudget) {
    const auto record = *add_stop(fresh(1), stop_at(1), kData);
    EXPECT_TRUE(record.over());
    EXPECT_THAT(add_stop(record, stop_at(2), kData).error().text, HasSubstr("over"));
    EXPECT_THAT(depart(record, plan_to(2)).error().text, HasSubstr("over"));
    EXPECT_FALSE(start_journey({1, "task", "coverage", plain_address(1), 0, {}}));
}

TEST(Journey, EndsWithItsWireBytes) {
    auto record = *start_journey({1, "task", "coverage", plain_address(1), 10, {}, 1000});
    Stop stop = stop_at(1);
    stop.wire_bytes = 400;
    record = pay(*add_stop(record, stop, kData), 500);
    EXPECT_EQ(record.bytes_left, 100u);
    EXPECT_EQ(record.spent(WallTime::from_unix_ms(0)), "");
    record = *add_stop(record, stop, kData);
    EXPECT_EQ(record.bytes_left, 0u) << "the last passage may cost more than there was";
    EXPECT_EQ(record.spent(WallTime::from_unix_ms(0)), "wire bytes");
    EXPECT_FALSE(add_stop(record, stop, kData));
}

TEST(Journey, EndsWithItsTime) {
    const WallTime begin = test::kWall;
    const auto record =
        *start_journey({1, "task", "coverage", plain_address(1), 10, {}, 0, Duration::seconds(60), begin});
    EXPECT_EQ(record.spent(begin + Duration::seconds(59)), "");
    EXPECT_EQ(record.spent(begin + Duration::seconds(60)), "time");
}

TEST(Journey, AddsMomentsAndIgnoresDataOfAnotherShape) {
    const Sketch moments{{}, {4, {8, 0}, {20, 4}}};
    auto record = *add_stop(fresh(), stop_at(1, 8), moments);
    EXPECT_EQ(record.seen, (Sketch{{}, {8, {16, 0}, {40, 8}}}));
    record = *add_stop(record, stop_at(2, 8), kData);
    EXPECT_EQ(record.seen.moments.count, 8u);
    EXPECT_TRUE(record.seen.labels.empty());
    record = *add_stop(fresh(), stop_at(1, 4), kData);
    record = *add_stop(record, stop_at(2, 4), moments);
    EXPECT_THAT(record.seen.labels, ElementsAre(3, 0, 1));
    EXPECT_EQ(record.stops, 2u);
}

// More nodes than are counted: the lap must end all the same, and the next one begin.
TEST(Journey, RemembersTheVisitsOfALapThroughThousandsOfNodes) {
    constexpr uint64_t kNodes = 1000;
    JourneyRecord record = fresh(3000);
    for (uint64_t i = 0; i < kNodes; ++i) record = *add_stop(record, stop_at(i * 0x9e3779b97f4a7c15), kData);
    EXPECT_EQ(record.visits.size(), limits::kJourneyVisitsMax);
    uint32_t wrong = 0;
    for (uint64_t i = 0; i < 100 * kNodes; ++i) {
        const Visit visit = record.visit(plain_address(i * 0x9e3779b97f4a7c15));
        if (i >= kNodes)
            wrong += visit.lap;
        else
            ASSERT_EQ(visit.lap, 1u) << i;
    }
    EXPECT_LT(wrong, 5u) << "of 99,000 that were not visited";
    record = *add_stop(*depart(record, plan_to(1, 2)), stop_at(1), kData);
    EXPECT_EQ(record.lap, 2u);
    EXPECT_TRUE(record.forgotten.empty());
}

TEST(VisitFilter, HoldsAsManyAsATableDoesWithFewMistakes) {
    VisitFilter filter;
    constexpr uint64_t kForgotten = limits::kInterestMembersMax - limits::kJourneyVisitsMax;
    SeededRng rng(5);
    for (uint64_t i = 0; i < kForgotten; ++i) filter.add(plain_address(rng.next()), 3);
    uint32_t wrong = 0;
    for (int i = 0; i < 100'000; ++i)
        if (filter.contains(plain_address(rng.next()), 3)) ++wrong;
    EXPECT_LT(wrong, 2000u);  // 1.6 %
    EXPECT_GT(wrong, 1200u);
}

TEST(Journey, WorksOffItsItinerary) {
    JourneyRecord record = fresh(10, {plain_address(2), plain_address(3)});
    record = *add_stop(record, stop_at(1), kData);
    EXPECT_EQ(record.itinerary.size(), 2u);
    record = *add_stop(record, stop_at(2), kData);
    EXPECT_THAT(record.itinerary, ElementsAre(plain_address(3)));
}

TEST(Journey, RefusesNumbersThatAreNotFinite) {
    Stop stop = stop_at(1);
    stop.loss = Loss{1, std::nan("")};
    EXPECT_THAT(add_stop(fresh(), stop, kData).error().text, HasSubstr("loss"));
    stop = stop_at(1);
    stop.metrics["accuracy"] = INFINITY;
    EXPECT_THAT(add_stop(fresh(), stop, kData).error().text, HasSubstr("accuracy"));
    Plan plan = plan_to(2);
    plan.cost = INFINITY;
    EXPECT_FALSE(depart(fresh(), plan));
}

TEST(Journey, RefusesWhatDoesNotFit) {
    Stop stop = stop_at(1);
    for (int i = 0; i < 9; ++i) stop.metrics["m" + std::to_string(i)] = i;
    EXPECT_FALSE(add_stop(fresh(), stop, kData));
    EXPECT_FALSE(add_stop(fresh(), stop_at(1), Sketch{std::vector<uint64_t>(65, 1), {}}));
    Plan plan = plan_to(2);
    plan.why.assign(limits::kJourneyWhyMax + 1, 'x');
    EXPECT_FALSE(depart(fresh(), plan));
    plan.why = "two\nlines";
    EXPECT_FALSE(depart(fresh(), plan));
    EXPECT_FALSE(depart(fresh(), plan_to(2, 3))) << "a lap was skipped";
    EXPECT_FALSE(start_journey({1, "No Task", "coverage", plain_address(1), 5, {}}));
}

// Walker 1 was at 5 and 6, walker 2 at 6 and 7.
std::vector<JourneyRecord> two_walkers() {
    JourneyRecord a = *start_journey({1, "task", "coverage", plain_address(1), 10, {}, 5000});
    JourneyRecord b = *start_journey({2, "task", "random-walk", plain_address(2), 20, {}, 900, Duration::seconds(60)});
    a = *add_stop(*add_stop(a, stop_at(5), kData), stop_at(6), kData);
    b = *add_stop(*add_stop(b, stop_at(6), kData), stop_at(7), kData);
    return {a, b};
}

TEST(MergedJourney, IsTheFirstWalkerAndHasSeenWhatAllHaveSeen) {
    const auto walkers = two_walkers();
    const auto one = merge_journeys(walkers, stop_at(9, 0));
    ASSERT_TRUE(one.has_value()) << one.error().text;
    EXPECT_EQ(one->id, 1u);
    EXPECT_EQ(one->origin, plain_address(1));
    EXPECT_EQ(one->policy, "coverage");
    EXPECT_THAT(one->seen.labels, ElementsAre(300, 0, 100));
    EXPECT_EQ(one->visit(plain_address(5)).count, 1u);
    EXPECT_EQ(one->visit(plain_address(6)).count, 2u);
    EXPECT_EQ(one->visit(plain_address(7)).count, 1u);
    EXPECT_EQ(one->stops, 3u);
    EXPECT_TRUE(one->recent.back().merged);
    EXPECT_EQ(one->recent.back().number, 3u);
    EXPECT_EQ(*parse_journey(encode_journey(*one)), *one);
}

TEST(MergedJourney, HasTheWholeBudgetOfTheWalkerWithMostStopsLeftAndNothingMore) {
    const auto walkers = two_walkers();
    const auto one = merge_journeys(walkers, stop_at(9, 0));
    EXPECT_EQ(one->stops_left, walkers[1].stops_left);
    EXPECT_EQ(one->bytes_left, walkers[1].bytes_left);
    EXPECT_EQ(one->expires, walkers[1].expires);
    const std::vector<JourneyRecord> back{walkers[1], walkers[0]};
    EXPECT_EQ(merge_journeys(back, stop_at(9, 0))->stops_left, walkers[1].stops_left);
    EXPECT_EQ(merge_journeys(back, stop_at(9, 0))->expires, walkers[1].expires);
}

TEST(MergedJourney, WhatWasVisitedInThePresentLapOfEitherIsNotDueInIt) {
    auto walkers = two_walkers();
    walkers[0] = *add_stop(*depart(walkers[0], plan_to(8, 2)), stop_at(8), kData);  // in its second lap
    const auto one = merge_journeys(walkers, stop_at(9, 0));
    EXPECT_EQ(one->lap, 2u);
    EXPECT_EQ(one->visit(plain_address(5)).lap, 1u);
    for (const uint64_t node : {6, 7, 8}) EXPECT_EQ(one->visit(plain_address(node)).lap, 2u) << node;
    std::swap(walkers[0], walkers[1]);
    const auto other = merge_journeys(walkers, stop_at(9, 0));
    EXPECT_EQ(other->lap, 1u);
    for (const uint64_t node : {5, 6, 7, 8}) EXPECT_EQ(other->visit(plain_address(node)).lap, 1u) << node;
}

TEST(MergedJourney, RemembersThousandsOfVisitsOfBoth) {
    std::vector<JourneyRecord> walkers{fresh(5000), fresh(5000)};
    for (uint64_t i = 0; i < 600; ++i) {
        walkers[0] = *add_stop(walkers[0], stop_at(100 + i), kData);
        walkers[1] = *add_stop(walkers[1], stop_at(1000 + i), kData);
    }
    const auto one = merge_journeys(walkers, stop_at(9, 0));
    ASSERT_TRUE(one.has_value()) << one.error().text;
    EXPECT_LE(one->visits.size(), limits::kJourneyVisitsMax);
    for (uint64_t i = 0; i < 600; ++i) {
        EXPECT_EQ(one->visit(plain_address(100 + i)).lap, 1u) << i;
        EXPECT_EQ(one->visit(plain_address(1000 + i)).lap, 1u) << i;
    }
}

TEST(MergedJourney, RefusesAnotherTask) {
    auto walkers = two_walkers();
    walkers[1].task = "other";
    EXPECT_FALSE(merge_journeys(walkers, stop_at(9, 0)).has_value());
}

TEST(Journey, AStopWhoseVersionIsRejectedMadeNothingAndCostsNoStop) {
    const Sketch first{{60, 40}, {}}, second{{0, 100}, {}};
    Stop good = stop_at(2), bad = stop_at(3);
    good.version.bytes.fill(1);
    bad.version.bytes.fill(2);
    bad.steps = 5;
    bad.metrics["accuracy"] = 0.9;
    const JourneyRecord before = *add_stop(fresh(), good, first);
    JourneyRecord record = *add_stop(before, bad, second);
    record = disown(std::move(record), bad.version, good.version, second);
    EXPECT_TRUE(check_journey(record).has_value());
    EXPECT_EQ(record.stops, 2u);
    EXPECT_EQ(record.stops_left, before.stops_left);
    EXPECT_EQ(record.seen, before.seen);
    EXPECT_EQ(record.recent.back().version, good.version);
    EXPECT_EQ(record.recent.back().node, bad.node);
    EXPECT_EQ(record.recent.back().steps, 0u);
    EXPECT_TRUE(record.recent.back().metrics.empty());
    EXPECT_EQ(record.visit(bad.node).count, 1u);
    record = disown(std::move(record), good.version, VersionId{}, first);  // and the one before
    EXPECT_EQ(record.stops_left, 10u);
    EXPECT_EQ(record.seen.samples(), 0u);
    EXPECT_EQ(record.recent.back().version, VersionId{});
}

}  // namespace
}  // namespace aip::routing
