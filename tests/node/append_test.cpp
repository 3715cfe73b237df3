// How entries get into the ledger of a node on which several programs are at work:
//
//        0 -- 1        both serve the task; beside the program on each, others only send
#include <gtest/gtest.h>

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct Appends : World {
    // A model waits at a program, and nothing else happens.
    void hand_out() {
        row(2);
        ASSERT_TRUE(send(0, OnJourney{3, ""}, model_file(1)).has_value());
        ASSERT_TRUE(delivered());
        run_for(Duration::seconds(1));
        here = keeper.given[0].machine;
        entries_before = log_size();
    }
    // The program finishes and four others send, all at the same moment.
    void finish_and_send() {
        const Keeper::Given& given = keeper.given[0];
        for (uint8_t fill = 10; fill < 14; ++fill) {
            if (fill == 12) {
                WorkDone work;
                work.steps = 1;
                node(here).finish(given.session, given.delivery.id, work, OnJourney{}, source_of(model_file(2)),
                                  [this](Result<FinishedStop> r) { finished = std::move(r); });
            }
            node(here).send(kClient + fill, {kTask, "name", network.machine(1 - here).address()},
                            source_of(model_file(fill)), {},
                            [this](Result<SentModel> r) { sent.push_back(std::move(r)); });
        }
        network.machine(here).wake();
    }
    uint64_t log_size() {
        const auto log = report(here, "ledger-log");
        return static_cast<uint64_t>(std::get<int64_t>(log->rows.back()[0])) + 1;
    }
    std::vector<std::string> new_entries() {
        const auto log = report(here, "ledger-log");
        std::vector<std::string> what;
        for (const auto& line : log->rows)
            if (std::get<int64_t>(line[0]) >= static_cast<int64_t>(entries_before))
                what.push_back(std::get<std::string>(line[1]));
        return what;
    }
    size_t versions_stored() {
        const auto& disk = network.machine(here).durable();
        return static_cast<size_t>(std::count_if(
            disk.begin(), disk.end(), [](const auto& record) { return record.first.starts_with("manifest/"); }));
    }
    // An append is what a checkpoint was signed for.
    size_t appends_since() {
        std::set<Bytes> checkpoints;
        for (uint64_t size = entries_before + 1; size <= log_size(); ++size) {
            std::optional<Result<Bytes>> got;
            node(here).checkpoint(size, [&](Result<Bytes> r) { got = std::move(r); });
            run_until([&] { return got.has_value(); });
            if (signed_size(**got) > entries_before) checkpoints.insert(**got);
        }
        return checkpoints.size();
    }
    static uint64_t signed_size(const Bytes& checkpoint) {
        const auto note = ledger::Note::parse(std::string(checkpoint.begin(), checkpoint.end()));
        return ledger::Checkpoint::parse(note->text)->size;
    }

    size_t here = 0;
    uint64_t entries_before = 0;
    std::optional<Result<FinishedStop>> finished;
    std::vector<Result<SentModel>> sent;
};

TEST_F(Appends, ProgramsThatFinishAtOnceShareOne) {
    hand_out();
    finish_and_send();
    ASSERT_TRUE(run_until([&] { return finished && sent.size() == 4; }));
    EXPECT_TRUE(finished->has_value());
    for (const auto& answered : sent) EXPECT_TRUE(answered.has_value());
    EXPECT_THAT(new_entries(), UnorderedElementsAre("imported", "imported", "trained", "imported", "imported"));
    EXPECT_EQ(appends_since(), 1u);
}

TEST_F(Appends, WhoComesWhileOneIsWrittenIsInTheNext) {
    hand_out();
    node(here).send(kClient, {kTask, "name", network.machine(1 - here).address()}, source_of(model_file(9)), {},
                    [this](Result<SentModel> r) { sent.push_back(std::move(r)); });
    network.machine(here).wake();
    run_for(Duration::microseconds(500));  // its leaf is made, and its append under way
    finish_and_send();
    ASSERT_TRUE(run_until([&] { return finished && sent.size() == 5; }));
    EXPECT_EQ(new_entries().size(), 6u);
    EXPECT_EQ(appends_since(), 2u);
}

TEST_F(Appends, WhatAProgramWasToldSurvivesAPowerCutAtThatMoment) {
    hand_out();
    finish_and_send();
    ASSERT_TRUE(run_until([&] { return finished.has_value(); }));
    network.machine(here).kill();
    EXPECT_TRUE(*network.machine(here).has_ledger_entry((*finished)->version));
    ASSERT_TRUE(network.machine(here).start().has_value());
    EXPECT_TRUE(delivered(2)) << network.complaint();
    EXPECT_EQ(keeper.given[1].delivery.version, (*finished)->version);
}

// Whatever is on disk by then: nothing of it, the version without its entry, or the entry without the promise that
// follows from it. The entry of a version that nobody has is all that may remain.
TEST_F(Appends, PowerCutOnTheWayGivesTheModelBackToAProgram) {
    hand_out();
    std::set<std::string> seen;
    for (uint8_t cut = 1; cut < 20 && !seen.contains("promise"); ++cut) {
        const Keeper::Given given = keeper.given.back();
        const size_t versions = versions_stored();
        entries_before = log_size();
        node(here).finish(given.session, given.delivery.id, {}, OnJourney{}, source_of(model_file(cut)),
                          [](const Result<FinishedStop>&) {});
        network.machine(here).wake();
        run_for(Duration::microseconds(100 * cut));
        network.machine(here).kill();
        ASSERT_TRUE(network.machine(here).start().has_value());
        ASSERT_TRUE(delivered(keeper.given.size() + 1))
            << "after cut " << static_cast<int>(cut) << ": " << network.complaint();
        const bool stored = versions_stored() > versions, entered = log_size() > entries_before;
        const bool promised = keeper.given.back().delivery.version != given.delivery.version;
        EXPECT_GE(stored, entered);
        EXPECT_GE(entered, promised);
        seen.insert(promised ? "promise" : entered ? "entry" : stored ? "version" : "nothing");
    }
    EXPECT_THAT(seen, testing::IsSupersetOf({"version", "entry", "promise"}));
}

TEST_F(Appends, DiskThatFailsOneIsSaidToEveryProgramThatWaitsForIt) {
    hand_out();
    network.machine(here).journal_faults().fail_next_sync();
    finish_and_send();
    ASSERT_TRUE(run_until([&] { return finished && sent.size() == 4; }));
    ASSERT_FALSE(finished->has_value());
    EXPECT_THAT(finished->error().text, HasSubstr("the ledger takes no more entries until the node is restarted"));
    for (const auto& answered : sent) EXPECT_EQ(answered.error().code, ErrorCode::kIo);
    EXPECT_EQ(node(here).journeys().view()[0].delivered, true) << "the program still has it";
    network.machine(here).kill();
    ASSERT_TRUE(network.machine(here).start().has_value());
    ASSERT_TRUE(delivered(2)) << network.complaint();
    EXPECT_EQ(keeper.given[1].delivery.version, keeper.given[0].delivery.version);
    EXPECT_TRUE(finish(keeper.given[1], model_file(2)).has_value());
}

}  // namespace
}  // namespace aip::node
