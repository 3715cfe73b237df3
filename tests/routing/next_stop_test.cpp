#include "routing/next_stop.hpp"

#include <gmock/gmock.h>

#include <set>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "tests/routing/lan.hpp"

namespace aip::routing {
namespace {

using test::plain_address;
using testing::HasSubstr;

Candidate member(uint64_t id, std::vector<uint64_t> labels, double path_cost = 1) {
    Candidate c;
    c.node = plain_address(id);
    c.samples = 0;
    for (const uint64_t count : labels) c.samples += count;
    c.label_counts = std::move(labels);
    c.samples_per_second = 1000;
    c.path_cost = path_cost;
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
            if (c.node == node) labels = c.label_counts, stop.samples = 200;
        record = *add_stop(record, stop, labels);
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
    CoverageOptions always_by_gain;
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
    EXPECT_LE(walk.choose()->cost, 1 + CoverageOptions{}.training_cost_max) << "bounded";
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

TEST(MakePolicy, KnowsItsNames) {
    EXPECT_EQ((*make_policy("coverage"))->name(), "coverage");
    EXPECT_EQ((*make_policy("itinerary"))->name(), "itinerary");
    EXPECT_THAT(make_policy("best").error().text, HasSubstr("coverage and itinerary"));
}

//   a ---- b ---- c       c's record is in the table; a has a static route, then loses b
TEST(CandidatesOf, JoinsInterestRoutesAndVisits) {
    test::Host a("a", 1), b("b", 2);
    test::Lan lan;
    lan.join(a, b);
    lan.run(1000);
    const Address c = plain_address(0xc);
    auto routes = *Routes::create(a.address(), {{c, b.address(), 7}});
    routes.rebuild(a.neighbours);
    InterestTable table;
    for (const Address& origin : {a.address(), b.address(), c}) {
        const InterestRecord record{origin, "task", 1, test::kWall, test::kWall + Duration::seconds(9), {3, 4}, 7, 50};
        ASSERT_EQ(table.put(record, lan.now(), lan.now() + Duration::seconds(9)), InterestTable::Put::kStored);
    }
    auto journey = *start_journey({1, "task", "coverage", a.address(), 5, {}});
    Stop stop;
    stop.node = a.address();
    journey = *add_stop(journey, stop, {});
    const auto by_node = [&](const Address& node) {
        for (const Candidate& candidate : candidates_of(journey, table, routes, a.address()))
            if (candidate.node == node) return candidate;
        return Candidate{};
    };
    EXPECT_EQ(candidates_of(journey, table, routes, a.address()).size(), 3u);
    EXPECT_TRUE(by_node(a.address()).reachable);
    EXPECT_EQ(by_node(a.address()).visits, 1u);
    EXPECT_EQ(by_node(b.address()).path_cost, 1);
    EXPECT_EQ(by_node(c).path_cost, 7);
    EXPECT_EQ(by_node(c).samples, 7u);
    lan.block(b, a);
    lan.run(5000);
    routes.rebuild(a.neighbours);
    EXPECT_FALSE(by_node(b.address()).reachable) << "a lost neighbour";
    EXPECT_FALSE(by_node(c).reachable) << "and what was behind it";
    journey.task = "other";
    EXPECT_TRUE(candidates_of(journey, table, routes, a.address()).empty());
}

}  // namespace
}  // namespace aip::routing
