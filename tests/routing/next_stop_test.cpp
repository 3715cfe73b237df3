#include "routing/policies.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::plain_address;
using testing::HasSubstr;

Candidate member(uint64_t id, std::vector<uint64_t> labels, double path_cost = 1) {
    Candidate c;
    c.node = plain_address(id);
    c.samples = 0;
    for (const uint64_t count : labels) c.samples += count;
    c.sketch.labels = std::move(labels);
    c.samples_per_second = 1000;
    c.path_cost = path_cost;
    c.neighbour = path_cost <= 1;
    c.reachable = true;
    return c;
}

// A journey that is on node 1, and its members; step() lets the policy choose and the stop happen.
struct Walk {
    explicit Walk(std::vector<Candidate> list, uint32_t budget = 1000)
        : record(*start_journey({1, "task", "coverage", plain_address(1), budget, {}})), members(std::move(list)) {
        arrive(plain_address(1));
    }
    void arrive(const Address& node) {
        here = node;
        Stop stop;
        stop.node = node;
        std::vector<uint64_t> labels;
        for (const Candidate& c : members)
            if (c.node == node) labels = c.sketch.labels, stop.samples = 200;
        record = *add_stop(record, stop, {labels, {}});
        for (Candidate& c : members) {
            c.visits = record.visit(c.node).count;
            c.last_lap = record.visit(c.node).lap;
        }
    }
    Result<Choice> choose(const NextStopPolicy& policy = CoveragePolicy()) {
        return policy.choose(record, here, members, rng);
    }
    Address step() {
        const auto choice = choose();
        AIP_ASSERT(choice.has_value());
        record = *depart(record, choice->plan());
        arrive(choice->node);
        return here;
    }
    Candidate& of(uint64_t id) {
        for (Candidate& c : members)
            if (c.node == plain_address(id)) return c;
        AIP_ASSERT(false);
        return members.front();
    }

    JourneyRecord record;
    std::vector<Candidate> members;
    Address here;
    SeededRng rng{1};
};

// 1 and 2 look alike, 3 and 4 are what is missing. The smallest-divergence rule would bounce between 1 and 2 for ever.
std::vector<Candidate> two_kinds() {
    return {member(1, {600, 0}), member(2, {600, 0}), member(3, {0, 600}), member(4, {0, 600})};
}

TEST(Coverage, GoesWhereTheMissingDataIs) {
    Walk walk(two_kinds());
    const auto choice = walk.choose();
    ASSERT_TRUE(choice) << choice.error().text;
    EXPECT_EQ(choice->node, plain_address(3));
    EXPECT_GT(choice->divergence_before, 0.5);
    EXPECT_LT(choice->divergence_after, 1e-9);
    EXPECT_THAT(choice->why, HasSubstr("largest gain"));
    EXPECT_EQ(choice->scores.size(), 4u);
}

TEST(Coverage, DoesNotPingPong) {
    Walk walk(two_kinds());
    std::set<Address> lap = {walk.here};
    for (int i = 0; i < 3; ++i) lap.insert(walk.step());
    EXPECT_EQ(lap.size(), 4u) << "everybody once in a lap";
    EXPECT_EQ(walk.record.lap, 1u);
}

TEST(Coverage, WhenAllAreVisitedTheNextLapBegins) {
    Walk walk(two_kinds());
    for (int i = 0; i < 3; ++i) walk.step();
    const auto choice = walk.choose();
    EXPECT_EQ(choice->lap, 2u);
    EXPECT_THAT(choice->why, HasSubstr("just begun"));
    for (int i = 0; i < 397; ++i) walk.step();
    for (const Candidate& c : walk.members) EXPECT_NEAR(c.visits, 100, 2) << c.node.text();
}

TEST(Coverage, PaysForDistanceWithGain) {
    Walk walk({member(1, {600, 0}), member(2, {300, 300}, 1), member(3, {0, 600}, 8)});
    EXPECT_EQ(walk.choose()->node, plain_address(2)) << "half the gain, an eighth of the cost";
    walk.of(3).path_cost = 1;
    EXPECT_EQ(walk.choose()->node, plain_address(3));
}

TEST(Coverage, BelowTheThresholdTakesTheNearestAndBreaksTiesByDivergence) {
    Walk walk({member(1, {300, 300}), member(2, {600, 0}, 2), member(3, {0, 600}, 1), member(4, {310, 290}, 1)});
    const auto choice = walk.choose();
    EXPECT_LT(choice->divergence_before, 0.03);
    EXPECT_EQ(choice->node, plain_address(4));
    EXPECT_THAT(choice->why, HasSubstr("nearest"));
}

// Seen: 1 to 1. Global: 5 to 3. 200 samples of one label overshoot either way, of the first by less.
TEST(Coverage, OfLossesTheSmallestAndNearest) {
    Walk walk({member(1, {300, 300}), member(2, {600, 0}, 3), member(3, {600, 0}, 1), member(4, {0, 600}, 1)});
    RoutingWeights always_by_gain;
    always_by_gain.theta = 0;
    const auto choice = walk.choose(CoveragePolicy(always_by_gain));
    EXPECT_GT(choice->divergence_after, choice->divergence_before);
    EXPECT_EQ(choice->node, plain_address(3));
}

TEST(Coverage, SurvivesEmptyBinsAndSketchesOfDifferentLength) {
    Walk walk({member(1, {600}), member(2, {0, 0, 600}), member(3, {0, 600})});
    const auto choice = walk.choose();
    ASSERT_TRUE(choice);
    EXPECT_TRUE(std::isfinite(choice->divergence_before));
    for (const Scored& s : choice->scores) EXPECT_TRUE(std::isfinite(s.value) && std::isfinite(s.divergence_after));
}

TEST(Coverage, NeverChoosesAnUnreachableNode) {
    Walk walk(two_kinds());
    walk.of(3).reachable = walk.of(4).reachable = false;
    for (int i = 0; i < 20; ++i) {
        const Address node = walk.step();
        EXPECT_TRUE(node == plain_address(1) || node == plain_address(2));
    }
    walk.of(1).reachable = walk.of(2).reachable = false;
    EXPECT_EQ(walk.choose().error().code, ErrorCode::kUnreachable);
}

TEST(Coverage, StaysOnlyIfItIsTheOnlyMember) {
    Walk walk({member(1, {600, 0})});
    EXPECT_EQ(walk.choose()->node, plain_address(1));
    EXPECT_EQ(walk.step(), plain_address(1));
    walk.members.push_back(member(2, {0, 1}));
    walk.of(2).reachable = false;
    EXPECT_EQ(walk.choose().error().code, ErrorCode::kUnreachable) << "the other will come back";
}

TEST(Coverage, SaysWhenTheTaskHasNoMembers) {
    Walk walk({});
    EXPECT_EQ(walk.choose().error().code, ErrorCode::kUnreachable);
    EXPECT_THAT(walk.choose().error().text, HasSubstr("no members"));
}

TEST(Coverage, EndsWithTheBudget) {
    Walk walk(two_kinds(), 1);
    EXPECT_EQ(walk.choose().error().code, ErrorCode::kNotFound);
}

// A node that joins after 30 laps has 30 visits fewer than the others: it must not draw the model every other step.
TEST(Coverage, ALateComerIsVisitedOncePerLap) {
    Walk walk(two_kinds());
    for (int i = 0; i < 120; ++i) walk.step();
    walk.members.push_back(member(5, {300, 300}));
    for (int i = 0; i < 25; ++i) walk.step();
    EXPECT_NEAR(walk.of(5).visits, 5, 1);
}

TEST(Coverage, PrefersTheFasterOfTwoEquals) {
    Walk walk({member(1, {600, 0}), member(2, {0, 600}), member(3, {0, 600})});
    walk.of(2).samples_per_second = 20;
    EXPECT_EQ(walk.choose()->node, plain_address(3));
    walk.of(3).samples_per_second = 0;
    EXPECT_LE(walk.choose()->cost, 1 + RoutingWeights{}.extras_max) << "bounded";
    EXPECT_EQ(walk.choose()->node, plain_address(2)) << "saying nothing is no advantage";
}

TEST(Coverage, GivesTheSameChoiceForTheSameInputWhateverTheOrder) {
    Walk walk(two_kinds());
    const Address node = walk.choose()->node;
    std::reverse(walk.members.begin(), walk.members.end());
    EXPECT_EQ(walk.choose()->node, node);
}

TEST(Coverage, StartsWhereTheMixIsBestBeforeAnythingWasSeen) {
    const CoveragePolicy policy;
    SeededRng rng(1);
    const auto record = *start_journey({1, "task", "coverage", plain_address(1), 5, {}});
    const std::vector<Candidate> members = {member(2, {600, 0}), member(3, {300, 300}), member(4, {0, 600})};
    EXPECT_EQ(policy.choose(record, plain_address(1), members, rng)->node, plain_address(3));
}

TEST(Itinerary, FollowsTheListAndEnds) {
    const ItineraryPolicy policy;
    Walk walk(two_kinds());
    EXPECT_EQ(walk.choose(policy).error().code, ErrorCode::kNotFound);
    walk.record.itinerary = {plain_address(4), plain_address(2)};
    EXPECT_EQ(walk.choose(policy)->node, plain_address(4));
    walk.arrive(plain_address(4));
    EXPECT_EQ(walk.choose(policy)->node, plain_address(2));
    walk.of(2).reachable = false;
    EXPECT_EQ(walk.choose(policy).error().code, ErrorCode::kUnreachable);
    walk.record.itinerary = {plain_address(99)};
    EXPECT_THAT(walk.choose(policy).error().text, HasSubstr("not a member"));
}

// 1 - 2 - 3 - 4: one hop each; who is a neighbour follows the model.
struct Line : Walk {
    using Walk::Walk;
    void look_around() {
        for (Candidate& c : members) {
            const auto a = static_cast<uint64_t>(c.node.interface_id());
            const auto b = static_cast<uint64_t>(here.interface_id());
            c.path_cost = static_cast<double>(a > b ? a - b : b - a);
            c.neighbour = c.path_cost == 1;
        }
    }
    size_t distinct_after(const NextStopPolicy& policy, int steps) {
        std::set<Address> been = {here};
        for (int i = 0; i < steps; ++i) {
            look_around();
            const auto choice = choose(policy);
            AIP_ASSERT(choice.has_value());
            record = *depart(record, choice->plan());
            arrive(choice->node);
            been.insert(here);
        }
        return been.size();
    }
};

std::vector<Candidate> line_of_four() {
    return {member(1, {600, 0}), member(2, {500, 100}), member(3, {100, 500}), member(4, {0, 600})};
}

TEST(KlNearest, GoesToTheNeighbourThatIsMostAlikeAndIsTrapped) {
    Line line(line_of_four());
    EXPECT_EQ(line.distinct_after(KlNearestPolicy(), 100), 2u) << "to and fro for ever";
    const auto choice = line.choose(KlNearestPolicy());
    EXPECT_THAT(choice->why, HasSubstr("most alike"));
    EXPECT_THAT(explain(choice->scores[3]), HasSubstr("more than one hop"));
}

TEST(KlNearest, LooksFurtherOnlyWhenNoMemberIsANeighbour) {
    Walk walk({member(1, {600, 0}), member(2, {100, 500}, 1), member(3, {590, 10}, 5)});
    EXPECT_EQ(walk.choose(KlNearestPolicy())->node, plain_address(2));
    walk.of(2).neighbour = false;
    EXPECT_EQ(walk.choose(KlNearestPolicy())->node, plain_address(3));
}

RoutingWeights with_jump(double jump) {
    RoutingWeights weights;
    weights.jump = jump;
    return weights;
}

RoutingWeights with_age_bonus(double age_bonus) {
    RoutingWeights weights;
    weights.age_bonus = age_bonus;
    return weights;
}

TEST(EscapeJump, LeadsOutOfTheTrapToAnyReachableMember) {
    Line line(line_of_four());
    EXPECT_EQ(line.distinct_after(KlNearestPolicy(with_jump(0.2)), 100), 4u);
    const auto choice = line.choose(CoveragePolicy(with_jump(1)));
    EXPECT_THAT(choice->why, HasSubstr("escape jump"));
}

TEST(EscapeJump, NeverLeadsToAnUnreachableNodeNorNowhere) {
    Line line(line_of_four());
    line.of(4).reachable = false;
    for (int i = 0; i < 50; ++i) EXPECT_NE(line.choose(KlNearestPolicy(with_jump(1)))->node, plain_address(4));
    for (int i = 0; i < 50; ++i) EXPECT_NE(line.choose(KlNearestPolicy(with_jump(1)))->node, line.here);
}

TEST(AgeBonus, EveryMemberIsVisitedAgainByEveryPolicy) {
    for (const char* name : {"coverage", "compute", "random-walk", "metropolis-hastings", "kl-nearest"}) {
        const auto policy = *make_policy(name, with_age_bonus(1));
        Line line(line_of_four());
        EXPECT_EQ(line.distinct_after(*policy, 100), 4u) << name;
        EXPECT_EQ(line.distinct_after(*policy, 100), 4u) << name << ", again";
        for (const Candidate& c : line.members) EXPECT_GE(c.visits, 4u) << name;
    }
}

TEST(Compute, TakesTheStrongestThenTheOthersOfTheLap) {
    Walk walk({member(1, {600}), member(2, {600}), member(3, {600}), member(4, {600})});
    walk.of(2).samples_per_second = 10;
    walk.of(3).samples_per_second = 0;
    EXPECT_EQ(walk.choose(ComputePolicy())->node, plain_address(4));
    walk.of(4).queue = 1000;
    EXPECT_EQ(walk.choose(ComputePolicy())->node, plain_address(2)) << "saying nothing is as slow as the slowest";
    walk.of(2).delay_s = 60;
    EXPECT_EQ(walk.choose(ComputePolicy())->node, plain_address(3));
    walk.of(2).last_lap = walk.of(3).last_lap = 1;
    const auto choice = walk.choose(ComputePolicy());
    EXPECT_EQ(choice->node, plain_address(4)) << "the only one due";
    EXPECT_THAT(choice->why, HasSubstr("soonest trained"));
    EXPECT_THAT(explain(choice->scores[1]), HasSubstr("visited in this lap"));
}

std::map<Address, int> draws(Walk& walk, const NextStopPolicy& policy, int times) {
    std::map<Address, int> counts;
    for (int i = 0; i < times; ++i) ++counts[walk.choose(policy)->node];
    return counts;
}

TEST(RandomWalk, DrawsEveryNeighbourEquallyOftenAndNobodyElse) {
    Walk walk({member(1, {600}), member(2, {1}), member(3, {600}), member(4, {5}), member(5, {5}, 2)});
    const auto counts = draws(walk, RandomWalkPolicy(), 3000);
    EXPECT_EQ(counts.size(), 3u);
    for (const auto& [node, count] : counts) EXPECT_NEAR(count, 1000, 120) << node.text();
}

// Accepted with probability 2 / degree there.
TEST(MetropolisHastings, StaysInProportionToTheDegreeThere) {
    Walk walk({member(1, {600}), member(2, {600}), member(3, {600})});
    walk.of(2).degree = 8;
    walk.of(3).degree = 1;
    auto counts = draws(walk, MetropolisHastingsPolicy(), 4000);
    EXPECT_NEAR(counts[plain_address(2)], 500, 100);
    EXPECT_NEAR(counts[plain_address(3)], 2000, 150);
    EXPECT_NEAR(counts[plain_address(1)], 1500, 150) << "here again";
    walk.of(2).degree = 0;
    EXPECT_EQ(draws(walk, MetropolisHastingsPolicy(), 500).count(plain_address(1)), 0u) << "unknown: as ours";
}

TEST(Weights, BoundWhatASlowOrCrowdedNodeCosts) {
    Walk walk({member(1, {600, 0}), member(2, {0, 600})});
    walk.of(2).queue = 1'000'000;
    walk.of(2).delay_s = 1e6;
    walk.of(2).samples_per_second = 1e-6;
    EXPECT_DOUBLE_EQ(walk.choose()->cost, 1 + RoutingWeights{}.extras_max);
    RoutingWeights weights;
    weights.path = 3;
    weights.extras_max = 0;
    EXPECT_DOUBLE_EQ(walk.choose(CoveragePolicy(weights))->cost, 3);
}

TEST(Coverage, WorksOnMomentsAndIgnoresMembersOfAnotherShape) {
    const auto feature = [](double mean) { return Sketch{{}, {100, {100 * mean}, {100 * (mean * mean + 1)}}}; };
    Walk walk({member(1, {}), member(2, {}), member(3, {}), member(4, {7, 7})});
    for (uint64_t id = 1; id <= 3; ++id) walk.of(id).sketch = feature(static_cast<double>(id) - 2);
    const auto choice = walk.choose();
    ASSERT_TRUE(choice);
    for (const Scored& s : choice->scores) EXPECT_TRUE(std::isfinite(s.divergence_after));
    EXPECT_EQ(choice->scores[3].gain, 0);
}

TEST(Explain, SaysOneLineForEveryGround) {
    for (int ground = 0; ground <= static_cast<int>(Ground::kChance); ++ground) {
        Scored scored;
        scored.ground = static_cast<Ground>(ground);
        EXPECT_FALSE(explain(scored).empty());
        EXPECT_EQ(explain(scored).find('\n'), std::string::npos);
        EXPECT_LE(explain(scored).size(), limits::kJourneyWhyMax);
    }
}

TEST(MakePolicy, KnowsItsNames) {
    for (const char* name : {"coverage", "compute", "random-walk", "metropolis-hastings", "kl-nearest", "itinerary"})
        EXPECT_EQ((*make_policy(name))->name(), name);
    EXPECT_THAT(make_policy("best").error().text, HasSubstr("kl-nearest and itinerary"));
}

//   a ---- b ---- c       c's record is in the table; a has routes, then loses b
TEST(CandidatesOf, JoinsInterestRoutesAndVisits) {
    const Address a = plain_address(0xa), b = plain_address(0xb), c = plain_address(0xc);
    Routes routes({{b, b, 96, {}}, {c, b, 672, {}}});
    InterestTable table(a.network());
    table.listen("task");
    for (const Address& origin : {a, b, c}) {
        InterestRecord record;
        record.origin = origin;
        record.task = task_ref("task");
        record.sequence = 1;
        record.issued = test::kWall;
        record.lifetime = Duration::seconds(9);
        record.sketch.labels = {3, 4};
        record.samples = 7;
        record.samples_per_second = 50;
        record.queue = 2;
        record.degree = 3;
        const Bytes body = encode_interest(record);
        ASSERT_EQ(table.put(record, {{}, body, {}}, test::at_ms(0)), InterestTable::Put::kStored);
    }
    auto journey = *start_journey({1, "task", "coverage", a, 5, {}});
    Stop stop;
    stop.node = a;
    journey = *add_stop(journey, stop, {});
    const auto by_node = [&](const Address& node) {
        for (const Candidate& candidate : candidates_of(journey, table, routes, a))
            if (candidate.node == node) return candidate;
        return Candidate{};
    };
    EXPECT_EQ(candidates_of(journey, table, routes, a).size(), 3u);
    EXPECT_TRUE(by_node(a).reachable);
    EXPECT_EQ(by_node(a).visits, 1u);
    EXPECT_EQ(by_node(b).path_cost, 1);
    EXPECT_EQ(by_node(c).path_cost, 7);
    EXPECT_TRUE(by_node(b).neighbour);
    EXPECT_FALSE(by_node(c).neighbour);
    EXPECT_EQ(by_node(c).samples, 7u);
    EXPECT_EQ(by_node(c).queue, 2u);
    EXPECT_EQ(by_node(c).degree, 3u);
    EXPECT_EQ(by_node(c).delay_s, 0) << "not measured";
    routes.set_rtts({{{routes.to(b)->next_hop.port, routes.to(b)->next_hop.to}, Duration::milliseconds(3)}});
    EXPECT_DOUBLE_EQ(by_node(b).delay_s, 0.003);
    EXPECT_DOUBLE_EQ(by_node(c).delay_s, 0.003 + 6 * kDelayPerHop);
    routes = Routes();
    EXPECT_FALSE(by_node(b).reachable) << "a lost neighbour";
    EXPECT_FALSE(by_node(c).reachable) << "and what was behind it";
    journey.task = "other";
    EXPECT_TRUE(candidates_of(journey, table, routes, a).empty());
}

}  // namespace
}  // namespace aip::routing
