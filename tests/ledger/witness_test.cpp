#include "ledger/witness.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"

namespace aip::ledger {
namespace {

struct TestLog {
    crypto::Signer signer;
    MemoryLogStore store;
    MemoryJournalFile journal;
    std::unique_ptr<Log> log;

    explicit TestLog(uint8_t node = 2) : signer(signer_of(node)) { log = *Log::open(store, journal, signer); }
    // Entries made from another seed than their number make another history.
    void append(uint64_t count, uint64_t seed = 0) {
        for (uint64_t i = 0; i < count; ++i) EXPECT_TRUE(grow(*log, signer, seed + log->size(), 1));
    }
    AddCheckpoint request(uint64_t old_size) const {
        return {old_size, old_size == 0 ? MerklePath{} : *log->consistency(old_size, log->size()), *log->checkpoint()};
    }
};

struct WitnessScene : testing::Test {
    crypto::Signer self = signer_of(5);
    MemoryKvStore disk;
    Witness witness = *Witness::open(disk, self, network_root().public_key());
    TestLog log;

    WitnessAnswer ask(const AddCheckpoint& request, const TestLog& of) {
        auto answer = witness.add_checkpoint(request, of.signer.credential(), kNow);
        EXPECT_TRUE(answer);
        return *answer;
    }
    WitnessStatus status(const AddCheckpoint& request) { return ask(request, log).status; }
    uint64_t held() const { return witness.logs().begin()->second.head.size; }
};

TEST_F(WitnessScene, CosignsALogThatGrows) {
    log.append(3);
    const WitnessAnswer first = ask(log.request(0), log);
    ASSERT_EQ(first.status, WitnessStatus::kCosigned);
    const auto note = Note::parse(*log.log->checkpoint() + first.body);
    ASSERT_TRUE(note);
    EXPECT_EQ(verify_cosignature(*note, witness.key()).value(), 1'760'000'000u);
    EXPECT_EQ(witness.key().name, log_origin(self.self().address));
    log.append(4);
    EXPECT_EQ(status(log.request(3)), WitnessStatus::kCosigned);
    EXPECT_EQ(held(), 7u);
}

TEST_F(WitnessScene, CosignsTheSameCheckpointAgain) {
    log.append(3);
    EXPECT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    EXPECT_EQ(status(log.request(3)), WitnessStatus::kCosigned);
}

TEST_F(WitnessScene, TellsItsSizeToWhoStartsFromAnother) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    log.append(2);
    for (const uint64_t old : {0u, 2u, 4u, 5u}) {
        const WitnessAnswer answer = ask(log.request(old), log);
        EXPECT_EQ(answer.status, WitnessStatus::kConflict) << old;
        EXPECT_EQ(answer.body, "3\n");
        EXPECT_FALSE(answer.caught);
    }
    EXPECT_EQ(held(), 3u);
}

// The race of tlog-witness: two requests were both right when they were made.
TEST_F(WitnessScene, OfTwoRequestsFromOneSizeOnlyOneIsCosigned) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    log.append(1);
    const AddCheckpoint a = log.request(3);
    log.append(4);
    const AddCheckpoint b = log.request(3);
    EXPECT_EQ(status(b), WitnessStatus::kCosigned);
    EXPECT_EQ(status(a), WitnessStatus::kConflict);
    EXPECT_EQ(held(), 8u) << "nothing was rolled back";
}

TEST_F(WitnessScene, RefusesALogThatIsNotTheSignersOwn) {
    log.append(3);
    const TestLog other(3);
    const auto answer = witness.add_checkpoint(log.request(0), other.signer.credential(), kNow);
    EXPECT_EQ(answer->status, WitnessStatus::kUnknownLog);
    crypto::CredentialBytes forged = log.signer.credential();
    forged.bytes[60] ^= 1;
    EXPECT_EQ(witness.add_checkpoint(log.request(0), forged, kNow)->status, WitnessStatus::kUnknownLog);
    EXPECT_TRUE(witness.logs().empty());
}

TEST_F(WitnessScene, RefusesItsOwnLog) {
    TestLog own(5);
    own.append(1);
    EXPECT_EQ(ask(own.request(0), own).status, WitnessStatus::kUnknownLog);
}

TEST_F(WitnessScene, RefusesABadSignature) {
    log.append(3);
    AddCheckpoint request = log.request(0);
    const std::string text = Note::parse(request.checkpoint)->text;
    request.checkpoint = signed_note(text, log.log->key(), key_of(99).sign(as_bytes(text)));
    EXPECT_EQ(status(request), WitnessStatus::kBadSignature);
    request.checkpoint =
        signed_note(text, {log.log->key().name, key_of(99).public_key()}, key_of(99).sign(as_bytes(text)));
    EXPECT_EQ(status(request), WitnessStatus::kBadSignature) << "by an unknown key alone";
    EXPECT_TRUE(disk.durable().empty());
}

TEST_F(WitnessScene, RefusesAnOldSizeAboveTheCheckpoints) {
    log.append(3);
    AddCheckpoint request = log.request(0);
    request.old_size = 4;
    EXPECT_EQ(status(request), WitnessStatus::kMalformed);
    request.checkpoint = "nonsense";
    EXPECT_EQ(status(request), WitnessStatus::kMalformed);
}

TEST_F(WitnessScene, RefusesABadProof) {
    log.append(3);
    AddCheckpoint request = log.request(0);
    request.proof = {Digest{}};
    EXPECT_EQ(status(request), WitnessStatus::kBadProof) << "from size 0 there is none";
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    log.append(4);
    request = log.request(3);
    request.proof[0].bytes[0] ^= 1;
    const WitnessAnswer answer = ask(request, log);
    EXPECT_EQ(answer.status, WitnessStatus::kBadProof);
    EXPECT_FALSE(answer.caught) << "garbage proves nothing";
    request.proof.clear();
    EXPECT_EQ(status(request), WitnessStatus::kBadProof);
    EXPECT_EQ(held(), 3u);
}

TEST_F(WitnessScene, CatchesAnotherRootAtTheSameSize) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    TestLog twin;
    twin.append(3, 100);
    for (const uint64_t old : {0u, 3u}) {
        const WitnessAnswer answer = ask(twin.request(old), twin);
        EXPECT_EQ(answer.status, WitnessStatus::kConflict);
        ASSERT_TRUE(answer.caught);
        const auto verdict = verify(ForkProof{*answer.caught}, network_root().public_key());
        ASSERT_TRUE(verdict) << verdict.error().text;
        EXPECT_EQ(verdict->offender, log.signer.self().address);
    }
}

TEST_F(WitnessScene, CatchesATreeThatGrewFromAnother) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    TestLog twin;
    twin.append(9, 100);
    const WitnessAnswer answer = ask(twin.request(3), twin);
    EXPECT_EQ(answer.status, WitnessStatus::kBadProof);
    ASSERT_TRUE(answer.caught);
    EXPECT_TRUE(verify(ForkProof{*answer.caught}, network_root().public_key()));
    EXPECT_EQ(held(), 3u);
}

TEST_F(WitnessScene, RemembersAfterAPowerCut) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    disk.crash();
    Witness again = *Witness::open(disk, self, network_root().public_key());
    EXPECT_EQ(again.logs().at(log.log->key().name).head.root, log.log->root());
    EXPECT_EQ(again.add_checkpoint(log.request(0), log.signer.credential(), kNow)->body, "3\n");
}

struct FullDisk final : KvStore {
    Result<std::optional<std::string>> get(const std::string&) override { return std::optional<std::string>(); }
    Result<void> write(const KvBatch&, bool durable) override {
        EXPECT_TRUE(durable);
        return Error{ErrorCode::kNoSpace, "disk full"};
    }
    Result<std::vector<std::pair<std::string, std::string>>> scan(const std::string&) override {
        return std::vector<std::pair<std::string, std::string>>();
    }
};

TEST_F(WitnessScene, CosignsNothingThatItCouldNotWriteDown) {
    log.append(3);
    FullDisk full;
    Witness w = *Witness::open(full, self, network_root().public_key());
    EXPECT_EQ(w.add_checkpoint(log.request(0), log.signer.credential(), kNow).error().code, ErrorCode::kNoSpace);
    EXPECT_TRUE(w.logs().empty());
}

TEST_F(WitnessScene, RefusesToStartOnDamagedState) {
    KvBatch batch;
    batch.put("witness/aipacket.x", "short");
    ASSERT_TRUE(disk.write(batch, true));
    EXPECT_EQ(Witness::open(disk, self, network_root().public_key()).error().code, ErrorCode::kCorrupt);
}

TEST_F(WitnessScene, FollowsALogWhoseKeyWasChanged) {
    log.append(3);
    ASSERT_EQ(status(log.request(0)), WitnessStatus::kCosigned);
    log.log.reset();
    const crypto::Signer renewed = signer_of(2, 77);
    const auto again = *Log::open(log.store, log.journal, renewed);
    ASSERT_TRUE(grow(*again, renewed, 3, 2));
    const AddCheckpoint request{3, *again->consistency(3, 5), *again->checkpoint()};
    EXPECT_EQ(witness.add_checkpoint(request, renewed.credential(), kNow)->status, WitnessStatus::kCosigned);
}

TEST(AddCheckpoint, IsTheTextOfTheSpecification) {
    const std::string example =
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "\xe2\x80\x94 example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    const auto request = AddCheckpoint::parse(example);
    ASSERT_TRUE(request) << request.error().text;
    EXPECT_EQ(request->old_size, 20852014u);
    EXPECT_EQ(request->proof.size(), 4u);
    EXPECT_TRUE(Note::parse(request->checkpoint));
    EXPECT_EQ(request->text(), example);
    for (size_t n = 0; n < example.size(); ++n) {
        const auto cut = AddCheckpoint::parse(example.substr(0, n));
        EXPECT_FALSE(cut && Note::parse(cut->checkpoint)) << n;
    }
}

TEST(AddCheckpoint, RefusesMoreThan63HashesAndWhatTwoParsersCouldReadDifferently) {
    const std::string hash = to_base64(Digest{}.view()) + "\n";
    std::string many = "old 1\n";
    for (int i = 0; i < 63; ++i) many += hash;
    EXPECT_TRUE(AddCheckpoint::parse(many + "\nnote\n"));
    EXPECT_FALSE(AddCheckpoint::parse(many + hash + "\nnote\n"));
    for (const char* bad :
         {"old 01\n\nnote\n", "old -1\n\nnote\n", "Old 1\n\nnote\n", "old 1\r\n\nnote\n", "old 1\n\n"})
        EXPECT_FALSE(AddCheckpoint::parse(bad)) << bad;
    EXPECT_FALSE(AddCheckpoint::parse("old 1\n\n" + std::string(limits::kWitnessRequestMax, 'x')));
}

}  // namespace
}  // namespace aip::ledger
