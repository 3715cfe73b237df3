#include "ledger/scrubber.hpp"

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
    std::vector<std::string> said;
    Instant now;
    Scrubber scrubber{LogCheck(store, nullptr, std::nullopt), storage, now,
                      [this](std::string_view line) { said.emplace_back(line); }};

    void grow_to(uint64_t size) {
        std::vector<Bytes> leaves(size - log->size(), Bytes(8, 1));
        ASSERT_TRUE(log->append(leaves, std::vector<VersionId>(leaves.size(), version_of(1))));
    }
    // How many steps it takes in a day.
    int a_day() {
        int steps = 0;
        const Instant end = now + Scrubber::kRound;
        for (; scrubber.next_wakeup() < end; ++steps) {
            now = scrubber.next_wakeup();
            EXPECT_EQ(scrubber.poll(now), 1u);
            EXPECT_EQ(scrubber.poll(now), 0u) << "one step at a time";
            storage.run_all();
        }
        now = end;
        return steps;
    }
};

TEST(Scrubber, CoversTheLogOnceADayInSmallSteps) {
    World w;
    w.grow_to(1000);
    const int steps = w.a_day();
    EXPECT_GE(w.scrubber.rounds(), 1u);
    EXPECT_GE(steps, 1000 / 64);
    EXPECT_LE(steps, 2 * 1000 / 64);
    w.a_day();
    EXPECT_GE(w.scrubber.rounds(), 2u);
    EXPECT_TRUE(w.said.empty());
}

TEST(Scrubber, LeavesASmallLogAloneMostOfTheDay) {
    World w;
    w.grow_to(5);
    EXPECT_LE(w.a_day(), 2);
}

TEST(Scrubber, SaysWhatItFoundAndGoesOn) {
    World w;
    w.grow_to(200);
    w.store.flip_leaf(77);
    w.a_day();
    EXPECT_EQ(w.scrubber.damaged(), 1u);
    ASSERT_GE(w.said.size(), 2u);
    EXPECT_EQ(w.said[0], "ledger is damaged: entry 77 is not what its hash says");
    EXPECT_NE(w.said[1].find("restore"), std::string::npos);
}

}  // namespace
}  // namespace aip::ledger
