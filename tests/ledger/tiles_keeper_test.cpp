#include "ledger/tiles_keeper.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "fixture.hpp"
#include "ledger/cosignature.hpp"
#include "manual_executor.hpp"

namespace aip::ledger {
namespace {

namespace fs = std::filesystem;

struct World {
    TempDir dir;
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer = signer_of(2);
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);
    ManualExecutor storage;
    ManualExecutor files;
    std::string tiles = dir / "tiles";
    std::string cosigned;  // lines of every checkpoint
    std::vector<std::string> said;
    Instant now;
    std::optional<TilesKeeper> keeper;

    World() { restart(); }
    void restart() {
        keeper.emplace(
            *log, tiles, storage, files, [this](uint64_t) { return Result<std::string>(cosigned); },
            [this](std::string_view line) { said.emplace_back(line); });
    }
    void grow(uint64_t entries, size_t bytes = 8) {
        std::vector<Bytes> leaves(entries, Bytes(bytes, 1));
        ASSERT_TRUE(log->append(leaves, std::vector<VersionId>(leaves.size(), version_of(1))));
    }
    void step() {
        now = std::max(now, keeper->next_wakeup());
        EXPECT_EQ(keeper->poll(now), 1u);
        EXPECT_EQ(keeper->poll(now), 0u) << "one step at a time";
        while (keeper->next_wakeup() == Instant::never()) {
            storage.run_all();
            files.run_all();
        }
    }
    uint64_t size() const { return *tiles_size(tiles, log->key().name); }
};

TEST(TilesKeeper, WritesWhatIsNewOnceASecond) {
    World w;
    w.step();
    EXPECT_FALSE(fs::exists(w.tiles)) << "the log is empty";
    for (const uint64_t entries : {1, 2, 300}) {
        w.grow(entries);
        const Instant before = w.now;
        w.step();
        EXPECT_EQ(w.size(), w.log->size());
        EXPECT_LE(w.now - before, TilesKeeper::kEvery);
    }
    EXPECT_TRUE(w.said.empty());
}

TEST(TilesKeeper, WritesNothingWhenNothingIsNew) {
    World w;
    w.grow(3);
    w.step();
    const auto written = fs::last_write_time(w.tiles + "/checkpoint");
    w.step();
    EXPECT_EQ(fs::last_write_time(w.tiles + "/checkpoint"), written);
}

TEST(TilesKeeper, AddsCosignaturesThatCameLater) {
    World w;
    w.grow(3);
    w.step();
    const CosignatureKey witness{"witness.example/w", w.signer.self().operational};
    w.cosigned = cosignature_line(witness, 7, {});
    w.step();
    EXPECT_EQ(read_text(w.tiles + "/checkpoint"), *w.log->checkpoint() + w.cosigned);
}

// However large the appends were: a step ends in a tree that was signed.
TEST(TilesKeeper, CatchesUpInBoundedSteps) {
    for (const size_t bytes : {8u, 500u}) {
        World w;
        for (int i = 0; i < 3; ++i) w.grow(TilesKeeper::kStepEntries, bytes);
        uint64_t before = 0;
        for (int steps = 0; w.log->size() > before; ++steps) {
            ASSERT_LT(steps, 3);
            w.step();
            EXPECT_GT(w.size(), before);
            EXPECT_LE(w.size() - before, TilesKeeper::kStepEntries);
            before = w.size();
        }
    }
}

TEST(TilesKeeper, GoesOnWhereItWasAfterARestart) {
    World w;
    w.grow(300);
    w.step();
    const auto written = fs::last_write_time(w.tiles + "/tile/0/000");
    w.restart();
    w.grow(300);
    w.step();
    EXPECT_EQ(w.size(), 600u);
    EXPECT_EQ(fs::last_write_time(w.tiles + "/tile/0/000"), written);
}

TEST(TilesKeeper, WritesEverythingAgainIfTheDirectoryIsRemoved) {
    World w;
    w.grow(300);
    w.step();
    fs::remove_all(w.tiles);
    w.grow(1);
    w.step();
    EXPECT_EQ(w.keeper->next_wakeup() - w.now, TilesKeeper::kAfterFailure);
    w.step();
    EXPECT_EQ(w.size(), 301u);
}

// A file where the directory should be: as a full or read-only disk, an error of the file system.
TEST(TilesKeeper, SaysOnceThatItCannotWriteAndGoesOnWhenItCan) {
    World w;
    write_text(w.tiles, "in the way");
    for (int i = 0; i < 3; ++i) {
        w.grow(1);
        const Instant before = w.now;
        w.step();
        EXPECT_EQ(w.keeper->next_wakeup() - w.now, TilesKeeper::kAfterFailure);
        EXPECT_LE(w.now - before, TilesKeeper::kAfterFailure);
    }
    ASSERT_EQ(w.said.size(), 1u);
    EXPECT_THAT(w.said[0], testing::HasSubstr("tiles are not written: "));
    fs::remove(w.tiles);
    w.step();
    EXPECT_EQ(w.size(), 3u);
    ASSERT_EQ(w.said.size(), 2u);
    EXPECT_EQ(w.said[1], "tiles are written again in " + w.tiles);
}

TEST(TilesKeeper, LeavesTilesOfAnotherLogAlone) {
    World w;
    w.grow(2);
    w.step();
    const std::string theirs = read_text(w.tiles + "/checkpoint");
    const crypto::Signer other = signer_of(3);
    MemoryLogStore store;
    MemoryJournalFile journal;
    w.log = *Log::open(store, journal, other);
    w.restart();
    w.grow(5);
    w.step();
    EXPECT_EQ(read_text(w.tiles + "/checkpoint"), theirs);
    EXPECT_THAT(w.said, testing::ElementsAre(testing::HasSubstr("name another directory")));
}

}  // namespace
}  // namespace aip::ledger
