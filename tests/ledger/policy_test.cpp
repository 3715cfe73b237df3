#include "ledger/policy.hpp"

#include "fixture.hpp"

namespace aip::ledger {
namespace {

CosignatureKey witness(uint8_t n) { return {"w" + std::to_string(n) + ".example", key_of(n).public_key()}; }
NoteKey log_key_of(uint8_t n) { return {"log.example", key_of(n).public_key()}; }
std::string w(const std::string& name, uint8_t n) { return "witness " + name + " " + witness(n).vkey() + "\n"; }

// The example of the specification, with keys.
const std::string kExample = "log " + log_key_of(9).vkey() + "\n\n" + w("X1", 11) + w("X2", 12) + w("X3", 13) +
                             "group X-witnesses 2 X1 X2 X3\n\n" + w("Y1", 21) + w("Y2", 22) + w("Y3", 23) +
                             "group Y-witnesses any Y1 Y2 Y3\n\n"
                             "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";

std::string cosigned_by(std::initializer_list<uint8_t> witnesses, uint8_t log = 9) {
    const std::string text = Checkpoint{"log.example", 7, empty_root()}.text();
    std::string note = signed_note(text, log_key_of(log), key_of(log).sign(as_bytes(text)));
    for (const uint8_t n : witnesses)
        note += cosignature_line(witness(n), 100 + n, key_of(n).sign(as_bytes(cosigned_message(text, 100 + n))));
    return note;
}

TEST(Policy, FollowsTheExampleOfTheSpecification) {
    const auto policy = Policy::parse(kExample);
    ASSERT_TRUE(policy) << policy.error().text;
    EXPECT_TRUE(policy->satisfied({"X1", "X3", "Y2"}));
    EXPECT_FALSE(policy->satisfied({"X1", "Y1", "Y2", "Y3"})) << "one X is too few";
    EXPECT_FALSE(policy->satisfied({"X1", "X2", "X3"})) << "no Y";
}

TEST(Policy, CountsOnlyCosignaturesThatVerify) {
    const Policy policy = *Policy::parse(kExample);
    const auto good = check_policy(policy, cosigned_by({11, 12, 22}));
    ASSERT_TRUE(good) << good.error().text;
    EXPECT_EQ(good->origin, "log.example");
    EXPECT_EQ(good->cosigned, (std::map<std::string, uint64_t>{{"X1", 111}, {"X2", 112}, {"Y2", 122}}));
    EXPECT_EQ(check_policy(policy, cosigned_by({11, 22})).error().code, ErrorCode::kDenied);
    std::string bad = cosigned_by({11, 12, 22});
    const size_t at = bad.find("w12.example") + 40;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(check_policy(policy, bad));
}

TEST(Policy, RefusesALogThatItDoesNotName) {
    EXPECT_FALSE(check_policy(*Policy::parse(kExample), cosigned_by({11, 12, 22}, 10)));
    EXPECT_TRUE(check_policy(*Policy::parse("quorum none\n"), cosigned_by({}, 10))) << "the caller knows the log";
}

TEST(Policy, AQuorumMayBeOneWitnessOrNone) {
    EXPECT_TRUE(check_policy(*Policy::parse(w("a", 11) + "quorum a\n"), cosigned_by({11})));
    EXPECT_FALSE(check_policy(*Policy::parse(w("a", 11) + "quorum a\n"), cosigned_by({12})));
    EXPECT_TRUE(check_policy(*Policy::parse(w("a", 11) + "quorum none\n"), cosigned_by({})));
}

TEST(Policy, AcceptsSpaceCommentsUrlsAndOctetsThatAreNotAscii) {
    EXPECT_TRUE(Policy::parse("# \xc3\xa9\n\t \n  log\t" + log_key_of(9).vkey() +
                              "  https://log.example/ \n witness \xff " + witness(11).vkey() +
                              " https://w.example\n  # end\nquorum \xff\n"));
}

TEST(Policy, RefusesWhatTheSpecificationForbids) {
    const std::string ab = w("a", 11) + w("b", 12);
    const std::vector<std::string> bad_ones{
        std::string(),
        ab,
        ab + "quorum c\n",
        ab + "quorum a\nquorum b\n",
        "quorum a\n" + ab,
        ab + "quorum a",
        ab + "group g 0 a b\nquorum g\n",
        ab + "group g 3 a b\nquorum g\n",
        ab + "group g some a\nquorum g\n",
        ab + "group g 01 a\nquorum g\n",
        ab + "group g all\nquorum g\n",
        ab + "group g all a a\nquorum g\n",
        ab + "group g all a\ngroup h all a b\nquorum h\n",
        ab + "group g all h\ngroup h all a\nquorum g\n",
        ab + "group a all b\nquorum a\n",
        ab + "group none all b\nquorum none\n",
        ab + "group g all none\nquorum g\n",
        w("a", 11) + w("b", 11) + "quorum a\n",
        w("a", 11) + w("a", 12) + "quorum a\n",
        w("none", 11) + "quorum none\n",
        "log " + log_key_of(9).vkey() + "\nlog " + log_key_of(9).vkey() + "\nquorum none\n",
        "log " + witness(9).vkey() + "\nquorum none\n",
        "witness a " + log_key_of(9).vkey() + "\nquorum a\n",
        "logs x\nquorum none\n",
        "quorum none\r\n",
        "quorum none\x7f\n",
        "quorum none extra\n"};
    for (const std::string& bad : bad_ones) EXPECT_FALSE(Policy::parse(bad)) << bad;
}

TEST(Policy, RefusesEveryTruncationBeforeItsQuorum) {
    const size_t quorum = kExample.rfind("quorum");
    for (size_t n = 0; n < quorum; ++n) EXPECT_FALSE(Policy::parse(kExample.substr(0, n))) << n;
}

TEST(Policy, HoldsAsManyNamesAsItsLimitSaysAndNoMore) {
    std::string many;
    for (int i = 0; i < 256; ++i) {
        Digest seed;
        store_be32(seed.bytes.data(), static_cast<uint32_t>(i));
        many += "witness w" + std::to_string(i) + " " +
                CosignatureKey{"x", crypto::SecretKey::from_seed(seed).public_key()}.vkey() + "\n";
    }
    EXPECT_TRUE(Policy::parse(many + "quorum none\n"));
    EXPECT_FALSE(Policy::parse(many + "group g any w1\nquorum g\n"));
    EXPECT_FALSE(Policy::parse(std::string(65'536, ' ') + "\nquorum none\n"));
}

}  // namespace
}  // namespace aip::ledger
