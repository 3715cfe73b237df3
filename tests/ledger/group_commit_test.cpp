#include "ledger/group_commit.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"
#include "manual_executor.hpp"

namespace aip::ledger {
namespace {

// A journal beside which something happens once while it is synced.
struct BusyJournal final : JournalFile {
    Result<Bytes> read() override { return inner.read(); }
    Result<void> write(uint64_t offset, ByteView bytes) override { return inner.write(offset, bytes); }
    Result<void> sync() override {
        if (const auto now = std::exchange(meanwhile, nullptr)) now();
        return inner.sync();
    }
    MemoryJournalFile inner;
    std::function<void()> meanwhile;
};

struct Made {
    std::string what;
    NewLeaf leaf;
};

struct World {
    MemoryLogStore store;
    BusyJournal journal;
    crypto::Signer signer = signer_of(2);
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);
    ManualExecutor storage;
    GroupCommit group{*log, storage};
    std::vector<Result<uint64_t>> answers;

    void append(Bytes leaf) {
        group.append(std::move(leaf), version_of(1), [this](const Result<uint64_t>& r) { answers.push_back(r); });
    }
};

TEST(GroupCommit, TheFirstGoesAtOnceAndThoseThatComeMeanwhileGoTogether) {
    World w;
    w.append(Bytes(10, 0));
    w.journal.meanwhile = [&w] {
        for (uint8_t i = 1; i < 10; ++i) w.append(Bytes(10, i));
    };
    EXPECT_EQ(w.storage.jobs(), 1u);
    w.storage.run_one();
    EXPECT_EQ(w.answers.size(), 1u);
    EXPECT_EQ(w.storage.jobs(), 1u);
    w.storage.run_one();
    EXPECT_EQ(w.storage.jobs(), 0u);
    ASSERT_EQ(w.answers.size(), 10u);
    for (uint64_t i = 0; i < 10; ++i) {
        EXPECT_EQ(*w.answers[i], i);
        EXPECT_EQ(*w.log->leaf(i), Bytes(10, static_cast<uint8_t>(i)));
    }
    EXPECT_EQ(*w.log->checkpoint(9), *w.log->checkpoint(1)) << "two checkpoints: of 1 and of 10";
}

TEST(GroupCommit, ThoseThatComeBeforeTheFirstIsWrittenGoWithIt) {
    World w;
    for (uint8_t i = 0; i < 10; ++i) w.append(Bytes(10, i));
    EXPECT_EQ(w.storage.jobs(), 1u);
    w.storage.run_one();
    EXPECT_EQ(w.storage.jobs(), 0u);
    EXPECT_EQ(w.answers.size(), 10u);
    EXPECT_FALSE(w.log->checkpoint(9)->has_value()) << "one checkpoint: of 10";
}

TEST(GroupCommit, WhatAJobMakesIsSaidOnceItsLeafIsDurable) {
    World w;
    std::vector<std::string> said;
    const auto say = [&](Result<Made> made) {
        EXPECT_EQ(w.log->size(), made->what == "nothing" ? 0u : 2u);
        said.push_back(made->what);
    };
    for (const std::string what : {"one", "two"})
        w.group.record<Made>([what] { return Made{what, {version_of(1), Bytes(10, 1)}}; }, say);
    w.group.record<Made>([] { return Made{"nothing", {}}; }, say);
    w.storage.run_all();
    EXPECT_EQ(said, (std::vector<std::string>{"nothing", "one", "two"}));
    EXPECT_FALSE(w.log->checkpoint(1)->has_value()) << "one checkpoint: of 2";
}

TEST(GroupCommit, WhatCannotBeMadeIsNotAppendedAndTheOthersAre) {
    World w;
    std::vector<bool> well;
    const auto note = [&](Result<Made> made) { well.push_back(made.has_value()); };
    w.group.record<Made>([] { return Made{"", {version_of(1), Bytes(10, 1)}}; }, note);
    w.group.record<Made>([]() -> Result<Made> { return Error{ErrorCode::kNoSpace, "full"}; }, note);
    w.group.record<Made>([] { return Made{"", {version_of(1), Bytes(limits::kLeafBytesMax + 1)}}; }, note);
    w.group.record<Made>([] { return Made{"", {version_of(1), Bytes(10, 2)}}; }, note);
    w.storage.run_all();
    EXPECT_EQ(std::count(well.begin(), well.end(), true), 2);
    EXPECT_EQ(well.size(), 4u);
    EXPECT_EQ(w.log->size(), 2u);
}

TEST(GroupCommit, ABatchStaysInTheLimitsOfOneAppend) {
    World w;
    for (int i = 0; i < 100; ++i) w.append(Bytes(60'000, 1));
    w.storage.run_all();
    ASSERT_EQ(w.answers.size(), 100u);
    for (const auto& answer : w.answers) EXPECT_TRUE(answer) << answer.error().text;
    EXPECT_EQ(w.log->size(), 100u);
}

TEST(GroupCommit, ABadLeafIsRefusedAlone) {
    World w;
    w.append(Bytes(10, 1));
    w.append(Bytes{});
    w.append(Bytes(limits::kLeafBytesMax + 1));
    w.append(Bytes(10, 2));
    w.storage.run_all();
    ASSERT_EQ(w.answers.size(), 4u);
    EXPECT_EQ(w.log->size(), 2u);
}

TEST(GroupCommit, AFailedWriteFailsAllThatWereInItAndAllThatFollow) {
    World w;
    w.append(Bytes(10, 1));
    w.append(Bytes(10, 2));
    w.append(Bytes(10, 3));
    w.journal.inner.fail_next_sync();
    w.storage.run_all();
    ASSERT_EQ(w.answers.size(), 3u);
    for (const auto& answer : w.answers) EXPECT_FALSE(answer);
}

}  // namespace
}  // namespace aip::ledger
