// The vectors of rfc/0004: what is written there is what the code makes, and what it refuses.
#include <nlohmann/json.hpp>

#include "fixture.hpp"
#include "ledger/entry_proof.hpp"
#include "ledger/strict_json.hpp"

namespace aip::ledger {
namespace {

std::string vector_file(const std::string& name) {
    const std::string text = read_text(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0004/" + name);
    EXPECT_FALSE(text.empty()) << name;
    return text;
}

std::string line_of(const std::string& name) {
    std::string text = vector_file(name);
    EXPECT_TRUE(text.ends_with('\n'));
    text.pop_back();
    return text;
}

MerklePath path_of(const nlohmann::json& list) {
    MerklePath path;
    for (const auto& hash : list) path.push_back(*Digest::parse_hex(hash.get<std::string>()));
    return path;
}

struct VectorTree {
    nlohmann::json file = *parse_json(vector_file("merkle.json"));
    std::map<Subtree, Digest> stored;
    std::vector<Digest> leaves;
    std::vector<Digest> roots{empty_root()};

    VectorTree() {
        Frontier tree;
        std::vector<StoredHash> fresh;
        for (const auto& leaf : file["leaves"]) {
            leaves.push_back(leaf_hash(*from_hex(leaf.get<std::string>())));
            tree.append(leaves.back(), fresh);
            roots.push_back(tree.root());
        }
        for (const auto& s : fresh) stored[s.at] = s.hash;
    }
    HashReader reader() const {
        return [this](Subtree at) -> Result<Digest> { return stored.at(at); };
    }
};

TEST(Vectors, MerkleTreesAndProofs) {
    const VectorTree tree;
    ASSERT_EQ(tree.file["roots"].size(), tree.roots.size());
    for (size_t i = 0; i < tree.roots.size(); ++i) EXPECT_EQ(tree.file["roots"][i], tree.roots[i].hex());
    for (const auto& v : tree.file["inclusion"]) {
        const uint64_t index = v["index"];
        const uint64_t size = v["size"];
        EXPECT_EQ(*inclusion_proof(index, size, tree.reader()), path_of(v["path"]));
        EXPECT_TRUE(verify_inclusion(tree.leaves[index], index, size, path_of(v["path"]), tree.roots[size]));
    }
    for (const auto& v : tree.file["consistency"]) {
        const uint64_t old = v["old"];
        const uint64_t size = v["size"];
        EXPECT_EQ(*consistency_proof(old, size, tree.reader()), path_of(v["path"]));
        EXPECT_TRUE(verify_consistency(old, tree.roots[old], size, tree.roots[size], path_of(v["path"])));
    }
}

TEST(Vectors, TheWorkedExample) {
    const crypto::Signer signer = signer_of(2);
    MemoryLogStore store;
    MemoryJournalFile journal;
    const auto log = *Log::open(store, journal, signer);
    ASSERT_TRUE(grow(*log, signer, 0, 7));
    const EntryProof proof = *log->prove(3);
    EXPECT_EQ(line_of("network-root.hex"), network_root().public_key().hex());
    EXPECT_EQ(vector_file("hop.leaf"), as_text(leaf_of(signer, 3)));
    EXPECT_EQ(vector_file("log.checkpoint"), *log->checkpoint());
    EXPECT_EQ(line_of("log.vkey"), log->key().vkey());
    EXPECT_EQ(vector_file("hop.tlog-proof"),
              tlog_proof_text(proof.index, proof.path, proof.checkpoint, proof.credential.view()));
    EXPECT_EQ(line_of("hop.entry-proof.hex"), to_hex(proof.encode()));
}

TEST(Vectors, TheWorkedExampleIsBelieved) {
    crypto::Verifier v(*crypto::PublicKey::parse_hex(line_of("network-root.hex")));
    const auto proof = EntryProof::parse(*from_hex(line_of("hop.entry-proof.hex")));
    ASSERT_TRUE(proof);
    EXPECT_EQ(*verify(*proof, v, kNow), statement_of(signer_of(2), 3));
    const auto envelope = *parse_json(vector_file("hop.leaf"));
    EXPECT_EQ(as_text(*from_base64(envelope["payload"].get<std::string>())), vector_file("hop.statement.json"));
}

TEST(Vectors, ARecordOfTheJournal) {
    const crypto::Signer signer = signer_of(2);
    MemoryLogStore store;
    MemoryJournalFile journal;
    ASSERT_TRUE(grow(**Log::open(store, journal, signer), signer, 0, 1));
    const Bytes record = to_bytes(ByteView(journal.bytes()).subspan(Journal::kPageBytes));  // padded with zeros
    EXPECT_TRUE(to_hex(record).starts_with(line_of("journal-record.hex"))) << to_hex(record);
    EXPECT_EQ(parse_record(record)->sequence, 2u);
}

TEST(Vectors, CheckpointsThatMustBeRefused) {
    const NoteKey key = *NoteKey::parse(line_of("log.vkey"));
    ASSERT_TRUE(open_checkpoint(vector_file("log.checkpoint"), key));
    const nlohmann::json refused = *parse_json(vector_file("refused-checkpoints.json"));
    ASSERT_EQ(refused.size(), 10u);
    for (const auto& v : refused) EXPECT_FALSE(open_checkpoint(v["text"].get<std::string>(), key)) << v["why"];
}

}  // namespace
}  // namespace aip::ledger
