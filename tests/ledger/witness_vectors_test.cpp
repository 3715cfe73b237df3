// The vectors of rfc/0014, and the size of a proof that carries cosignatures.
#include "fixture.hpp"
#include "ledger/policy.hpp"
#include "ledger/witness.hpp"

namespace aip::ledger {
namespace {

std::string vector_file(const std::string& name) {
    return read_text(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0014/" + name);
}

struct Twin {
    crypto::Signer signer = signer_of(2);
    MemoryLogStore store;
    MemoryJournalFile journal;
    std::unique_ptr<Log> log = *Log::open(store, journal, signer);

    Twin(uint64_t first, uint64_t count) { EXPECT_TRUE(grow(*log, signer, first, count)); }
    CertifiedHead head() const { return {signer.credential(), *SignedHead::from(*log->checkpoint(), log->key())}; }
};

// Logs of 3 and of 7 entries, the larger grown from the smaller; witnesses 5, 6 and 7.
TEST(Vectors, OfRfc0014AreWhatWeWriteAndRead) {
    Twin log(0, 3);
    const CertifiedHead three = log.head();
    ASSERT_TRUE(grow(*log.log, log.signer, 3, 4));
    const AddCheckpoint request{3, *log.log->consistency(3, 7), *log.log->checkpoint()};
    EXPECT_EQ(vector_file("request.txt"), request.text());
    EXPECT_EQ(AddCheckpoint::parse(vector_file("request.txt")).value(), request);

    std::string cosigned = request.checkpoint;
    std::string vkey;
    std::string policy = "log " + log.log->key().vkey() + "\n";
    for (const uint8_t node : {5, 6, 7}) {
        const crypto::Signer signer = signer_of(node);
        MemoryKvStore disk;
        Witness witness = *Witness::open(disk, signer, network_root().public_key());
        policy += "witness w" + std::to_string(node) + " " + witness.key().vkey() + "\n";
        if (node == 7) continue;
        ASSERT_TRUE(witness.add_checkpoint({0, {}, three.head.note(log.log->key())}, log.signer.credential(), kNow));
        cosigned += witness.add_checkpoint(request, log.signer.credential(), kNow)->body;
        if (node == 5) vkey = witness.key().vkey() + "\n";
    }
    policy += "group two-of-three 2 w5 w6 w7\nquorum two-of-three\n";
    EXPECT_EQ(vector_file("witness.vkey"), vkey);
    EXPECT_EQ(vector_file("cosigned.checkpoint"), cosigned);
    EXPECT_EQ(vector_file("two-of-three.policy"), policy);
    EXPECT_TRUE(check_policy(*Policy::parse(policy), vector_file("cosigned.checkpoint")));
    EXPECT_FALSE(check_policy(*Policy::parse(policy), request.checkpoint));

    const crypto::PublicKey root = network_root().public_key();
    const ForkProof same{*contradiction(three, Twin(100, 3).head())};
    EXPECT_EQ(vector_file("same-size.fork-proof"), same.text(root));
    Twin other(100, 7);
    const Digest then = *tree_root(3, [&](Subtree at) { return other.store.hash(at); });
    const ForkProof larger{{three, other.head(), then, *other.log->consistency(3, 7)}};
    EXPECT_EQ(vector_file("larger.fork-proof"), larger.text(root));
    for (const char* name : {"same-size.fork-proof", "larger.fork-proof"})
        EXPECT_TRUE(verify(*ForkProof::parse(vector_file(name)), root));
}

// All leaves are the same entry, so that a tree of a million is a hash for each level.
TEST(EntryProof, WithThreeCosignaturesInALogOfAMillionIsTwoKilobytes) {
    constexpr uint64_t kSize = 1'000'000;
    const crypto::Signer signer = signer_of(2);
    EntryProof proof;
    proof.leaf = leaf_of(signer, 3);
    std::array<Digest, 21> levels{leaf_hash(proof.leaf)};
    for (size_t i = 1; i < levels.size(); ++i) levels[i] = node_hash(levels[i - 1], levels[i - 1]);
    const HashReader read = [&](Subtree at) -> Result<Digest> { return levels.at(at.level); };
    proof.index = 123'456;
    proof.path = *inclusion_proof(proof.index, kSize, read);
    proof.credential = signer.credential();
    const NoteKey key{log_origin(signer.self().address), signer.self().operational};
    const std::string text = Checkpoint{key.name, kSize, *tree_root(kSize, read)}.text();
    proof.checkpoint = signed_note(text, key, signer.sign_raw(as_bytes(text)));
    std::string policy = "log " + key.vkey() + "\n";
    for (const uint8_t node : {5, 6, 7}) {
        const crypto::Signer by = signer_of(node);
        const CosignatureKey witness{log_origin(by.self().address), by.self().operational};
        const uint64_t seconds = 1'760'000'000;
        proof.checkpoint += cosignature_line(witness, seconds, by.sign_raw(as_bytes(cosigned_message(text, seconds))));
        policy += "witness w" + std::to_string(node) + " " + witness.vkey() + "\n";
    }
    policy += "group g 3 w5 w6 w7\nquorum g\n";
    EXPECT_LE(tlog_proof_text(proof.index, proof.path, proof.checkpoint, proof.credential.view()).size(), 2048u);
    const auto parsed = EntryProof::parse(proof.encode());
    ASSERT_TRUE(parsed);
    auto v = verifier();
    EXPECT_TRUE(verify(*parsed, v, kNow));
    EXPECT_TRUE(check_policy(*Policy::parse(policy), parsed->checkpoint));
}

}  // namespace
}  // namespace aip::ledger
