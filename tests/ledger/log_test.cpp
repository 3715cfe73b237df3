#include "ledger/log.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"
#include "ledger/checkpoint_copy.hpp"

namespace aip::ledger {
namespace {

struct Disk {
    MemoryLogStore store;
    MemoryCheckpointCopy copy;
    crypto::Signer signer = signer_of(2);

    Result<std::unique_ptr<Log>> open() { return Log::open(store, copy, signer); }
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

// A crash (failed write, then restart) at every append, before and after the store wrote it, and between the store's
// write and the copy's: acknowledged entries stay, and no size is ever signed with two roots.
TEST(Log, LosesNothingAcknowledgedInACrashAtAnyStep) {
    constexpr uint64_t kAppends = 12;
    enum class Crash { kBeforeStore, kAfterStore, kBeforeCopy };
    for (const Crash crash : {Crash::kBeforeStore, Crash::kAfterStore, Crash::kBeforeCopy}) {
        for (uint64_t at = 0; at < kAppends; ++at) {
            Disk disk;
            FaultyLogStore store(disk.store);
            std::map<uint64_t, Digest> published;  // what append() returned or a reopened log shows
            uint64_t acknowledged = 0;
            const auto publish = [&](uint64_t size, const Digest& root) {
                const auto [it, fresh] = published.emplace(size, root);
                EXPECT_EQ(it->second, root) << "two roots for size " << size;
            };
            auto log = *Log::open(store, disk.copy, disk.signer);
            for (uint64_t n = 0; n < kAppends; ++n) {
                if (n == at && crash == Crash::kBeforeStore) store.fail_append(0, FaultyLogStore::When::kBefore);
                if (n == at && crash == Crash::kAfterStore) store.fail_append(0, FaultyLogStore::When::kAfter);
                if (n == at && crash == Crash::kBeforeCopy) disk.copy.fail_next_write();
                const auto appended = grow(*log, disk.signer, 1000 * (at + 1) + n, 1);
                EXPECT_EQ(appended.has_value(), n != at);
                if (appended) {
                    acknowledged = appended->size;
                    publish(appended->size, appended->root);
                    continue;
                }
                EXPECT_FALSE(grow(*log, disk.signer, n, 1)) << "takes nothing more until restarted";
                disk.store.crash();
                auto reopened = Log::open(store, disk.copy, disk.signer);
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

TEST(Log, RefusesAStoreThatWentBack) {
    Disk disk;
    disk.fill(0, 5);
    disk.store.lie_about_sync(true);
    disk.fill(5, 3);
    disk.store.crash();  // back to 5 entries, 8 were signed
    const auto log = disk.open();
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(log.error().text.find("5 entries"), std::string::npos) << log.error().text;
    EXPECT_NE(log.error().text.find("restore"), std::string::npos);
}

TEST(Log, RefusesAnEmptyStoreOfALogThatHadEntries) {
    Disk disk;
    disk.fill(0, 1);
    MemoryLogStore empty;
    EXPECT_EQ(Log::open(empty, disk.copy, disk.signer).error().code, ErrorCode::kCorrupt);
}

TEST(Log, RefusesAStoreThatWentAnotherWay) {
    Disk disk;
    disk.fill(0, 5);
    Disk other;  // same node, another history, longer
    other.fill(100, 9);
    EXPECT_EQ(Log::open(other.store, disk.copy, disk.signer).error().code, ErrorCode::kCorrupt);
}

TEST(Log, RefusesTheStoreOfAnotherNode) {
    Disk disk;
    disk.fill(0, 5);
    MemoryCheckpointCopy fresh;
    const auto log = Log::open(disk.store, fresh, signer_of(3));
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(log.error().text.find("another log"), std::string::npos);
}

TEST(Log, GoesOnWhenOnlyTheCopyIsMissing) {
    Disk disk;
    disk.fill(0, 5);
    disk.copy.forget();
    ASSERT_TRUE(disk.open());
    EXPECT_EQ(*disk.copy.read(), *(*disk.open())->checkpoint()) << "and writes it again";
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
    auto log = Log::open(disk.store, disk.copy, renewed);
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_EQ((*log)->size(), 5u);
    auto v = verifier();
    const auto says = verify(*(*log)->prove(0), v, kNow);
    EXPECT_TRUE(says) << says.error().text;
    EXPECT_TRUE(grow(**log, renewed, 5, 1));
    EXPECT_TRUE(Log::open(disk.store, disk.copy, renewed));
}

TEST(CheckpointCopy, KeepsTheNewestAcrossReopening) {
    TempDir dir;
    {
        auto copy = *FileCheckpointCopy::open(dir / "checkpoint");
        EXPECT_EQ(*copy->read(), std::nullopt);
        for (int i = 0; i < 5; ++i) ASSERT_TRUE(copy->write("note " + std::to_string(i)));
    }
    auto copy = *FileCheckpointCopy::open(dir / "checkpoint");
    EXPECT_EQ(*copy->read(), "note 4");
    ASSERT_TRUE(copy->write("note 5"));
    EXPECT_EQ(*copy->read(), "note 5");
}

TEST(CheckpointCopy, ATornWriteCostsOnlyTheNewest) {
    TempDir dir;
    auto copy = *FileCheckpointCopy::open(dir / "checkpoint");
    ASSERT_TRUE(copy->write("older"));
    ASSERT_TRUE(copy->write("newer"));
    std::string file = read_text(dir / "checkpoint");
    file[file.find("newer")] ^= 1;
    write_text(dir / "checkpoint", file);
    copy = *FileCheckpointCopy::open(dir / "checkpoint");
    EXPECT_EQ(*copy->read(), "older");
}

TEST(CheckpointCopy, RefusesWhenBothSlotsAreDamaged) {
    TempDir dir;
    write_text(dir / "checkpoint", std::string(8192, 'x'));
    EXPECT_EQ(FileCheckpointCopy::open(dir / "checkpoint").error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(FileCheckpointCopy::open(dir / "no/such/directory"));
}

}  // namespace
}  // namespace aip::ledger
