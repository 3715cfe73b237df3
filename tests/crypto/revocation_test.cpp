#include "crypto/revocation.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "crypto/vote.hpp"
#include "tests/crypto/test_node.hpp"

namespace aip::crypto {
namespace {

TEST(Revocation, SaysWhoFromWhenAndWhenItWasIssued) {
    const SecretKey root = fixed_key(1);
    const PublicKey out = fixed_key(9).public_key();
    const auto read = verify_revocation(revoke_node(root, out, kYear2026, kYear2027), root.public_key());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->identity, out);
    EXPECT_EQ(read->from, kYear2026);
    EXPECT_EQ(read->issued, kYear2027);
    EXPECT_FALSE(verify_revocation(revoke_node(fixed_key(2), out, kYear2026, kYear2027), root.public_key()))
        << "of another network";
}

TEST(Revocation, RefusesEveryFlippedBit) {
    const SecretKey root = fixed_key(1);
    const auto good = revoke_node(root, fixed_key(9).public_key(), kYear2026, kYear2027);
    ASSERT_TRUE(verify_revocation(good, root.public_key()));
    for (size_t bit = 0; bit < 8 * good.bytes.size(); ++bit) {
        auto bad = good;
        bad.bytes[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
        EXPECT_FALSE(verify_revocation(bad, root.public_key())) << bit;
    }
}

std::map<std::string, std::string> read_vectors(const std::string& name) {
    std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0006/" + name);
    std::map<std::string, std::string> vectors;
    for (std::string line, key, value; std::getline(file, line);)
        if (!line.starts_with('#') && std::istringstream(line) >> key >> value) vectors[key] = value;
    return vectors;
}

TEST(RevocationVectors, AreWhatTheCodeMakesAndReads) {
    auto who = read_vectors("identity.txt"), v = read_vectors("revocation.txt");
    ASSERT_EQ(v.size(), 7u);
    const SecretKey root = SecretKey::from_seed(*Digest::parse_hex(who["root-seed"]));
    const PublicKey subject = *PublicKey::parse_hex(v["subject"]);
    const auto from = WallTime::from_unix_ms(std::stoll(v["from-ms"])),
               issued = WallTime::from_unix_ms(std::stoll(v["issued-ms"]));
    const RevocationBytes revocation = revoke_node(root, subject, from, issued);
    EXPECT_EQ(revocation.hex(), v["revocation"]);
    EXPECT_EQ(verify_revocation(revocation, root.public_key())->from, from);

    const auto votes = static_cast<uint8_t>(std::stoi(v["votes"]));
    const VoteRuleBytes rule = make_vote_rule(root, {votes, issued});
    EXPECT_EQ(rule.hex(), v["rule"]);
    EXPECT_EQ(verify_vote_rule(rule, root.public_key())->votes, votes);

    const auto credential = *CredentialBytes::from(*from_hex(who["node-certificate"] + who["operational-certificate"]));
    const Signer voter(SecretKey::from_seed(*Digest::parse_hex(who["operational-seed"])), credential,
                       *verify_credential(credential, root.public_key(), issued));
    const Bytes vote = cast_vote(voter, {subject, from, issued});
    EXPECT_EQ(to_hex(vote), v["vote"]);
    const auto read = verify_vote(vote, root.public_key());
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->vote.identity, subject);
    EXPECT_EQ(read->vote.from, from);
    EXPECT_EQ(read->vote.issued, issued);
    EXPECT_EQ(read->voter.address.text(), who["address"]);
}

}  // namespace
}  // namespace aip::crypto
