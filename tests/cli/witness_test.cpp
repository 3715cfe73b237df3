// aipctl ledger verify --policy and fork-proof on the vectors of rfc/0014; no daemon runs.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "program.hpp"
#include "tests/ledger/fixture.hpp"

namespace aip::cli {
namespace {

using nlohmann::json;

std::string vector_path(const std::string& name) { return std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0014/" + name; }

struct WitnessCommands : testing::Test {
    daemons::TemporaryDirectory directory_;
    std::string network_ = directory_.file("network.pub");

    void SetUp() override {
        ASSERT_TRUE(crypto::save_public_key(ledger::network_root().public_key(), network_, crypto::kRootLabel));
    }
    std::string policy_of(const std::string& quorum) {
        const std::string path = directory_.file("policy");
        std::string text = ledger::read_text(vector_path("two-of-three.policy"));
        text.resize(text.find("group"));
        ledger::write_text(path, text + quorum);
        return path;
    }
};

TEST_F(WitnessCommands, VerifySaysWhoseCosignaturesSatisfyThePolicy) {
    const Ran ran = aipctl({"--json", "ledger", "verify", "--policy", vector_path("two-of-three.policy"),
                            vector_path("cosigned.checkpoint")});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    const json row = json::parse(ran.out)["rows"][0];
    EXPECT_EQ(row["cosigned"], 2);
    EXPECT_EQ(row["witnesses"], "w5 w6");
}

TEST_F(WitnessCommands, VerifyEndsWithFourIfTheQuorumIsNotThere) {
    const Ran ran = aipctl({"ledger", "verify", "--policy", policy_of("group g 3 w5 w6 w7\nquorum g\n"),
                            vector_path("cosigned.checkpoint")});
    EXPECT_EQ(ran.exit, 4);
    EXPECT_THAT(ran.err, testing::StartsWith("aipctl: not verified: "));
}

// How many are enough is the checker's decision: none, where a node was alone.
TEST_F(WitnessCommands, VerifyAcceptsNoCosignatureWhereThePolicyAsksForNone) {
    const std::string file = directory_.file("alone");
    std::string text = ledger::read_text(vector_path("cosigned.checkpoint"));
    const size_t own = text.find("\n\n") + 2;
    text.resize(text.find('\n', own) + 1);
    ledger::write_text(file, text);
    EXPECT_EQ(aipctl({"ledger", "verify", "--policy", policy_of("quorum none\n"), file}).exit, 0);
    EXPECT_EQ(aipctl({"ledger", "verify", "--policy", policy_of("quorum w5\n"), file}).exit, 4);
}

TEST_F(WitnessCommands, VerifyRefusesAPolicyThatIsNone) {
    const Ran ran =
        aipctl({"ledger", "verify", "--policy", policy_of("quorum unheard\n"), vector_path("cosigned.checkpoint")});
    EXPECT_EQ(ran.exit, 1);
    EXPECT_THAT(ran.err, testing::HasSubstr("unheard"));
}

TEST_F(WitnessCommands, ForkProofIsCheckedByAnybodyWhoKnowsTheNetworkRoot) {
    for (const char* name : {"same-size.fork-proof", "larger.fork-proof"}) {
        const Ran ran = aipctl({"--json", "ledger", "fork-proof", vector_path(name), "--network", network_});
        ASSERT_EQ(ran.exit, 0) << ran.err;
        EXPECT_EQ(json::parse(ran.out)["rows"][0]["offender"], ledger::signer_of(2).self().address.text());
    }
}

TEST_F(WitnessCommands, ForkProofIsRefusedWhereItProvesNothing) {
    const std::string other = directory_.file("other.pub");
    ASSERT_TRUE(crypto::save_public_key(ledger::key_of(9).public_key(), other, crypto::kRootLabel));
    EXPECT_EQ(aipctl({"ledger", "fork-proof", vector_path("same-size.fork-proof"), "--network", other}).exit, 4);
    EXPECT_EQ(aipctl({"ledger", "fork-proof", vector_path("request.txt"), "--network", network_}).exit, 4);
}

}  // namespace
}  // namespace aip::cli
