#include "ledger/entry_proof.hpp"

#include "base/limits.hpp"
#include "fixture.hpp"

namespace aip::ledger {
namespace {

struct Scene {
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer signer;
    std::unique_ptr<Log> log;

    explicit Scene(uint8_t node = 2, uint64_t entries = 40) : signer(signer_of(node)) {
        log = *Log::open(store, journal, signer);
        EXPECT_TRUE(grow(*log, signer, 0, entries));
    }
};

Result<HopStatement> check(const EntryProof& proof) {
    auto v = verifier();
    return verify(proof, v, kNow);
}

TEST(EntryProof, IsBelievedByWhoKnowsTheNetworkRootAlone) {
    Scene scene;
    const Bytes bytes = scene.log->prove(17)->encode();
    const auto proof = EntryProof::parse(bytes);
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->encode(), bytes);
    const auto says = check(*proof);
    ASSERT_TRUE(says) << says.error().text;
    EXPECT_EQ(*says, statement_of(scene.signer, 17));
}

TEST(EntryProof, IsSmall) {
    Scene scene;
    EXPECT_LT(scene.log->prove(17)->encode().size(), 4096u);
}

TEST(EntryProof, ItsTextIsATlogProof) {
    Scene scene(2, 2);
    const EntryProof proof = *scene.log->prove(1);
    const std::string text = tlog_proof_text(proof.index, proof.path, proof.checkpoint, {});
    EXPECT_EQ(text, "c2sp.org/tlog-proof@v1\nindex 1\n" + to_base64(leaf_hash(leaf_of(scene.signer, 0)).view()) +
                        "\n\n" + *scene.log->checkpoint());
    const auto parsed = TlogProof::parse(text);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->extra.empty());
    EXPECT_EQ(parsed->path, proof.path);
}

TEST(EntryProof, RefusesEveryTruncation) {
    Scene scene;
    const Bytes bytes = scene.log->prove(17)->encode();
    for (size_t n = 0; n < bytes.size(); ++n) {
        const auto proof = EntryProof::parse(ByteView(bytes).first(n));
        EXPECT_FALSE(proof && check(*proof)) << n;
    }
}

TEST(EntryProof, RefusesAFlippedBitInEveryByte) {
    Scene scene;
    const Bytes bytes = scene.log->prove(17)->encode();
    for (size_t i = 0; i < bytes.size(); ++i) {
        Bytes bad = bytes;
        bad[i] ^= static_cast<uint8_t>(1 << (i % 8));
        const auto proof = EntryProof::parse(bad);
        EXPECT_FALSE(proof && check(*proof)) << "byte " << i;
    }
}

TEST(EntryProof, RefusesAProofOfAnotherEntry) {
    Scene scene;
    EntryProof proof = *scene.log->prove(17);
    proof.leaf = scene.log->prove(18)->leaf;
    EXPECT_FALSE(check(proof));
    proof = *scene.log->prove(17);
    proof.index = 18;
    EXPECT_FALSE(check(proof));
}

TEST(EntryProof, RefusesACheckpointOfAnotherNode) {
    Scene scene;
    Scene other(3);
    EntryProof proof = *scene.log->prove(17);
    proof.checkpoint = *other.log->checkpoint();
    EXPECT_FALSE(check(proof));
    proof.credential = other.signer.credential();
    EXPECT_FALSE(check(proof));
}

TEST(EntryProof, RefusesALeafThatAnotherNodeSigned) {
    Scene scene;
    const crypto::Signer stranger = signer_of(3);
    ASSERT_TRUE(scene.log->append(std::vector<Bytes>{leaf_of(stranger, 5)}, std::vector{version_of(5)}));
    const auto says = check(*scene.log->prove(40));
    ASSERT_FALSE(says);
    EXPECT_EQ(says.error().code, ErrorCode::kDenied);
}

TEST(EntryProof, RefusesMalformedText) {
    Scene scene(2, 2);
    const std::string good = tlog_proof_text(1, scene.log->prove(1)->path, *scene.log->checkpoint(), {});
    const auto with = [&](const std::string& what, const std::string& instead) {
        std::string text = good;
        return TlogProof::parse(text.replace(text.find(what), what.size(), instead)).has_value();
    };
    EXPECT_TRUE(with("index 1", "index 1"));
    EXPECT_FALSE(with("index 1", "index 01"));
    EXPECT_FALSE(with("index 1", "index"));
    EXPECT_FALSE(with("index 1", "extra \nindex 1"));
    EXPECT_FALSE(with("@v1", "@v2"));
    EXPECT_FALSE(with("=\n\n", "\n\n"));
    std::string many = "c2sp.org/tlog-proof@v1\nindex 1\n";
    for (int i = 0; i < 63; ++i) many += to_base64(Digest{}.view()) + "\n";
    EXPECT_FALSE(TlogProof::parse(many + "\nnote\n")) << "longer than any tree is deep";
    EXPECT_FALSE(EntryProof::parse(Bytes(limits::kEntryProofBytesMax + 1)));
}

TEST(EntryProof, IsRefusedWhenTooLargeToTravel) {
    Scene scene;
    const std::vector<Bytes> leaves{Bytes(limits::kLeafBytesMax, 'x')};
    ASSERT_TRUE(scene.log->append(leaves, std::vector{version_of(50)}));
    EXPECT_EQ(scene.log->prove(40).error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace aip::ledger
