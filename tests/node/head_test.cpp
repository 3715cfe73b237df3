#include "node/head.hpp"

#include <gmock/gmock.h>

#include "model/import.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::HasSubstr;

ModelHead example_head() { return {{1, 2, 3}, {4}, {5, 6}, "a name", {7}}; }
Answer example_answer() { return {77, {1, 2}, "text"}; }
Receipt example_receipt() { return {5, VersionId{{9}}, WallTime::from_unix_ms(1234)}; }

template <class Message>
void refuses_all_that_is_cut_or_long(const Message& message) {
    Bytes bytes = message.encode();
    ASSERT_EQ(*Message::parse(bytes), message);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(Message::parse(ByteView(bytes).first(n)).has_value()) << n;
    bytes.push_back(0);
    EXPECT_FALSE(Message::parse(bytes).has_value());
    bytes.pop_back();
    bytes[4] ^= 0x80;  // version
    EXPECT_FALSE(Message::parse(bytes).has_value());
    bytes[4] ^= 0x80;
    bytes[3] ^= 1;  // magic
    EXPECT_FALSE(Message::parse(bytes).has_value());
}

TEST(ModelHead, IsReadAsItWasWrittenAndNothingElse) { refuses_all_that_is_cut_or_long(example_head()); }
TEST(Answer, IsReadAsItWasWrittenAndNothingElse) { refuses_all_that_is_cut_or_long(example_answer()); }
TEST(Receipt, IsReadAsItWasWrittenAndNothingElse) { refuses_all_that_is_cut_or_long(example_receipt()); }

TEST(ModelHead, RefusesNamesThatAreLongOrNotPrintable) {
    for (const std::string& name :
         {std::string(256, 'a'), std::string("a\nb"), std::string("a\x1b[2J"), std::string("\x7f")}) {
        ModelHead head = example_head();
        head.name = name;
        EXPECT_FALSE(ModelHead::parse(head.encode()).has_value());
    }
    ModelHead head = example_head();
    head.name = std::string(255, 'a');
    EXPECT_TRUE(ModelHead::parse(head.encode()).has_value());
}

TEST(ModelHead, RefusesAPartThatSaysItIsLongerThanTheHead) {
    Bytes bytes = example_head().encode();
    bytes[5] = 0xff;  // length of the manifest
    EXPECT_FALSE(ModelHead::parse(bytes).has_value());
}

crypto::Signer member(uint8_t n, uint8_t root = 1) {
    const auto key = [](uint8_t a, uint8_t b) { return crypto::SecretKey::from_seed(Digest{{a, b}}); };
    const crypto::Validity validity{WallTime::from_unix_ms(0), WallTime::from_unix_ms(4'000'000'000'000)};
    const auto credential =
        crypto::make_credential(crypto::certify_node(key(root, 0), key(n, 1).public_key(), validity),
                                crypto::certify_operational(key(n, 1), key(n, 2).public_key(), validity));
    const auto self =
        crypto::verify_credential(credential, key(root, 0).public_key(), WallTime::from_unix_ms(1'800'000'000'000));
    return crypto::Signer(key(n, 2), credential, *self);
}

// rfc/0008 section 2: a model of node 10 with papers in order; each test puts one thing wrong.
struct Admit : testing::Test {
    Admit() {
        model::OwnedSource source(model_file(1));
        Serial cores;
        manifest = *model::import_model(source, blocks, {{}, kTask, {}}, {}, cores);
        statement.version = manifest->id();
        statement.content = manifest->content();
        statement.task = kTask;
        statement.what = "imported";
        statement.node = sender.self().address;
        statement.software = "test";
        statement.time = now;
        statement.journey = 5;
        record = *routing::start_journey({5, kTask, "coverage", sender.self().address, 3, {}});
    }
    Bytes proof_of(const ledger::HopStatement& about, const crypto::Signer& signer) {
        ledger::MemoryLogStore store;
        ledger::MemoryJournalFile journal;
        const auto log = *ledger::Log::open(store, journal, signer);
        const Bytes leaf = *ledger::make_leaf(about, signer);
        EXPECT_TRUE(log->append(std::span(&leaf, 1), std::span(&about.version, 1)).has_value());
        return log->prove(0)->encode();
    }
    ModelHead head() {
        return {sender.seal(kManifestDomain, manifest->bytes()),
                routing::seal_journey(record, sender),
                proof_of(statement, sender),
                "name",
                {}};
    }
    std::string refusal(const ModelHead& of) {
        const auto admitted = admit(of, sender.self().address, verifier, now);
        EXPECT_FALSE(admitted.has_value());
        return admitted ? "" : admitted.error().text;
    }

    const WallTime now = WallTime::from_unix_ms(1'800'000'000'000);
    crypto::Signer sender = member(10);
    crypto::Signer other = member(11);
    crypto::Signer stranger = member(12, 2);  // of another network
    crypto::Verifier verifier{crypto::SecretKey::from_seed(Digest{{1, 0}}).public_key()};
    model::MemoryBlockStore blocks;
    std::optional<model::Manifest> manifest;
    ledger::HopStatement statement;
    routing::JourneyRecord record;
};

TEST_F(Admit, TakesAModelWhosePapersAreInOrder) {
    const auto admitted = admit(head(), sender.self().address, verifier, now);
    ASSERT_TRUE(admitted.has_value()) << admitted.error().text;
    EXPECT_EQ(admitted->manifest.id(), manifest->id());
    EXPECT_EQ(admitted->journey, record);
    EXPECT_EQ(admitted->name, "name");
}

TEST_F(Admit, TakesAModelAddressedToUs) {
    ModelHead letter = head();
    letter.journey.clear();
    const auto admitted = admit(letter, sender.self().address, verifier, now);
    ASSERT_TRUE(admitted.has_value());
    EXPECT_FALSE(admitted->journey.has_value());
}

TEST_F(Admit, TakesAManifestSealedByAnotherMemberWhoMadeTheVersion) {
    ModelHead of = head();
    of.manifest = other.seal(kManifestDomain, manifest->bytes());
    EXPECT_TRUE(admit(of, sender.self().address, verifier, now).has_value());
}

TEST_F(Admit, RefusesAManifestOfAStranger) {
    ModelHead of = head();
    of.manifest = stranger.seal(kManifestDomain, manifest->bytes());
    EXPECT_NE(refusal(of), "");
}

TEST_F(Admit, RefusesAManifestSealedAsSomethingElse) {
    ModelHead of = head();
    of.manifest = sender.seal("offer", manifest->bytes());
    EXPECT_NE(refusal(of), "");
}

TEST_F(Admit, RefusesAManifestThatIsNone) {
    ModelHead of = head();
    of.manifest = sender.seal(kManifestDomain, as_bytes("nonsense"));
    EXPECT_NE(refusal(of), "");
}

TEST_F(Admit, RefusesAChangedBitAnywhereInTheManifest) {
    const ModelHead good = head();
    for (size_t i = 0; i < good.manifest.size(); i += 7) {
        ModelHead of = good;
        of.manifest[i] ^= 0x10;
        EXPECT_NE(refusal(of), "") << i;
    }
}

TEST_F(Admit, RefusesAProofOfAnotherVersion) {
    statement.version.bytes[0] ^= 1;
    EXPECT_THAT(refusal(head()), HasSubstr("another version"));
}

TEST_F(Admit, RefusesAProofOfOtherWeights) {
    statement.content.bytes[0] ^= 1;
    EXPECT_THAT(refusal(head()), HasSubstr("another version"));
}

TEST_F(Admit, RefusesAProofOfAnotherNodesLedger) {
    ModelHead of = head();
    statement.node = other.self().address;
    of.proof = proof_of(statement, other);
    EXPECT_THAT(refusal(of), HasSubstr("the model came from"));
}

TEST_F(Admit, RefusesAProofThatIsNone) {
    ModelHead of = head();
    of.proof = to_bytes(as_bytes("nonsense"));
    EXPECT_NE(refusal(of), "");
}

TEST_F(Admit, RefusesAJourneyRecordOfAnotherHolder) {
    ModelHead of = head();
    of.journey = routing::seal_journey(record, other);
    EXPECT_THAT(refusal(of), HasSubstr("not by the sender"));
}

TEST_F(Admit, RefusesAJourneyRecordOfAnotherTask) {
    record.task = "another";
    EXPECT_THAT(refusal(head()), HasSubstr("another model"));
}

TEST_F(Admit, TakesAVersionWhoseEntryIsOfAnotherJourney) {
    record.id = 6;  // the same model was sent on a second journey: equal bytes, equal version, one entry
    EXPECT_TRUE(admit(head(), sender.self().address, verifier, now).has_value());
}

TEST_F(Admit, RefusesAJourneyRecordWhoseLastStopMadeAnotherVersion) {
    routing::Stop stop;
    stop.node = sender.self().address;
    stop.version.bytes[0] = 1;
    record = *routing::add_stop(record, stop, {});
    EXPECT_THAT(refusal(head()), HasSubstr("last stop"));
}

TEST_F(Admit, RefusesAJourneyWhoseBudgetIsSpent) {
    routing::Stop stop;
    stop.node = sender.self().address;
    stop.version = manifest->id();
    record = *routing::add_stop(*routing::start_journey({5, kTask, "coverage", stop.node, 1, {}}), stop, {});
    EXPECT_THAT(refusal(head()), HasSubstr("budget"));
}

}  // namespace
}  // namespace aip::node
