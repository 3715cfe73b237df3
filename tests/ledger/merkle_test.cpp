#include "ledger/merkle.hpp"

#include <gtest/gtest.h>

#include <map>

namespace aip::ledger {
namespace {

constexpr uint64_t kSizes = 130;

// RFC 6962's definition of a tree's hash, straight from section 2.1.
Digest defined_root(std::span<const Digest> leaves) {
    if (leaves.empty()) return empty_root();
    if (leaves.size() == 1) return leaves[0];
    size_t k = 1;
    while (2 * k < leaves.size()) k *= 2;
    return node_hash(defined_root(leaves.first(k)), defined_root(leaves.subspan(k)));
}

struct Tree {
    Frontier frontier;
    std::map<Subtree, Digest> stored;
    std::vector<Digest> leaves;
    std::vector<Digest> roots{empty_root()};  // by size
    mutable uint64_t reads = 0;

    void add(const Digest& leaf) {
        std::vector<StoredHash> fresh;
        frontier.append(leaf, fresh);
        for (const auto& s : fresh) EXPECT_TRUE(stored.emplace(s.at, s.hash).second) << "a subtree was stored twice";
        leaves.push_back(leaf);
        roots.push_back(frontier.root());
    }
    HashReader reader() const {
        return [this](Subtree at) -> Result<Digest> {
            ++reads;
            const auto it = stored.find(at);
            if (it == stored.end()) return Error{ErrorCode::kNotFound, "not stored"};
            return it->second;
        };
    }
};

Tree tree_of(uint64_t size) {
    Tree tree;
    for (uint64_t i = 0; i < size; ++i) tree.add(leaf_hash(as_bytes("leaf " + std::to_string(i))));
    return tree;
}

TEST(Merkle, GivesTheRootsOfTheCertificateTransparencyTestTree) {
    const std::vector<std::string> inputs{
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
    const std::vector<std::string> roots{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    EXPECT_EQ(empty_root().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Tree tree;
    for (size_t i = 0; i < inputs.size(); ++i) {
        tree.add(leaf_hash(*from_hex(inputs[i])));
        EXPECT_EQ(tree.frontier.root().hex(), roots[i]);
    }
}

TEST(Merkle, GivesTheDefinedRootAtEverySize) {
    Tree tree;
    for (uint64_t size = 1; size <= kSizes; ++size) {
        tree.add(leaf_hash(as_bytes(std::to_string(size))));
        EXPECT_EQ(tree.frontier.root(), defined_root(tree.leaves));
        const auto loaded = Frontier::load(size, tree.reader());
        ASSERT_TRUE(loaded);
        EXPECT_EQ(loaded->root(), tree.frontier.root());
    }
}

TEST(Merkle, AFrontierReadFromStoredHashesGrowsLikeTheOriginal) {
    Tree tree = tree_of(77);
    auto loaded = *Frontier::load(50, tree.reader());
    std::vector<StoredHash> fresh;
    for (uint64_t i = 50; i < 77; ++i) loaded.append(tree.leaves[i], fresh);
    EXPECT_EQ(loaded.root(), tree.frontier.root());
    for (const auto& s : fresh) EXPECT_EQ(tree.stored.at(s.at), s.hash);
}

TEST(Merkle, ProvesEveryEntryOfEverySize) {
    const Tree tree = tree_of(kSizes);
    for (uint64_t size = 1; size <= kSizes; ++size) {
        for (uint64_t index = 0; index < size; ++index) {
            const auto path = inclusion_proof(index, size, tree.reader());
            ASSERT_TRUE(path);
            ASSERT_TRUE(verify_inclusion(tree.leaves[index], index, size, *path, tree.roots[size]));
        }
    }
}

TEST(Merkle, ProvesEveryGrowth) {
    const Tree tree = tree_of(kSizes);
    for (uint64_t size = 1; size <= kSizes; ++size) {
        for (uint64_t old = 1; old <= size; ++old) {
            const auto path = consistency_proof(old, size, tree.reader());
            ASSERT_TRUE(path);
            ASSERT_TRUE(verify_consistency(old, tree.roots[old], size, tree.roots[size], *path)) << old << " " << size;
        }
    }
}

// The example tree of RFC 6962 section 2.1.3: seven leaves, d0 proven by [b, h, l] and so on.
TEST(Merkle, GivesTheProofsOfTheStandardsExample) {
    const Tree tree = tree_of(7);
    const auto at = [&](uint8_t level, uint64_t index) { return tree.stored.at({level, index}); };
    const Digest l = node_hash(at(1, 2), at(0, 6));
    EXPECT_EQ(*inclusion_proof(0, 7, tree.reader()), (MerklePath{at(0, 1), at(1, 1), l}));
    EXPECT_EQ(*inclusion_proof(3, 7, tree.reader()), (MerklePath{at(0, 2), at(1, 0), l}));
    EXPECT_EQ(*inclusion_proof(4, 7, tree.reader()), (MerklePath{at(0, 5), at(0, 6), at(2, 0)}));
    EXPECT_EQ(*inclusion_proof(6, 7, tree.reader()), (MerklePath{at(1, 2), at(2, 0)}));
    EXPECT_EQ(*consistency_proof(3, 7, tree.reader()), (MerklePath{at(0, 2), at(0, 3), at(1, 0), l}));
    EXPECT_EQ(*consistency_proof(4, 7, tree.reader()), (MerklePath{l}));
    EXPECT_EQ(*consistency_proof(6, 7, tree.reader()), (MerklePath{at(1, 2), at(0, 6), at(2, 0)}));
}

TEST(Merkle, ReadsFewHashesForAProof) {
    const Tree tree = tree_of(5000);
    for (const uint64_t index : {uint64_t{0}, uint64_t{2500}, uint64_t{4999}}) {
        tree.reads = 0;
        ASSERT_TRUE(inclusion_proof(index, 5000, tree.reader()));
        EXPECT_LE(tree.reads, 2u * 13);
    }
}

TEST(Merkle, RefusesEverySingleWrongThingInAnInclusionProof) {
    const Tree tree = tree_of(21);
    for (uint64_t index = 0; index < 21; ++index) {
        const MerklePath good = *inclusion_proof(index, 21, tree.reader());
        const Digest& root = tree.roots[21];
        const Digest& leaf = tree.leaves[index];
        for (size_t i = 0; i < good.size(); ++i) {
            for (size_t bit = 0; bit < 256; bit += 17) {
                MerklePath bad = good;
                bad[i].bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
                EXPECT_FALSE(verify_inclusion(leaf, index, 21, bad, root));
            }
            MerklePath shorter = good;
            shorter.erase(shorter.begin() + static_cast<long>(i));
            EXPECT_FALSE(verify_inclusion(leaf, index, 21, shorter, root));
            MerklePath longer = good;
            longer.insert(longer.begin() + static_cast<long>(i), good[i]);
            EXPECT_FALSE(verify_inclusion(leaf, index, 21, longer, root));
        }
        for (uint64_t other = 0; other < 22; ++other)
            EXPECT_EQ(verify_inclusion(leaf, other, 21, good, root).has_value(), other == index);
        EXPECT_FALSE(verify_inclusion(tree.leaves[(index + 1) % 21], index, 21, good, root));
        EXPECT_FALSE(verify_inclusion(leaf, index, 21, good, tree.roots[20]));
    }
    EXPECT_FALSE(verify_inclusion(tree.leaves[0], 0, 0, {}, empty_root()));
}

TEST(Merkle, RefusesEverySingleWrongThingInAConsistencyProof) {
    const Tree tree = tree_of(21);
    for (uint64_t old = 1; old < 21; ++old) {
        const MerklePath good = *consistency_proof(old, 21, tree.reader());
        for (size_t i = 0; i < good.size(); ++i) {
            for (size_t bit = 0; bit < 256; bit += 17) {
                MerklePath bad = good;
                bad[i].bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
                EXPECT_FALSE(verify_consistency(old, tree.roots[old], 21, tree.roots[21], bad));
            }
        }
        MerklePath shorter = good;
        shorter.pop_back();
        EXPECT_FALSE(verify_consistency(old, tree.roots[old], 21, tree.roots[21], shorter));
        MerklePath longer = good;
        longer.push_back(good.back());
        EXPECT_FALSE(verify_consistency(old, tree.roots[old], 21, tree.roots[21], longer));
        EXPECT_FALSE(verify_consistency(old, tree.roots[old - 1], 21, tree.roots[21], good));
        EXPECT_FALSE(verify_consistency(old, tree.roots[old], 21, tree.roots[20], good));
    }
    EXPECT_FALSE(verify_consistency(0, empty_root(), 21, tree.roots[21], {}));
    EXPECT_FALSE(verify_consistency(7, tree.roots[7], 7, tree.roots[7], {tree.roots[7]}));
}

TEST(Merkle, RefusesProofsThatCannotBe) {
    const Tree tree = tree_of(3);
    EXPECT_FALSE(inclusion_proof(3, 3, tree.reader()));
    EXPECT_FALSE(inclusion_proof(0, 0, tree.reader()));
    EXPECT_FALSE(consistency_proof(0, 3, tree.reader()));
    EXPECT_FALSE(consistency_proof(4, 3, tree.reader()));
    EXPECT_FALSE(inclusion_proof(0, 64, tree.reader())) << "hashes that are not stored";
    EXPECT_FALSE(Frontier::load(kTreeSizeMax + 1, tree.reader()));
}

}  // namespace
}  // namespace aip::ledger
