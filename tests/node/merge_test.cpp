// Walkers of one task that meet:
//
//        0 -- 1 -- 2        journeys begin at 0 and at 2; a program on 1 alone, where they meet
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct Meeting : World {
    Meeting() {
        settings.transfer_timeout = Duration::seconds(5);
        settings.open_task.late_after = Duration::seconds(20);
    }
    // The column of 1's (or i's) ledger, without the entries that say which key signs.
    std::vector<std::string> ledger(const std::string& column, size_t i = 1) {
        std::vector<std::string> cells;
        const auto log = report(i, "ledger-log");
        for (size_t c = 0; c < log->columns.size(); ++c)
            for (const auto& row : log->rows)
                if (log->columns[c].name == column && !std::get<std::string>(row[1]).starts_with("key "))
                    cells.push_back(std::get<std::string>(row[c]));
        return cells;
    }
    uint64_t journey_at(size_t i) { return custody(i).at(0).id; }
    const routing::JourneyRecord& record(size_t i) { return *node(i).journeys().view().at(0).record; }

    // Program 1 has the model from 0; that from 2, `waiting`, has come meanwhile.
    void two_at_one(Bytes waiting = model_file(8), uint32_t stops = 20) {
        row(3, {0, 2});
        ASSERT_TRUE(send(0, OnJourney{10, ""}, model_file(2)).has_value());
        ASSERT_TRUE(delivered());
        early = journey_at(1);
        ASSERT_TRUE(send(2, OnJourney{stops, ""}, std::move(waiting)).has_value());
        ASSERT_TRUE(run_until([&] { return custody(1).size() == 2; }));
        for (const Custody& c : custody(1))
            if (c.id != early) late = c.id;
    }
    uint64_t survivor() const { return std::min(early, late); }
    uint64_t retired() const { return std::max(early, late); }
    size_t origin(uint64_t journey) const { return journey == early ? 0 : 2; }

    uint64_t early = 0, late = 0;
};

TEST_F(Meeting, ModelsThatWaitAtANodeBecomeOneWithTheLowerId) {
    two_at_one();
    const auto end = finish(keeper.given[0], model_file(4));
    ASSERT_TRUE(end.has_value()) << end.error().text;
    EXPECT_EQ(end->next, network.machine(1).address());
    EXPECT_THAT(end->why, HasSubstr("merged"));
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].machine, 1u);
    EXPECT_EQ(keeper.given[1].delivery.journey, survivor());
    EXPECT_EQ(keeper.given[1].delivery.parents.size(), 2u);
    EXPECT_EQ(holders(), 1u);
    EXPECT_THAT(ledger("what"), ElementsAre("trained", "merged"));
    EXPECT_THAT(ledger("parameters").back(), HasSubstr("rule mean, weight."));
    EXPECT_EQ(record(1).stops_left, 20u) << "of the one with most left";
    EXPECT_TRUE(record(1).recent.back().merged);
    EXPECT_EQ(record(1).seen.labels, (std::vector<uint64_t>{10, 20}));
    EXPECT_TRUE(finish(keeper.given[1], model_file(5)).has_value()) << "it is trained like any other that arrives";
}

// 30 samples at 1 for the first; none yet for the second.
TEST_F(Meeting, MeanIsWeightedBySamplesSoFar) {
    two_at_one();
    ASSERT_TRUE(finish(keeper.given[0], model_file(4)).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].file, model_file(4));
}

TEST_F(Meeting, RuleOfTheTaskIsFollowedAndWhatWasTakenInsteadIsWrittenDown) {
    settings.open_task.merge.rule = "krum";
    two_at_one();
    ASSERT_TRUE(finish(keeper.given[0], model_file(4)).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].file, model_file(6)) << "the midpoint";
    EXPECT_THAT(ledger("parameters").back(), HasSubstr("asked krum, rule median, weight."));
}

TEST_F(Meeting, ModelOfAnotherArchitectureGoesOnByItself) {
    two_at_one(model_file(8, 9000));
    ASSERT_TRUE(finish(keeper.given[0], model_file(4)).has_value());
    ASSERT_TRUE(delivered(2));
    ASSERT_TRUE(finish(keeper.given[1], keeper.given[1].file).has_value());
    ASSERT_TRUE(delivered(3));
    EXPECT_NE(keeper.given[1].delivery.journey, keeper.given[2].delivery.journey);
    EXPECT_EQ(holders(), 2u);
    EXPECT_THAT(ledger("what"), Not(Contains("merged")));
}

TEST_F(Meeting, ProgramThatNamesTheNextNodeIsObeyed) {
    two_at_one();
    const auto end = finish(keeper.given[0], model_file(4), network.machine(0).address());
    EXPECT_EQ(end->next, network.machine(0).address());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].delivery.journey, late);
    EXPECT_EQ(keeper.given[1].file, model_file(8));
}

TEST_F(Meeting, BothAreThereAfterAPowerCutBeforeAndOneAfter) {
    two_at_one();
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(delivered(2)) << "they are one as soon as the program is there";
    EXPECT_EQ(keeper.given[1].delivery.parents.size(), 2u);
    EXPECT_EQ(holders(), 1u);
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(delivered(3));
    EXPECT_EQ(keeper.given[2].delivery.version, keeper.given[1].delivery.version);
    EXPECT_THAT(ledger("what"), ElementsAre("merged"));
}

TEST_F(Meeting, RetiredWalkerIsNotCreatedAgain) {
    two_at_one();
    ASSERT_TRUE(finish(keeper.given[0], model_file(4)).has_value());
    ASSERT_TRUE(delivered(2));
    run_for(Duration::seconds(300));
    EXPECT_EQ(holders(), 1u);
    for (const size_t i : {0, 1, 2}) EXPECT_THAT(ledger("what", i), Not(Contains("recreated"))) << i;
    const auto about = report(origin(retired()), "journey", {[&] {
                                  char id[17];
                                  std::snprintf(id, sizeof id, "%016lx", retired());
                                  return std::string(id);
                              }()});
    ASSERT_TRUE(about.has_value()) << about.error().text;
    EXPECT_THAT(about->notes, Contains(HasSubstr("went on as part of that")));
}

// What the node said when they met is lost with the power of who should have heard it: it is said again when asked.
TEST_F(Meeting, OriginThatMissedTheNewsAsksAndLearnsIt) {
    two_at_one();
    network.machine(origin(retired())).kill();
    ASSERT_TRUE(finish(keeper.given[0], model_file(4)).has_value());
    ASSERT_TRUE(delivered(2));
    network.machine(1).kill();  // its note survives too
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(delivered(3));
    ASSERT_TRUE(network.machine(origin(retired())).start().has_value());
    run_for(Duration::seconds(300));
    EXPECT_EQ(holders(), 1u);
    for (const size_t i : {0, 1, 2}) EXPECT_THAT(ledger("what", i), Not(Contains("recreated"))) << i;
}

}  // namespace
}  // namespace aip::node
