#include "ledger/rocksdb/upkeep.hpp"

#include <atomic>
#include <thread>

#include "../fixture.hpp"
#include "base/state_lock.hpp"
#include "ledger/journal_file.hpp"
#include "ledger/rocksdb/rocks_log_store.hpp"

namespace aip::ledger {
namespace {

namespace fs = std::filesystem;

struct State {
    TempDir dir;
    crypto::Signer signer = signer_of(2);
    crypto::Verifier known = verifier();
    std::string state = dir / "state";

    State() { fs::create_directory(state); }
    // A daemon's life: opens, appends `count` entries one by one, stops. The size at its end.
    uint64_t live(uint64_t count) {
        const auto store = RocksLogStore::open(state + "/ledger");
        const auto journal = FileJournalFile::open(state + "/ledger.journal");
        EXPECT_TRUE(store && journal);
        const auto log = Log::open(**store, **journal, signer);
        EXPECT_TRUE(log) << log.error().text;
        if (!log) return 0;
        for (uint64_t i = 0; i < count; ++i) EXPECT_TRUE(grow(**log, signer, (*log)->size(), 1));
        return (*log)->size();
    }
    // So many that the journal on the spot no longer reaches back to where they begin.
    void live_long() {
        for (int i = 0; i < 4; ++i) live(2);
    }
    FsckReport check() {
        const auto report = fsck(state, &known);
        EXPECT_TRUE(report) << report.error().text;
        return report ? *report : FsckReport{};
    }
};

void flip_byte(const std::string& path) {
    std::string bytes = read_text(path);
    bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 1);
    write_text(path, bytes);
}

TEST(Upkeep, FsckReadsStoreAndJournalAndChangesNothing) {
    State s;
    s.live(5);
    const auto before = fs::last_write_time(s.state + "/ledger");
    const FsckReport report = s.check();
    EXPECT_EQ(report.size(), 5u);
    EXPECT_EQ(report.problems, 0u) << report.first_problems[0];
    EXPECT_EQ(report.origin, log_origin(s.signer.self().address));
    EXPECT_EQ(fs::last_write_time(s.state + "/ledger"), before);
}

TEST(Upkeep, FsckSaysWhereThereIsNoLedger) {
    TempDir dir;
    EXPECT_EQ(fsck(dir / "none", nullptr).error().code, ErrorCode::kNotFound);
}

TEST(Upkeep, FsckFindsAJournalThatIsGoneOrOfAnotherHistory) {
    State s;
    s.live(5);
    fs::rename(s.state + "/ledger.journal", s.state + "/elsewhere");
    EXPECT_EQ(s.check().problems, 1u);
    State other;
    other.signer = signer_of(3);
    other.live(7);
    fs::copy(other.state + "/ledger.journal", s.state + "/ledger.journal");
    EXPECT_GT(s.check().problems, 0u);
}

TEST(Upkeep, ABackupIsPutInPlaceAgain) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    EXPECT_EQ(backup(s.state, s.dir / "backup").error().code, ErrorCode::kExists) << "never overwritten";
    fs::remove_all(s.state + "/ledger");
    const auto restored = restore(s.dir / "backup", s.state, false);
    ASSERT_TRUE(restored) << restored.error().text;
    EXPECT_EQ(restored->problems, 0u);
    EXPECT_EQ(s.live(1), 6u);
}

TEST(Upkeep, ABackupIsWholeWhileTheLogGrows) {
    State s;
    const auto store = *RocksLogStore::open(s.state + "/ledger");
    const auto journal = *FileJournalFile::open(s.state + "/ledger.journal");
    const auto log = *Log::open(*store, *journal, s.signer);
    std::atomic<uint64_t> acknowledged = 0;
    std::atomic<bool> enough = false;
    std::thread daemon([&] {
        while (!enough && log->size() < 2000) {
            EXPECT_TRUE(grow(*log, s.signer, log->size(), 3));
            acknowledged = log->size();
        }
    });
    for (int round = 0; round < 3; ++round) {
        const uint64_t before = acknowledged;
        const std::string target = s.dir / ("backup" + std::to_string(round));
        const auto made = backup(s.state, target);
        EXPECT_TRUE(made) << made.error().text;
        EXPECT_GE(made ? made->size() : 0, before);
        const auto checked = fsck(target, &s.known);
        EXPECT_EQ(checked ? checked->problems : 1, 0u);
    }
    enough = true;
    daemon.join();
}

TEST(Upkeep, ADamagedLedgerIsNotBackedUp) {
    State s;
    s.live(5);
    s.live(0);
    for (const auto& file : fs::directory_iterator(s.state + "/ledger"))
        if (file.path().extension() == ".sst") flip_byte(file.path());
    EXPECT_EQ(backup(s.state, s.dir / "backup").error().code, ErrorCode::kCorrupt);
    EXPECT_FALSE(fs::exists(s.dir / "backup")) << "nothing that looks like one is left";
}

TEST(Upkeep, ARestoredLogIsFilledUpFromTheJournalOnTheSpot) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    s.live(3);
    fs::remove_all(s.state + "/ledger");
    ASSERT_TRUE(restore(s.dir / "backup", s.state, false));
    EXPECT_EQ(s.live(0), 8u);
}

TEST(Upkeep, DoesNotGoBackBehindWhatWasSigned) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    s.live_long();
    const auto refused = restore(s.dir / "backup", s.state, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
    EXPECT_NE(refused.error().text.find("new identity"), std::string::npos) << refused.error().text;
    EXPECT_EQ(s.live(0), 13u) << "nothing was touched";
    ASSERT_TRUE(restore(s.dir / "backup", s.state, true));
    EXPECT_EQ(s.live(0), 5u);
    EXPECT_TRUE(fs::exists(s.state + "/ledger.before-restore"));
}

// Signs one entry of its own, so that logs of one size differ.
void live_otherwise(State& s, uint64_t tag) {
    const auto store = RocksLogStore::open(s.state + "/ledger");
    const auto journal = FileJournalFile::open(s.state + "/ledger.journal");
    const auto log = Log::open(**store, **journal, s.signer);
    ASSERT_TRUE(log) << log.error().text;
    EXPECT_TRUE(grow(**log, s.signer, tag, 1));
}

TEST(Upkeep, ALongerBackupDoesNotCoverUpASecondHistory) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "five"));
    s.live_long();
    ASSERT_TRUE(backup(s.state, s.dir / "thirteen"));
    ASSERT_TRUE(restore(s.dir / "five", s.state, true));
    live_otherwise(s, 500);  // the sixth entry is another one now
    fs::remove_all(s.state + "/ledger.before-restore");
    fs::remove(s.state + "/ledger.journal.before-restore");
    const auto refused = restore(s.dir / "thirteen", s.state, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
    EXPECT_NE(refused.error().text.find("another history"), std::string::npos) << refused.error().text;
    const std::string signed_here = read_text(s.state + "/ledger.journal");
    ASSERT_TRUE(restore(s.dir / "thirteen", s.state, true));
    EXPECT_EQ(read_text(s.state + "/ledger.journal.before-restore"), signed_here) << "nothing is lost";
    EXPECT_EQ(s.live(0), 13u);
}

TEST(Upkeep, ABackupOfAnotherNodeIsRefused) {
    State s, other;
    other.signer = signer_of(3);
    s.live(3);
    other.live(5);
    ASSERT_TRUE(backup(other.state, s.dir / "other"));
    EXPECT_EQ(restore(s.dir / "other", s.state, false).error().code, ErrorCode::kDenied);
    EXPECT_EQ(s.live(0), 3u);
}

TEST(Upkeep, ABackupWhoseNewestEntriesAreInItsJournalIsComparedWithThatToo) {
    State s;
    s.live(5);
    const auto store = RocksLogStore::open(s.state + "/ledger", {true, nullptr});
    TempDir early;
    ASSERT_TRUE((*store)->copy_to(early / "ledger"));
    s.live(2);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    fs::remove_all(s.dir / "backup/ledger");  // as of a store that lost what it had not synced
    fs::copy(early / "ledger", s.dir / "backup/ledger");
    ASSERT_EQ(fsck(s.dir / "backup", nullptr)->in_journal, 2u);
    fs::remove_all(s.state + "/ledger");
    const auto restored = restore(s.dir / "backup", s.state, false);
    ASSERT_TRUE(restored) << restored.error().text;
    EXPECT_EQ(s.live(0), 7u);
}

TEST(Upkeep, WithoutAJournalNothingSaysWhatWasSigned) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    fs::remove(s.state + "/ledger.journal");
    EXPECT_EQ(restore(s.dir / "backup", s.state, false).error().code, ErrorCode::kDenied);
    EXPECT_TRUE(restore(s.dir / "backup", s.state, true));
}

TEST(Upkeep, RestoresNothingUnderARunningDaemon) {
    State s;
    s.live(3);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    const auto daemon = StateLock::take(s.state);
    ASSERT_TRUE(daemon);
    const auto refused = restore(s.dir / "backup", s.state, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kExists);
    EXPECT_NE(refused.error().text.find("stop it first"), std::string::npos) << refused.error().text;
    EXPECT_FALSE(fs::exists(s.state + "/ledger.before-restore"));
}

TEST(Upkeep, RefusesABackupThatWasCutShort) {
    State s;
    s.live(5);
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    fs::remove(s.dir / "backup/checkpoint");
    const auto refused = restore(s.dir / "backup", s.state, true);
    EXPECT_NE(refused.error().text.find("not a whole backup"), std::string::npos) << refused.error().text;
}

TEST(Upkeep, RefusesADamagedBackup) {
    State s;
    s.live(5);
    s.live(0);  // opening again wrote them into tables
    ASSERT_TRUE(backup(s.state, s.dir / "backup"));
    for (const auto& file : fs::directory_iterator(s.dir / "backup/ledger"))
        if (file.path().extension() == ".sst") flip_byte(file.path());
    EXPECT_EQ(restore(s.dir / "backup", s.state, true).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(s.live(0), 5u);
}

}  // namespace
}  // namespace aip::ledger
