#include "ledger/log_check.hpp"

#include "base/random.hpp"
#include "fixture.hpp"
#include "ledger/key_history.hpp"

namespace aip::ledger {
namespace {

constexpr uint64_t kEntries = 40;

struct World {
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer = signer_of(2);
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);
    crypto::Verifier known = verifier();

    World() {
        for (uint64_t n = 0, group = 1; n < kEntries; n += group, group = group % 7 + 1)
            EXPECT_TRUE(grow(*log, signer, n, std::min(group, kEntries - n)));
    }
    LogCheck check() {
        LogCheck check(store, &known, log->key());
        while (!check.step(16)) {}
        return check;
    }
};

TEST(LogCheck, ReadsAllOfAGoodLogInBoundedSteps) {
    World w;
    LogCheck check(w.store, &w.known, w.log->key());
    int steps = 1;
    for (; !check.step(16); ++steps) EXPECT_EQ(check.entries(), 16u * static_cast<uint64_t>(steps));
    EXPECT_EQ(steps, 3);
    EXPECT_EQ(check.entries(), kEntries);
    EXPECT_EQ(check.checkpoints(), 12u);
    EXPECT_EQ(check.problems(), 0u) << check.first_problems()[0];
    ASSERT_TRUE(grow(*w.log, w.signer, kEntries, 5));
    EXPECT_FALSE(check.step(16)) << "another round";
    while (!check.step(16)) {}
    EXPECT_EQ(check.entries(), kEntries + 5);
}

TEST(LogCheck, OfAnEmptyLogFindsNothing) {
    MemoryLogStore store;
    LogCheck check(store, nullptr, std::nullopt);
    EXPECT_TRUE(check.step(1));
    EXPECT_EQ(check.problems(), 0u);
}

TEST(LogCheck, FindsACheckpointByAKeyThatWasRetired) {
    MemoryLogStore store;
    MemoryJournalFile journal;
    const crypto::Signer before = signer_of(2), after = signer_of(2, 77);
    std::unique_ptr<Log> log;
    for (const crypto::Signer* signer : {&before, &after}) {
        log = *Log::open(store, journal, *signer);
        ASSERT_TRUE(record_key(*log, *signer, "", "aipacketd/0.1.0", kNow));
    }
    crypto::Verifier known = verifier();
    const auto problems = [&](const NoteKey& current) {
        LogCheck check(store, &known, current);
        while (!check.step(16)) {}
        return check.first_problems();
    };
    EXPECT_EQ(problems(log->key()), std::vector<std::string>());
    const NoteKey newest = log->key();
    log = *Log::open(store, journal, before);  // signs the tree of two entries with the old key
    EXPECT_EQ(problems(newest),
              std::vector<std::string>{"the checkpoint of size 2: signed by a key that was not valid then"});
}

TEST(LogCheck, ListsEveryDamagedEntryAndGoesOn) {
    World w;
    w.store.flip_leaf(3);
    w.store.flip_leaf(27);
    const LogCheck check = w.check();
    ASSERT_GE(check.problems(), 2u);
    EXPECT_EQ(check.first_problems().front(), "entry 3 is not what its hash says");
    EXPECT_EQ(check.entries(), kEntries);
}

// Of a leaf, a hash, a checkpoint or the index; says which.
std::string flip_random_bit(MemoryLogStore::State& stored, Rng& rng) {
    const auto flip = [&](auto& bytes) {
        const size_t bit = rng.below(8 * bytes.size());
        bytes[bit / 8] = static_cast<std::remove_reference_t<decltype(bytes[0])>>(bytes[bit / 8] ^ (1 << bit % 8));
    };
    const auto any = [&](auto& map) { return std::next(map.begin(), static_cast<ptrdiff_t>(rng.below(map.size()))); };
    switch (rng.below(4)) {
        case 0: {
            const size_t index = rng.below(stored.leaves.size());
            flip(stored.leaves[index]);
            return "leaf " + std::to_string(index);
        }
        case 1: {
            const auto at = any(stored.hashes);
            flip(at->second.bytes);
            return "hash " + std::to_string(at->first.level) + "/" + std::to_string(at->first.index);
        }
        case 2: {
            const auto at = any(stored.checkpoints);
            flip(at->second);
            return "checkpoint " + std::to_string(at->first);
        }
        default: {
            auto entry = stored.index.extract(any(stored.index));
            flip(entry.key().bytes);
            stored.index.insert(std::move(entry));
            return "the index";
        }
    }
}

// Any single bit of anything that is stored: found by the check; refused when it would be shown, or before the next
// signature if it is part of what that stands on.
TEST(LogCheck, FindsAnySingleFlippedBit) {
    World w;
    std::vector<EntryProof> proofs;
    for (uint64_t n = 0; n < kEntries; ++n) proofs.push_back(*w.log->prove(n));
    SeededRng rng(4);
    for (int round = 0; round < 200; ++round) {
        MemoryLogStore damaged = w.store;
        const std::string what = flip_random_bit(damaged.stored(), rng);
        LogCheck check(damaged, &w.known, w.log->key());
        while (!check.step(64)) {}
        EXPECT_GT(check.problems(), 0u) << what;

        MemoryJournalFile journal = w.journal;
        const auto log = Log::open(damaged, journal, w.signer);
        if (!log) continue;  // found before the next signature
        for (uint64_t n = 0; n < kEntries; ++n) {
            const auto leaf = (*log)->leaf(n);
            EXPECT_TRUE(!leaf || *leaf == proofs[n].leaf) << what << ": a damaged entry was shown";
            const auto proof = (*log)->prove(n);
            EXPECT_TRUE(!proof || *proof == proofs[n]) << what << ": a damaged proof was shown";
        }
    }
}

TEST(LogCheck, KnowsTheKeysOfEarlierEntries) {
    World w;
    const crypto::Signer renewed = signer_of(2, 77);
    w.log = *Log::open(w.store, w.journal, renewed);
    ASSERT_TRUE(grow(*w.log, renewed, kEntries, 1));
    const LogCheck check = w.check();
    EXPECT_EQ(check.problems(), 0u) << check.first_problems()[0];
}

TEST(LogCheck, WithoutAVerifierChecksAllButSignatures) {
    World w;
    LogCheck check(w.store, nullptr, std::nullopt);
    while (!check.step(64)) {}
    EXPECT_EQ(check.problems(), 0u);
}

}  // namespace
}  // namespace aip::ledger
