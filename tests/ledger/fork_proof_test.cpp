#include "ledger/fork_proof.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"
#include "ledger/checkpoint_book.hpp"

namespace aip::ledger {
namespace {

struct Branch {
    crypto::Signer signer;
    MemoryLogStore store;
    MemoryJournalFile journal;
    std::unique_ptr<Log> log;

    Branch(uint64_t entries, uint64_t seed, uint8_t node = 2, uint8_t operational = 0)
        : signer(signer_of(node, operational)) {
        log = *Log::open(store, journal, signer);
        if (entries > 0) append(entries, seed);
    }
    void append(uint64_t count, uint64_t seed) { EXPECT_TRUE(grow(*log, signer, seed, count)); }
    CertifiedHead head() const { return {signer.credential(), *SignedHead::from(*log->checkpoint(), log->key())}; }
};

const crypto::PublicKey kRootKey = network_root().public_key();

ForkProof of_unequal_sizes() {
    const Branch a(5, 0);
    const Branch b(12, 100);
    const MerklePath path = *b.log->consistency(5, 12);
    return {
        {a.head(), b.head(), *tree_root(5, [&b](Subtree at) { return const_cast<Branch&>(b).store.hash(at); }), path}};
}

TEST(ForkProof, TwoRootsOfOneSizeProveIt) {
    const auto what = contradiction(Branch(5, 0).head(), Branch(5, 100).head());
    ASSERT_TRUE(what);
    const auto verdict = verify(ForkProof{*what}, kRootKey);
    ASSERT_TRUE(verdict) << verdict.error().text;
    EXPECT_EQ(verdict->offender, signer_of(2).self().address);
    EXPECT_LT(verdict->validity.not_before, kNow);
    EXPECT_LT(kNow, verdict->validity.not_after);
}

TEST(ForkProof, ALargerTreeThatDidNotGrowFromTheSmallerProvesIt) { EXPECT_TRUE(verify(of_unequal_sizes(), kRootKey)); }

TEST(ForkProof, AnHonestLogProvesNothing) {
    Branch log(5, 0);
    const CertifiedHead older = log.head();
    EXPECT_FALSE(contradiction(older, older));
    log.append(7, 5);
    EXPECT_FALSE(contradiction(older, log.head()));
    const ForkProof proof{{older, log.head(), older.head.root, *log.log->consistency(5, 12)}};
    EXPECT_EQ(verify(proof, kRootKey).error().code, ErrorCode::kDenied);
    ForkProof lie = proof;
    lie.what.root_then.bytes[0] ^= 1;
    EXPECT_FALSE(verify(lie, kRootKey));
    lie = ForkProof{{older, older, older.head.root, {}}};
    EXPECT_FALSE(verify(lie, kRootKey));
}

TEST(ForkProof, CheckpointsOfTwoNodesProveNothing) {
    const Branch a(5, 0);
    const Branch b(5, 100, 3);
    EXPECT_FALSE(verify(ForkProof{{a.head(), b.head(), b.log->root(), {}}}, kRootKey));
}

TEST(ForkProof, AKeyThatWasChangedInBetweenIsNoExcuse) {
    const Branch a(5, 0);
    const Branch b(5, 100, 2, 77);
    EXPECT_TRUE(verify(ForkProof{{a.head(), b.head(), b.log->root(), {}}}, kRootKey));
}

TEST(ForkProof, AnotherNetworksRootKeyDoesNotBelieveIt) {
    EXPECT_FALSE(verify(of_unequal_sizes(), key_of(50).public_key()));
}

TEST(ForkProof, ItsTextIsReadBackTheSame) {
    for (const ForkProof& proof :
         {of_unequal_sizes(), ForkProof{*contradiction(Branch(5, 0).head(), Branch(5, 100).head())}}) {
        const std::string text = proof.text(kRootKey);
        const auto parsed = ForkProof::parse(text);
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_EQ(*parsed, proof);
        EXPECT_EQ(parsed->text(kRootKey), text);
        EXPECT_LT(text.size(), 2048u);
    }
}

TEST(ForkProof, RefusesAFlippedBitInEveryByte) {
    const std::string text = of_unequal_sizes().text(kRootKey);
    for (size_t i = 0; i < text.size(); ++i) {
        std::string bad = text;
        bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
        const auto proof = ForkProof::parse(bad);
        EXPECT_FALSE(proof && verify(*proof, kRootKey)) << "byte " << i;
    }
}

TEST(ForkProof, RefusesEveryTruncationAndWhatFollowsIt) {
    const std::string text = of_unequal_sizes().text(kRootKey);
    for (size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(ForkProof::parse(text.substr(0, n))) << n;
    EXPECT_FALSE(ForkProof::parse(text + "\n"));
    EXPECT_FALSE(ForkProof::parse(text + "more\n"));
    EXPECT_FALSE(ForkProof::parse(std::string(limits::kForkProofBytesMax + 1, 'x')));
}

TEST(CheckpointBook, LearnsWhatIsNewAndKnowsItAgain) {
    CheckpointBook book;
    Branch log(3, 0);
    const crypto::Principal node = log.signer.self();
    using What = CheckpointBook::What;
    EXPECT_EQ(book.learn(node, log.head())->what, What::kNewest);
    EXPECT_EQ(book.learn(node, log.head())->what, What::kKnown);
    const CertifiedHead three = log.head();
    log.append(2, 3);
    const CertifiedHead five = log.head();
    log.append(2, 5);
    EXPECT_EQ(book.learn(node, log.head())->what, What::kNewest);
    EXPECT_EQ(book.learn(node, five)->what, What::kNew);
    EXPECT_EQ(book.learn(node, three)->what, What::kKnown);
    EXPECT_EQ(book.logs().at(node.address).heads.size(), 3u);
    EXPECT_EQ(book.news(), 2u);
}

TEST(CheckpointBook, RefusesWhatTheNodeDidNotSign) {
    CheckpointBook book;
    const Branch log(3, 0);
    CertifiedHead bad = log.head();
    bad.head.size = 4;
    EXPECT_EQ(book.learn(log.signer.self(), bad).error().code, ErrorCode::kDenied);
    EXPECT_EQ(book.learn(signer_of(3).self(), log.head()).error().code, ErrorCode::kDenied);
    EXPECT_TRUE(book.logs().empty());
}

TEST(CheckpointBook, CatchesTwoRootsOfOneSize) {
    CheckpointBook book;
    const Branch a(3, 0);
    const Branch b(3, 100);
    ASSERT_TRUE(book.learn(a.signer.self(), a.head()));
    const auto learned = book.learn(b.signer.self(), b.head());
    ASSERT_EQ(learned->what, CheckpointBook::What::kFork);
    EXPECT_TRUE(verify(ForkProof{*learned->fork}, kRootKey));
}

TEST(CheckpointBook, BranchesThatGrowMeetAtSomeSize) {
    CheckpointBook book;
    Branch a(3, 0);
    ASSERT_TRUE(book.learn(a.signer.self(), a.head()));
    a.append(1, 3);
    ASSERT_TRUE(book.learn(a.signer.self(), a.head()));
    const Branch b(3, 100);
    EXPECT_EQ(book.learn(b.signer.self(), b.head())->what, CheckpointBook::What::kFork) << "a shorter branch";
}

TEST(CheckpointBook, KeepsTheNewestSizesOnly) {
    CheckpointBook book;
    Branch log(1, 0);
    const CertifiedHead first = log.head();
    for (uint64_t n = 1; n < 20; ++n) {
        ASSERT_TRUE(book.learn(log.signer.self(), log.head()));
        log.append(1, n);
    }
    const auto& heads = book.logs().at(log.signer.self().address).heads;
    EXPECT_EQ(heads.size(), limits::kBookHeadsMax);
    EXPECT_EQ(heads.rbegin()->first, 19u);
    EXPECT_EQ(book.learn(log.signer.self(), first)->what, CheckpointBook::What::kKnown) << "too old to keep";
}

}  // namespace
}  // namespace aip::ledger
