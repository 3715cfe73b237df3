// aipctl ledger against real logs of two nodes, served by a fake daemon that can be told to lie.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/revocation.hpp"
#include "ledger/key_history.hpp"
#include "ledger/policy.hpp"
#include "program.hpp"
#include "tests/ledger/fixture.hpp"

namespace aip::cli {
namespace {

using nlohmann::json;

// Node 2 has versions 0..2 and 4, node 3 has version 3: one line across two ledgers. Entry 0 of each is its key.
class LedgerCommands : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(ledger::record_key(*here_, signer_, "", "aipacketd/0.1.0", ledger::kNow));
        ASSERT_TRUE(ledger::record_key(*there_, other_, "", "aipacketd/0.1.0", ledger::kNow));
        ASSERT_TRUE(ledger::grow(*here_, signer_, 0, 1));
        ASSERT_TRUE(ledger::grow(*here_, signer_, 1, 2));
        ASSERT_TRUE(ledger::grow(*there_, other_, 3, 1));
        ASSERT_TRUE(ledger::grow(*here_, signer_, 4, 1));
        const auto root = ledger::network_root().public_key();
        ASSERT_TRUE(crypto::save_public_key(root, network_, crypto::kRootLabel));
        node_.welcome.address = signer_.self().address;
        node_.welcome.network = root;
        node_.ledger = [this](const api::RequestBody& body) { return answer(body); };
    }

    static api::ReplyBody blob(Result<Bytes> bytes) {
        if (!bytes) return api::Failure{bytes.error().code, bytes.error().text};
        return api::Blob{std::move(*bytes)};
    }
    Result<Bytes> entry(const api::LedgerEntry& m) {
        const ledger::Log& log = m.node == other_.self().address ? *there_ : *here_;
        uint64_t index = 0;
        if (const auto* at = std::get_if<uint64_t>(&m.which)) {
            index = *at;
        } else {
            AIP_ASSIGN(const auto found, log.find(std::get<VersionId>(m.which)));
            if (!found) return Error{ErrorCode::kNotFound, "no entry about this version"};
            index = *found;
        }
        AIP_ASSIGN(ledger::EntryProof proof, log.prove(index, m.size == 0 ? log.size() : m.size));
        if (index == bent_) proof.leaf[proof.leaf.size() / 2] ^= 1;
        return proof.encode();
    }
    Result<Bytes> checkpoint(uint64_t size) {
        AIP_ASSIGN(const auto text, here_->checkpoint(size == 0 ? ledger::kTreeSizeMax : size));
        if (!text) return Error{ErrorCode::kNotFound, "the ledger is empty"};
        return to_bytes(as_bytes(*text));
    }
    Result<Bytes> consistency(const api::LedgerConsistency& m) {
        AIP_ASSIGN(const auto path, here_->consistency(m.from, m.to));
        Bytes out;
        for (const Digest& hash : path) Writer(out).put(hash.view());
        return out;
    }
    api::Audit audit() {
        api::Audit chain;
        for (int n = 4; n >= 0; --n) {
            ledger::Log& log = n == 3 ? *there_ : *here_;
            const VersionId version = ledger::version_of(static_cast<uint64_t>(n));
            const auto proof = log.prove(**log.find(version));
            chain.steps.push_back({version, (n == 3 ? other_ : signer_).self().address, proof->encode(), ""});
        }
        if (hidden_) chain.steps[1] = {chain.steps[1].version, Address{}, {}, "node fd..3 does not answer"};
        if (bent_ == 1) chain.steps[3].proof[40] ^= 1;
        return chain;
    }
    api::ReplyBody answer(const api::RequestBody& body) {
        if (const auto* m = std::get_if<api::LedgerEntry>(&body)) return blob(entry(*m));
        if (const auto* m = std::get_if<api::LedgerCheckpoint>(&body)) return blob(checkpoint(m->size));
        if (const auto* m = std::get_if<api::LedgerConsistency>(&body)) return blob(consistency(*m));
        return audit();
    }
    Ran run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--socket", path_, "--json", "ledger"});
        return aipctl(std::move(arguments));
    }

    daemons::TemporaryDirectory directory_;
    std::string path_ = directory_.file("aipacketd.sock");
    std::string network_ = directory_.file("network.pub");
    crypto::Signer signer_ = ledger::signer_of(2);
    crypto::Signer other_ = ledger::signer_of(3);
    ledger::MemoryLogStore store_, other_store_;
    ledger::MemoryJournalFile journal_, other_journal_;
    std::unique_ptr<ledger::Log> here_ = *ledger::Log::open(store_, journal_, signer_);
    std::unique_ptr<ledger::Log> there_ = *ledger::Log::open(other_store_, other_journal_, other_);
    uint64_t bent_ = UINT64_MAX;
    bool hidden_ = false;
    daemons::FakeNode node_{path_};
};

TEST_F(LedgerCommands, VerifyChecksEveryEntryAndCheckpoint) {
    const Ran verified = run({"verify", "--network", network_});
    ASSERT_EQ(verified.exit, 0) << verified.err;
    const json row = json::parse(verified.out)["rows"][0];
    EXPECT_EQ(row["entries"], 5);
    EXPECT_EQ(row["checkpoints"], 4);
    EXPECT_EQ(row["consistency_proofs"], 3);
}

TEST_F(LedgerCommands, VerifyNamesTheEntryThatIsWrong) {
    bent_ = 2;
    const Ran verified = run({"verify"});
    EXPECT_EQ(verified.exit, 4);
    EXPECT_EQ(verified.err.find("aipctl: not verified: entry 2: "), 0u) << verified.err;
}

TEST_F(LedgerCommands, VerifyBelievesNoOtherNetworksRoot) {
    const std::string foreign = directory_.file("foreign.pub");
    ASSERT_TRUE(crypto::save_public_key(ledger::key_of(77).public_key(), foreign, crypto::kRootLabel));
    EXPECT_EQ(run({"verify", "--network", foreign}).exit, 4);
}

TEST_F(LedgerCommands, ShowFindsAnEntryByNumberAndByVersion) {
    const Ran by_number = run({"show", "2"});
    ASSERT_EQ(by_number.exit, 0) << by_number.err;
    const json row = json::parse(by_number.out)["rows"][0];
    EXPECT_EQ(row["version"], ledger::version_of(1).hex());
    EXPECT_EQ(row["verdict"], "verified");
    EXPECT_EQ(run({"show", ledger::version_of(1).hex()}).out, by_number.out);
    EXPECT_EQ(run({"show", "first"}).exit, 1);
}

TEST_F(LedgerCommands, AuditFollowsAVersionAcrossNodesToItsOrigin) {
    const Ran audit = run({"audit", ledger::version_of(4).hex(), "--network", network_});
    ASSERT_EQ(audit.exit, 0) << audit.err << audit.out;
    const json report = json::parse(audit.out);
    ASSERT_EQ(report["rows"].size(), 5u);
    EXPECT_EQ(report["rows"][1]["node"], other_.self().address.text());
    for (const json& row : report["rows"]) EXPECT_EQ(row["verdict"], "verified");
    EXPECT_EQ(report["notes"][0], "5 of 5 steps verified, back to the origin");
}

TEST_F(LedgerCommands, AuditAndBundleKnowWhomTheNetworkRootHasRevoked) {
    const auto word = crypto::revoke_node(ledger::network_root(), other_.self().identity, ledger::kNow, ledger::kNow);
    node_.revocations.rows = {{other_.self().identity.hex(), word.hex()}};
    const std::string file = directory_.file("revoked.lineage");
    ASSERT_EQ(run({"export", "--lineage", ledger::version_of(4).hex(), file}).exit, 0);
    for (const Ran& audit : {run({"audit", ledger::version_of(4).hex(), "--network", network_}),
                             run({"audit", "--bundle", file, "--network", network_})}) {
        EXPECT_EQ(audit.exit, 4);
        EXPECT_EQ(json::parse(audit.out)["rows"][1]["verdict"],
                  "NOT VERIFIED: identity " + other_.self().address.text() +
                      " was revoked from 2025-10-09T08:53:20Z by the network root");
    }
}

TEST_F(LedgerCommands, AuditNamesWhatIsMissing) {
    hidden_ = true;
    const Ran audit = run({"audit", ledger::version_of(4).hex()});
    EXPECT_EQ(audit.exit, 4);
    const json rows = json::parse(audit.out)["rows"];
    ASSERT_EQ(rows.size(), 2u) << "what is behind it cannot be reached";
    EXPECT_EQ(rows[0]["verdict"], "verified");
    EXPECT_EQ(rows[1]["verdict"], "MISSING: node fd..3 does not answer");
}

TEST_F(LedgerCommands, AuditBelievesNoForgedProof) {
    bent_ = 1;
    const Ran audit = run({"audit", ledger::version_of(4).hex()});
    EXPECT_EQ(audit.exit, 4);
    const json report = json::parse(audit.out);
    ASSERT_GE(report["rows"].size(), 4u);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(report["rows"][i]["verdict"], "verified");
    EXPECT_NE(report["rows"][3]["verdict"], "verified");
}

TEST_F(LedgerCommands, AuditDrawsTheLineage) {
    const std::string dot = directory_.file("lineage.dot"), svg = directory_.file("lineage.svg");
    ASSERT_EQ(run({"audit", ledger::version_of(4).hex(), "--dot", dot, "--svg", svg}).exit, 0);
    EXPECT_NE(ledger::read_text(dot).find(ledger::version_of(4).hex() + "\" -> \"" + ledger::version_of(3).hex()),
              std::string::npos);
    EXPECT_EQ(ledger::read_text(svg).find("<svg xmlns"), 0u);
}

TEST_F(LedgerCommands, ABundleIsAuditedWithoutADaemonAndNotAfterABitFlipped) {
    const std::string bundle = directory_.file("model.lineage");
    const Ran exported = run({"export", "--lineage", ledger::version_of(4).hex(), bundle});
    ASSERT_EQ(exported.exit, 0) << exported.err;
    const std::vector<std::string> offline{"--json", "ledger", "audit", "--bundle", bundle, "--network", network_};
    const Ran audit = aipctl(offline);
    ASSERT_EQ(audit.exit, 0) << audit.err << audit.out;
    EXPECT_EQ(json::parse(audit.out)["notes"][0], "5 of 5 steps verified, back to the origin");
    std::string bytes = ledger::read_text(bundle);
    bytes[bytes.size() / 3] ^= 1;
    ledger::write_text(bundle, bytes);
    EXPECT_EQ(aipctl(offline).exit, 4);
    EXPECT_EQ(aipctl({"ledger", "audit", "--bundle", bundle}).exit, 1) << "under which root?";
    EXPECT_EQ(run({"audit"}).exit, 1) << "of what?";
}

TEST_F(LedgerCommands, ShowWritesALeafAsOthersVerifyIt) {
    const std::string out = directory_.file("dsse");
    ASSERT_EQ(run({"show", "1", "--dsse", out}).exit, 0);
    EXPECT_EQ(ledger::read_text(out + "/pae").find("DSSEv1 28 application/vnd.in-toto+json "), 0u);
    EXPECT_EQ(ledger::read_text(out + "/sig").size(), 64u);
    EXPECT_EQ(run({"show", "1", "--dsse", out}).exit, 1) << "nothing is overwritten";
}

TEST_F(LedgerCommands, ProveWritesAnEntryAndItsProof) {
    const std::string out = directory_.file("proof");
    ASSERT_EQ(run({"prove", "1", out}).exit, 0);
    EXPECT_TRUE(ledger::TlogProof::parse(ledger::read_text(out + "/entry.tlog-proof")));
    EXPECT_EQ(ledger::read_text(out + "/entry"), as_text(*here_->leaf(1)));
}

TEST_F(LedgerCommands, KeysOfALedgerAreListed) {
    const Ran keys = aipctl({"--socket", path_, "--json", "key", "list", "--node", other_.self().address.text()});
    ASSERT_EQ(keys.exit, 0) << keys.err;
    const json rows = json::parse(keys.out)["rows"];
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0]["change"], "created");
    EXPECT_EQ(rows[0]["key"], other_.self().operational.hex());
}

TEST_F(LedgerCommands, ExportIsVerifiedWithoutADaemonAndNotAfterABitFlipped) {
    const std::string out = directory_.file("export");
    const Ran exported = run({"export", out});
    ASSERT_EQ(exported.exit, 0) << exported.err;
    const Ran verified = aipctl({"ledger", "verify", out, "--network", network_});
    EXPECT_EQ(verified.exit, 0) << verified.err;
    std::string leaf = ledger::read_text(out + "/entry/1");
    leaf[leaf.size() / 2] ^= 1;
    ledger::write_text(out + "/entry/1", leaf);
    EXPECT_EQ(aipctl({"ledger", "verify", out, "--network", network_}).exit, 4);
}

TEST_F(LedgerCommands, AuditHoldsEveryStepToAPolicyFile) {
    const ledger::CosignatureKey witness{"w.example", ledger::key_of(60).public_key()};
    const std::string policy = directory_.file("policy"), version = ledger::version_of(4).hex();
    ledger::write_text(policy, "witness w " + witness.vkey() + "\nquorum none\n");
    const Ran held = run({"audit", version, "--policy", policy});
    ASSERT_EQ(held.exit, 0) << held.err;
    EXPECT_EQ(json::parse(held.out)["rows"][0]["witnesses"], "good");
    EXPECT_EQ(json::parse(held.out)["rows"][0]["cosigned_by"], "");
    ledger::write_text(policy, "witness w " + witness.vkey() + "\nquorum w\n");
    const Ran lacking = run({"audit", version, "--policy", policy});
    EXPECT_EQ(lacking.exit, 4);
    EXPECT_EQ(json::parse(lacking.out)["rows"][0]["witnesses"], "BAD");
    ledger::write_text(policy, "quorum w\n");
    EXPECT_EQ(run({"audit", version, "--policy", policy}).exit, 1) << "the policy itself is wrong";
}

TEST_F(LedgerCommands, TilesGrowAndAreRefusedWhereTheDaemonLies) {
    const std::string out = directory_.file("tiles");
    bent_ = 2;
    EXPECT_EQ(run({"tiles", out}).exit, 4);
    EXPECT_FALSE(std::filesystem::exists(out + "/checkpoint"));
    bent_ = UINT64_MAX;
    const Ran first = run({"tiles", out});
    ASSERT_EQ(first.exit, 0) << first.err;
    EXPECT_EQ(ledger::read_text(out + "/checkpoint"), *here_->checkpoint());
    const json again = json::parse(run({"tiles", out}).out)["rows"][0];
    EXPECT_EQ(again["entries"], 5);
    EXPECT_EQ(again["entries_before"], 5);
}

}  // namespace
}  // namespace aip::cli
