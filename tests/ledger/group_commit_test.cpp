#include "ledger/group_commit.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"
#include "manual_executor.hpp"

namespace aip::ledger {
namespace {

struct World {
    MemoryLogStore store;
    MemoryJournalFile journal;
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
    for (int i = 0; i < 10; ++i) w.append(Bytes(10, static_cast<uint8_t>(i)));
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
    w.journal.fail_next_sync();
    w.storage.run_all();
    ASSERT_EQ(w.answers.size(), 3u);
    for (const auto& answer : w.answers) EXPECT_FALSE(answer);
}

}  // namespace
}  // namespace aip::ledger
