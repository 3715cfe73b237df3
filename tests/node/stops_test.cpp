// Budgets, and how long a model stays at a stop:
//
//        0 -- 1 -- 2        a program on each, bound to the task unless said otherwise
#include "node/best.hpp"

#include <sstream>

#include "routing/train_segments.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::HasSubstr;

struct Stops : World {
    // What the program at `given` says it did: ten steps, and this accuracy and loss.
    Result<FinishedStop> train(const Keeper::Given& given, uint8_t fill, std::optional<double> accuracy,
                               std::optional<double> loss = std::nullopt) {
        WorkDone work;
        work.samples = 30;
        work.steps = 10;
        work.loss_before = 2;
        work.loss_after = loss;
        if (accuracy) work.metrics["accuracy"] = *accuracy;
        std::optional<Result<FinishedStop>> finished;
        node(given.machine)
            .finish(given.session, given.delivery.id, work, OnJourney{}, source_of(model_file(fill)),
                    [&finished](Result<FinishedStop> r) { finished = std::move(r); });
        network.machine(given.machine).wake();
        run_until([&] { return finished.has_value(); });
        return finished ? *finished : Result<FinishedStop>(Error{ErrorCode::kTimeout, network.complaint()});
    }
    const routing::JourneyRecord& record(size_t i) { return *node(i).journeys().view().at(0).record; }
    std::vector<std::string> entries(size_t i) {
        std::vector<std::string> what;
        const auto log = report(i, "ledger-log");
        for (const auto& row : log->rows)  // without those that say which key signs
            if (!std::get<std::string>(row[1]).starts_with("key ")) what.push_back(std::get<std::string>(row[1]));
        return what;
    }
};

TEST_F(Stops, JourneyEndsWhereItsWireBytesAreSpentAndTheLedgerSaysSo) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{9, "", 5000}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto last = finish(keeper.given[0], model_file(2));
    ASSERT_TRUE(last.has_value());
    EXPECT_FALSE(last->next.has_value());
    EXPECT_THAT(last->why, HasSubstr("budget"));
    EXPECT_EQ(custody(1)[0].state, CustodyState::kEnded);
    EXPECT_EQ(record(1).bytes_left, 0u);
    EXPECT_THAT(entries(1), testing::UnorderedElementsAre("trained", "ended"));
    run_for(Duration::seconds(60));
    EXPECT_EQ(holders(), 1u);
}

TEST_F(Stops, JourneyEndsWhereItIsWhenItsTimeIsUp) {
    settings.trainer_patience = Duration::seconds(5);
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{0, "", 0, Duration::seconds(20)}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(finish(keeper.given[0], model_file(2)).has_value());
    ASSERT_TRUE(delivered(2));  // to the only member, again
    network.machine(1).kill_program();
    run_for(Duration::seconds(40));
    ASSERT_EQ(custody(1).size(), 1u);
    EXPECT_EQ(custody(1)[0].state, CustodyState::kEnded);
    EXPECT_EQ(record(1).stops, 1u);
}

TEST_F(Stops, SenderMayLowerTheBudgetOfItsTaskAndNotRaiseIt) {
    settings.open_task.budget = {4, 1'000'000, Duration::seconds(100)};
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{9, "", 500'000, Duration::seconds(900)}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    EXPECT_EQ(record(1).stops_left, 4u);
    EXPECT_EQ(record(1).bytes_left, 500'000u);
    EXPECT_EQ(*record(1).expires, record(1).created + Duration::seconds(100));
}

TEST_F(Stops, JourneyWithoutAnyBudgetIsRefused) {
    row(2, {0});
    EXPECT_THAT(send(0, OnJourney{}, model_file(1)).error().text, HasSubstr("--stops"));
}

TEST_F(Stops, ModelStaysUntilItIsAccurateEnoughAndTheStopCountsOnce) {
    settings.open_task.stay.accuracy = 0.8;
    settings.open_task.stay.steps = 1000;
    row(3, {0});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    EXPECT_EQ(keeper.given[0].delivery.stay.accuracy, 0.8);
    const auto first = train(keeper.given[0], 2, 0.5, 1.5);
    ASSERT_TRUE(first.has_value());
    const size_t here = keeper.given[0].machine;
    EXPECT_EQ(first->next, network.machine(here).address());
    EXPECT_THAT(first->why, HasSubstr("0.8"));
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given[1].machine, here);
    EXPECT_EQ(keeper.given[1].delivery.version, first->version);
    EXPECT_EQ(keeper.given[1].delivery.stop, 1u);
    EXPECT_EQ(keeper.given[1].delivery.stay.steps, 990u);
    const auto second = train(keeper.given[1], 3, 0.9, 1.0);
    ASSERT_TRUE(second.has_value());
    EXPECT_NE(second->next, network.machine(here).address());
    ASSERT_TRUE(delivered(3));
    const routing::Stop& stop = record(keeper.given[2].machine).recent.back();
    EXPECT_EQ(stop.number, 1u);
    EXPECT_EQ(stop.samples, 60u);
    EXPECT_EQ(stop.steps, 20u);
    EXPECT_EQ(stop.loss, (routing::Loss{2, 1.0}));
    EXPECT_EQ(stop.version, second->version);
    EXPECT_EQ(entries(here).size(), 2u);
}

TEST_F(Stops, StepBudgetEndsAStopThatDoesNotGetThere) {
    settings.open_task.stay = {0.99, std::nullopt, 20};
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(train(keeper.given[0], 2, 0.5).has_value());
    ASSERT_TRUE(delivered(2));
    const auto last = train(keeper.given[1], 3, 0.5);
    ASSERT_TRUE(last.has_value());
    EXPECT_FALSE(last->next.has_value());
}

TEST_F(Stops, WhatWasTrainedAtAStopSurvivesAPowerCut) {
    settings.open_task.stay.loss = 0.1;
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto first = train(keeper.given[0], 2, std::nullopt, 1.0);
    ASSERT_TRUE(first.has_value());
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start().has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(keeper.given.back().delivery.version, first->version);
    ASSERT_TRUE(train(keeper.given.back(), 3, std::nullopt, 0.05).has_value());
    EXPECT_EQ(record(1).recent.back().samples, 60u);
}

TEST_F(Stops, ModelThatIsReleasedHalfWayTakesWhatItLearned) {
    settings.open_task.stay.accuracy = 0.9;
    row(3, {0});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto first = train(keeper.given[0], 2, 0.5);
    ASSERT_TRUE(delivered(2));
    ASSERT_TRUE(release(keeper.given[1]).has_value());
    ASSERT_TRUE(delivered(3));
    EXPECT_NE(keeper.given[2].machine, keeper.given[0].machine);
    EXPECT_EQ(keeper.given[2].delivery.version, first->version);
    EXPECT_EQ(record(keeper.given[2].machine).stops, 1u);
}

TEST_F(Stops, NodeKeepsTheVersionItLikesBest) {
    settings.keep_versions = 1;
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{20, ""}, model_file(1)).has_value());
    std::optional<VersionId> best;
    for (uint8_t stop = 1; stop <= 3; ++stop) {
        ASSERT_TRUE(delivered(stop));
        const auto made = train(keeper.given[stop - 1u], static_cast<uint8_t>(stop + 1), stop == 2 ? 0.9 : 0.5);
        ASSERT_TRUE(made.has_value());
        if (stop == 2) best = made->version;
    }
    EXPECT_THAT(node(1).journeys().best(), testing::ElementsAre(*best));
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start().has_value());
    EXPECT_THAT(node(1).journeys().best(), testing::ElementsAre(*best));
    const auto models = report(1, "models");
    std::vector<std::string> marked;
    for (const auto& line : models->rows)
        if (line.back() == Cell(true)) marked.push_back(std::get<std::string>(line[0]));
    EXPECT_THAT(marked, testing::ElementsAre(best->hex()));
}

TEST(Best, IsReadAsItWasWrittenAndNothingElse) {
    Best best{{}, true, 0.75};
    best.version.bytes[3] = 9;
    const std::string text = encode_best(best);
    EXPECT_EQ(*parse_best(as_bytes(text)), best);
    for (size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_best(as_bytes(text).first(n)).has_value()) << n;
    EXPECT_FALSE(parse_best(as_bytes(text + "x")).has_value());
}

// The plan of a journey is printed as its segments of End.Train: one for each stop that is still to come, in order,
// from which the stop can be read back (rfc/0012 section 6).
struct Itineraries : World {
    std::vector<Address> shown(size_t i, uint64_t journey) {
        Bytes id;
        Writer(id).u64(journey);
        const auto table = report(i, "journey", {to_hex(id)});
        const std::string head = "planned, as segments of End.Train for task " + std::string(kTask) + ":";
        std::vector<Address> stops;
        if (!table.has_value()) return stops;
        for (const std::string& note : table->notes) {
            if (!note.starts_with(head)) continue;
            std::istringstream words(note.substr(head.size()));
            for (std::string sid; words >> sid;)
                stops.push_back(routing::train_stop(Address::parse(sid).value_or(Address{})).value_or(Address{}));
        }
        return stops;
    }
};

TEST_F(Itineraries, AreFollowedAndShownAsSegmentsOneToOne) {
    row(4, {0});
    const auto at = [&](size_t i) { return network.machine(i).address(); };
    const std::vector<size_t> plan{3, 1, 3, 2};
    OnJourney order;
    for (const size_t i : plan) order.itinerary.push_back(at(i));
    const auto sent = send(0, order, model_file(1));
    ASSERT_TRUE(sent.has_value()) << sent.error().text;
    for (size_t stop = 0; stop < plan.size(); ++stop) {
        ASSERT_TRUE(delivered(stop + 1)) << stop;
        ASSERT_EQ(keeper.given[stop].machine, plan[stop]);
        const std::vector<Address> left(order.itinerary.begin() + static_cast<std::ptrdiff_t>(stop),
                                        order.itinerary.end());
        EXPECT_EQ(shown(plan[stop], sent->journey), left) << "before the stop is made";
        ASSERT_TRUE(finish(keeper.given[stop], model_file(static_cast<uint8_t>(stop + 2))).has_value());
    }
    EXPECT_TRUE(shown(plan.back(), sent->journey).empty());
    order.policy = "coverage";
    EXPECT_EQ(send(0, order, model_file(1)).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(send(0, OnJourney{3, "itinerary"}, model_file(1)).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace aip::node
