#include "crypto/vote.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/test_node.hpp"

namespace aip::crypto {
namespace {

TEST(VoteRule, IsTheRootsAndRefusesEveryFlippedBit) {
    const SecretKey root = fixed_key(1);
    const auto good = make_vote_rule(root, {3, kYear2027});
    const auto read = verify_vote_rule(good, root.public_key());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->votes, 3);
    EXPECT_EQ(read->issued, kYear2027);
    for (size_t bit = 0; bit < 8 * kVoteRuleBytes; ++bit) {
        auto bad = good;
        bad.bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
        EXPECT_FALSE(verify_vote_rule(bad, root.public_key())) << bit;
    }
}

TEST(Vote, IsAMembersAndRefusesEveryCutAndFlippedBit) {
    const TestNode node;
    const PublicKey root = node.root.public_key(), other = fixed_key(9).public_key();
    const Signer signer(fixed_key(3), node.credential(), *verify_credential(node.credential(), root, kYear2027));
    const Bytes good = cast_vote(signer, {other, kYear2026, kYear2027});
    const auto read = verify_vote(good, root);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->vote.identity, other);
    EXPECT_EQ(read->vote.from, kYear2026);
    EXPECT_EQ(read->voter.identity, node.identity.public_key());
    for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(verify_vote(ByteView(good).first(n), root)) << n;
    for (size_t i = 0; i < good.size(); ++i) {
        Bytes bad = good;
        bad[i] ^= 4;
        EXPECT_FALSE(verify_vote(bad, root)) << i;
    }
    EXPECT_FALSE(verify_vote(good, other)) << "of another network";
    EXPECT_FALSE(verify_vote(cast_vote(signer, {node.identity.public_key(), kYear2026, kYear2027}), root)) << "himself";
}

TEST(Vote, EnoughAgreeFromTheMomentThatTheLastOfThemNames) {
    const std::vector<WallTime> froms{kYear2028, kYear2026, kYear2027};
    EXPECT_EQ(agreed_from(froms, 2), kYear2027);
    EXPECT_EQ(agreed_from(froms, 3), kYear2028);
    EXPECT_EQ(agreed_from(froms, 4), std::nullopt);
    EXPECT_EQ(agreed_from(froms, 0), std::nullopt) << "0 votes: the root alone";
}

}  // namespace
}  // namespace aip::crypto
