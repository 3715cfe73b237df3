#include "ledger/log.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"

namespace aip::ledger {
namespace {

struct Disk {
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer = signer_of(2);

    Result<std::unique_ptr<Log>> open() { return Log::open(store, journal, signer); }
    // Opens, appends entries [first, first + count) one by one, closes.
    void fill(uint64_t first, uint64_t count) {
        auto log = open();
        ASSERT_TRUE(log) << log.error().text;
        for (uint64_t n = first; n < first + count; ++n) ASSERT_TRUE(grow(**log, signer, n, 1));
    }
};

TEST(Log, ShowsWhatWasAppended) {
    Disk disk;
    auto log = *disk.open();
    EXPECT_EQ(log->size(), 0u);
    EXPECT_EQ(log->checkpoint().error().code, ErrorCode::kNotFound);
    const auto first = grow(*log, disk.signer, 0, 3);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->first_index, 0u);
    EXPECT_EQ(first->size, 3u);
    const auto second = grow(*log, disk.signer, 3, 2);
    EXPECT_EQ(second->first_index, 3u);
    EXPECT_EQ(second->root, log->root());
    for (uint64_t i = 0; i < 5; ++i) {
        EXPECT_EQ(*log->leaf(i), leaf_of(disk.signer, i));
        EXPECT_EQ(*log->find(version_of(i)), i);
    }
    EXPECT_EQ(log->leaf(5).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(*log->find(version_of(5)), std::nullopt);
    const auto checkpoint = open_checkpoint(*log->checkpoint(), log->key());
    EXPECT_EQ(*checkpoint, (Checkpoint{log_origin(disk.signer.self().address), 5, log->root()}));
}

TEST(Log, FindsTheFirstEntryAboutAVersion) {
    Disk disk;
    auto log = *disk.open();
    const std::vector<Bytes> leaves{leaf_of(disk.signer, 1), leaf_of(disk.signer, 1)};
    ASSERT_TRUE(log->append(leaves, std::vector{version_of(1), version_of(1)}));
    EXPECT_EQ(*log->find(version_of(1)), 0u);
}

TEST(Log, IsTheSameAfterReopening) {
    Disk disk;
    disk.fill(0, 21);
    auto log = *disk.open();
    EXPECT_EQ(log->size(), 21u);
    const std::string checkpoint = *log->checkpoint();
    ASSERT_TRUE(grow(*log, disk.signer, 21, 1));
    const auto path = log->consistency(21, 22);
    ASSERT_TRUE(path);
    EXPECT_TRUE(verify_consistency(21, open_checkpoint(checkpoint, log->key())->root, 22, log->root(), *path));
}

TEST(Log, ABatchHasOneCheckpointAndTheTreeOfSingleAppends) {
    Disk one;
    Disk other;
    one.fill(0, 40);
    auto batched = *other.open();
    ASSERT_TRUE(grow(*batched, other.signer, 0, 40));
    EXPECT_EQ((*one.open())->root(), batched->root());
    EXPECT_EQ(*batched->checkpoint(39), std::nullopt);
    EXPECT_TRUE((*batched->checkpoint(40)).has_value());
}

TEST(Log, RefusesLeavesOutOfLimitsAndChangesNothing) {
    Disk disk;
    disk.fill(0, 1);
    auto log = *disk.open();
    const Digest root = log->root();
    EXPECT_FALSE(log->append(std::vector<Bytes>{}, {}));
    EXPECT_FALSE(log->append(std::vector<Bytes>{Bytes{}}, std::vector{version_of(1)}));
    EXPECT_FALSE(log->append(std::vector<Bytes>{Bytes(limits::kLeafBytesMax + 1)}, std::vector{version_of(1)}));
    EXPECT_EQ(log->root(), root);
    EXPECT_TRUE(grow(*log, disk.signer, 1, 1)) << "a bad request is not a failed write";
}

// A crash (failed write, then restart) at every append: before and after the journal is written, before and after the
// store is. Acknowledged entries stay, and no size is ever signed with two roots.
TEST(Log, LosesNothingAcknowledgedInACrashAtAnyStep) {
    constexpr uint64_t kAppends = 12;
    enum class Crash { kBeforeJournal, kBeforeSync, kBeforeStore, kAfterStore };
    for (const Crash crash : {Crash::kBeforeJournal, Crash::kBeforeSync, Crash::kBeforeStore, Crash::kAfterStore}) {
        for (uint64_t at = 0; at < kAppends; ++at) {
            Disk disk;
            FaultyLogStore store(disk.store);
            std::map<uint64_t, Digest> published;  // what append() returned or a reopened log shows
            uint64_t acknowledged = 0;
            const auto publish = [&](uint64_t size, const Digest& root) {
                const auto [it, fresh] = published.emplace(size, root);
                EXPECT_EQ(it->second, root) << "two roots for size " << size;
            };
            auto log = *Log::open(store, disk.journal, disk.signer);
            for (uint64_t n = 0; n < kAppends; ++n) {
                if (n == at && crash == Crash::kBeforeStore) store.fail_append(0, FaultyLogStore::When::kBefore);
                if (n == at && crash == Crash::kAfterStore) store.fail_append(0, FaultyLogStore::When::kAfter);
                if (n == at && crash == Crash::kBeforeJournal) disk.journal.fail_next_write();
                if (n == at && crash == Crash::kBeforeSync) disk.journal.fail_next_sync();
                const auto appended = grow(*log, disk.signer, 1000 * (at + 1) + n, 1);
                EXPECT_EQ(appended.has_value(), n != at);
                if (appended) {
                    acknowledged = appended->size;
                    publish(appended->size, appended->root);
                    continue;
                }
                EXPECT_FALSE(grow(*log, disk.signer, n, 1)) << "takes nothing more until restarted";
                disk.store.crash();
                disk.journal.crash();
                auto reopened = Log::open(store, disk.journal, disk.signer);
                ASSERT_TRUE(reopened) << reopened.error().text;
                log = std::move(*reopened);
                EXPECT_GE(log->size(), acknowledged);
                if (log->size() != 0) publish(log->size(), log->root());
            }
            for (const auto& [size, root] : published) {
                if (size == log->size()) continue;
                EXPECT_TRUE(
                    verify_consistency(size, root, log->size(), log->root(), *log->consistency(size, log->size())));
            }
        }
    }
}

// Nothing of the store was synced since it was opened; the journal holds it all.
TEST(Log, FillsTheStoreUpFromTheJournal) {
    Disk disk;
    disk.fill(0, 5);
    disk.fill(5, 4);
    const auto before = *disk.open();
    disk.store.crash();
    disk.fill(9, 4);
    disk.store.crash();
    const auto log = disk.open();
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_EQ((*log)->size(), 13u);
    for (uint64_t n = 0; n < 13; ++n) EXPECT_EQ(*(*log)->leaf(n), leaf_of(disk.signer, n));
    EXPECT_TRUE(verify_consistency(9, before->root(), 13, (*log)->root(), *(*log)->consistency(9, 13)));
}

// More than both halves of the journal hold, with a power cut in every round.
TEST(Log, SyncsTheStoreBeforeAHalfOfTheJournalIsWrittenAgain) {
    Disk disk;
    const Bytes leaf(60'000, 7);
    const std::vector<Bytes> leaves(30, leaf);
    const std::vector<VersionId> versions(30, version_of(1));
    for (uint64_t round = 0; round < 3; ++round) {
        auto log = disk.open();
        ASSERT_TRUE(log) << log.error().text;
        ASSERT_EQ((*log)->size(), round * 150);
        for (int i = 0; i < 5; ++i) ASSERT_TRUE((*log)->append(leaves, versions));
        disk.store.crash();
        disk.journal.crash();
    }
}

TEST(Log, RefusesAStoreThatWentBack) {
    Disk disk;
    disk.fill(0, 5);
    ASSERT_TRUE(disk.open());  // synced
    disk.store.lie_about_sync(true);
    for (uint64_t n = 5; n < 14; n += 3) disk.fill(n, 3);  // and both halves of the journal were written again
    disk.store.crash();
    const auto log = disk.open();
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(log.error().text.find("5 entries"), std::string::npos) << log.error().text;
    EXPECT_NE(log.error().text.find("restore"), std::string::npos);
}

TEST(Log, RefusesAnEmptyStoreOfALogThatHadEntries) {
    Disk disk;
    for (uint64_t n = 0; n < 9; n += 3) disk.fill(n, 3);
    MemoryLogStore empty;
    EXPECT_EQ(Log::open(empty, disk.journal, disk.signer).error().code, ErrorCode::kCorrupt);
}

TEST(Log, RefusesAStoreThatWentAnotherWay) {
    for (const uint64_t entries : {3u, 5u, 9u}) {
        Disk disk;
        disk.fill(0, 5);
        Disk other;  // same node, another history
        other.fill(100, entries);
        EXPECT_EQ(Log::open(other.store, disk.journal, disk.signer).error().code, ErrorCode::kCorrupt) << entries;
    }
}

TEST(Log, AFirstAppendThatWasTornIsNothing) {
    Disk disk;
    {
        auto log = *disk.open();
        disk.journal.fail_next_sync();
        ASSERT_FALSE(grow(*log, disk.signer, 0, 1));
    }
    disk.journal.bytes()[Journal::kPageBytes + 30] ^= 1;
    disk.fill(0, 1);
    EXPECT_EQ((*disk.open())->size(), 1u);
}

TEST(Log, RefusesAJournalWithADamagedSignatureOfTheNewestTree) {
    Disk disk;
    disk.fill(0, 5);
    auto records = *Journal(disk.journal).recover();
    records.back().checkpoint[records.back().checkpoint.size() - 20] ^= 1;
    const Bytes forged = format_record(records.size() + 100, records.back());
    disk.journal.bytes().insert(disk.journal.bytes().end(), forged.begin(), forged.end());
    EXPECT_EQ(disk.open().error().code, ErrorCode::kCorrupt);
}

TEST(Log, RefusesTheStoreOfAnotherNode) {
    Disk disk;
    disk.fill(0, 5);
    MemoryJournalFile fresh;
    const auto log = Log::open(disk.store, fresh, signer_of(3));
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(log.error().text.find("another log"), std::string::npos);
}

TEST(Log, RefusesAStoreWithoutItsJournal) {
    Disk disk;
    disk.fill(0, 5);
    disk.journal.forget();
    EXPECT_EQ(disk.open().error().code, ErrorCode::kCorrupt);
}

TEST(Log, RefusesToOpenWithADamagedRightEdge) {
    for (const Subtree at : {Subtree{2, 0}, Subtree{1, 2}, Subtree{0, 6}}) {
        Disk disk;
        disk.fill(0, 7);
        disk.store.flip_hash(at);
        EXPECT_EQ(disk.open().error().code, ErrorCode::kCorrupt);
    }
    Disk disk;
    disk.fill(0, 7);
    disk.store.flip_leaf(6);
    EXPECT_EQ(disk.open().error().code, ErrorCode::kCorrupt);
}

TEST(Log, ShowsNothingThatIsDamaged) {
    Disk disk;
    disk.fill(0, 7);
    disk.store.flip_leaf(2);
    auto log = *disk.open();
    EXPECT_EQ(log->leaf(2).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(log->prove(2).error().code, ErrorCode::kCorrupt);
    EXPECT_TRUE(log->prove(1));
    disk.store.flip_hash({0, 1});
    EXPECT_EQ(log->prove(0).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(log->inclusion(0, 6).error().code, ErrorCode::kCorrupt);
    disk.store.flip_hash({0, 3});
    EXPECT_EQ(log->consistency(3, 6).error().code, ErrorCode::kCorrupt);
}

TEST(Log, ProvesAtEverySizeItSigned) {
    Disk disk;
    disk.fill(0, 9);
    auto log = *disk.open();
    auto v = verifier();
    for (uint64_t size = 1; size <= 9; ++size) {
        for (uint64_t index = 0; index < size; ++index) {
            const auto proof = log->prove(index, size);
            ASSERT_TRUE(proof) << proof.error().text;
            ASSERT_TRUE(verify(*proof, v, kNow));
        }
        EXPECT_FALSE(log->prove(size, size));
    }
    ASSERT_TRUE(grow(*log, disk.signer, 9, 3));
    EXPECT_EQ(log->prove(0, 10).error().code, ErrorCode::kNotFound) << "size 10 was inside a batch";
}

TEST(Log, SignsTheSameTreeAgainAfterTheKeyWasChanged) {
    Disk disk;
    disk.fill(0, 5);
    const crypto::Signer renewed = signer_of(2, 77);
    ASSERT_EQ(renewed.self().address, disk.signer.self().address);
    auto log = Log::open(disk.store, disk.journal, renewed);
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_EQ((*log)->size(), 5u);
    auto v = verifier();
    const auto says = verify(*(*log)->prove(0), v, kNow);
    EXPECT_TRUE(says) << says.error().text;
    EXPECT_TRUE(grow(**log, renewed, 5, 1));
    EXPECT_TRUE(Log::open(disk.store, disk.journal, renewed));
}

}  // namespace
}  // namespace aip::ledger
