#include "ledger/statement.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "fixture.hpp"
#include "ledger/predicate.hpp"
#include "ledger/strict_json.hpp"

namespace aip::ledger {
namespace {

using nlohmann::json;

// An envelope signed by `signer` around any payload at all.
Bytes envelope_of(const crypto::Signer& signer, const std::string& payload) {
    const auto signature = signer.sign_raw(dsse_pae(kPayloadType, as_bytes(payload)));
    const json envelope{{"payload", to_base64(as_bytes(payload))},
                        {"payloadType", kPayloadType},
                        {"signatures", json::array({{{"sig", to_base64(signature.view())}}})}};
    return to_bytes(as_bytes(envelope.dump()));
}

json payload_of(const Bytes& leaf) {
    const json envelope = json::parse(leaf.begin(), leaf.end());
    const Bytes payload = *from_base64(envelope["payload"].get<std::string>());
    return json::parse(payload.begin(), payload.end());
}

Result<CheckedLeaf> check(const Bytes& leaf) {
    auto v = verifier();
    return check_leaf(leaf, v, kNow);
}

TEST(Leaf, SaysWhatWasStated) {
    const auto signer = signer_of(2);
    for (const uint64_t n : {0, 7}) {
        const HopStatement stated = statement_of(signer, n);
        const auto checked = check(*make_leaf(stated, signer));
        ASSERT_TRUE(checked) << checked.error().text;
        EXPECT_EQ(checked->statement, stated);
        EXPECT_EQ(checked->signer.address, signer.self().address);
        EXPECT_EQ(*read_leaf(*make_leaf(stated, signer)), stated);
    }
}

TEST(Leaf, IsTheSameBytesEveryTime) {
    const auto signer = signer_of(2);
    EXPECT_EQ(leaf_of(signer, 3), leaf_of(signer, 3));
    EXPECT_NE(leaf_of(signer, 3), leaf_of(signer, 4));
}

TEST(Leaf, IsAnInTotoStatementInADsseEnvelope) {
    const auto signer = signer_of(2);
    const json statement = payload_of(leaf_of(signer, 1));
    EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
    EXPECT_EQ(statement["predicateType"], "https://aipacket.dev/mfd/hop/v1");
    EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], version_of(1).hex());
    EXPECT_EQ(statement["predicate"]["journey"], "fedcba9876543210");
    // The example of the DSSE specification.
    EXPECT_EQ(as_text(dsse_pae("http://example.com/HelloWorld", as_bytes("hello world"))),
              "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

TEST(Leaf, WithEveryFieldAtItsLimitFits) {
    const auto signer = signer_of(2);
    HopStatement s = statement_of(signer, 1);
    s.parents.assign(limits::kParentsMax, version_of(9));
    s.task = std::string(64, 't') + "@" + std::string(32, 'f');
    s.what.assign(limits::kWhatMax, 'w');
    s.software.assign(limits::kSoftwareMax, '"');
    s.samples = s.steps = kJsonIntegerMax;
    s.time = WallTime::from_unix_ms(static_cast<int64_t>(kJsonIntegerMax));
    s.metrics.clear();
    for (uint32_t i = 0; i < limits::kMetricsMax; ++i) {
        std::string name = std::to_string(i);
        name.resize(limits::kMetricNameMax, '\\');
        s.metrics[name] = -std::numeric_limits<double>::max();
    }
    s.parameters.clear();
    for (uint32_t i = 0; i < limits::kParametersMax; ++i) {
        std::string name = std::to_string(i);
        name.resize(limits::kParameterNameMax, 'p');
        s.parameters[name] = std::string(limits::kParameterTextMax, '"');
    }
    std::vector<std::string> names;
    for (uint32_t i = 0; i < limits::kChangedNamesMax; ++i)
        names.push_back(std::string(limits::kChangedNamesBytesMax / limits::kChangedNamesMax - 1, '\\') +
                        static_cast<char>('A' + i));
    s.changed = tensor_change(names, kJsonIntegerMax);
    EXPECT_FALSE(s.changed->digest);
    s.custody->index = kJsonIntegerMax - 1;
    s.custody->size = kJsonIntegerMax;
    const auto leaf = make_leaf(s, signer);
    ASSERT_TRUE(leaf) << leaf.error().text;
    EXPECT_LE(leaf->size(), limits::kHopLeafBytesMax);
    EXPECT_EQ(*read_leaf(*leaf), s);
}

TEST(Leaf, RefusesToStateWhatIsOutOfLimits) {
    const auto signer = signer_of(2);
    const auto refused = [&](auto spoil) {
        HopStatement s = statement_of(signer, 1);
        spoil(s);
        const auto leaf = make_leaf(s, signer);
        return !leaf && leaf.error().code == ErrorCode::kInvalid;
    };
    EXPECT_TRUE(refused([](auto& s) { s.task = ""; }));
    EXPECT_TRUE(refused([](auto& s) { s.task = "Upper"; }));
    EXPECT_TRUE(refused([](auto& s) { s.what = "two words"; }));
    EXPECT_TRUE(refused([](auto& s) { s.software = "line\nbreak"; }));
    EXPECT_TRUE(refused([](auto& s) { s.software = "\xff"; }));
    EXPECT_TRUE(refused([](auto& s) { s.loss_after = std::numeric_limits<double>::quiet_NaN(); }));
    EXPECT_TRUE(refused([](auto& s) { s.metrics["x"] = std::numeric_limits<double>::infinity(); }));
    EXPECT_TRUE(refused([](auto& s) { s.metrics[""] = 1; }));
    EXPECT_TRUE(refused([](auto& s) { s.parameters["Upper"] = 1.0; }));
    EXPECT_TRUE(refused([](auto& s) { s.parameters["x"] = std::string(); }));
    EXPECT_TRUE(refused([](auto& s) { s.parameters["x"] = std::numeric_limits<double>::infinity(); }));
    EXPECT_TRUE(refused([](auto& s) { s.changed->count = 3; })) << "more than are named";
    EXPECT_TRUE(refused([](auto& s) { s.changed->of = 1; })) << "more changed than there are";
    EXPECT_TRUE(refused([](auto& s) { s.changed->names = {"w2", "b2"}; })) << "not in order";
    EXPECT_TRUE(refused([](auto& s) { s.changed->digest = Digest{}; })) << "names and their digest";
    EXPECT_TRUE(refused([](auto& s) { s.custody->index = s.custody->size; }));
    EXPECT_TRUE(refused([](auto& s) { s.received_from.reset(); })) << "a proof from nobody";
    EXPECT_TRUE(refused([](auto& s) { s.samples = UINT64_MAX; }));
    EXPECT_TRUE(refused([](auto& s) { s.parents.resize(limits::kParentsMax + 1); }));
    EXPECT_TRUE(refused([](auto& s) { s.time = WallTime::from_unix_ms(-1); }));
    EXPECT_TRUE(refused([](auto& s) { s.node.bytes[15] ^= 1; })) << "another node's deed";
}

TEST(Leaf, NamesChangedTensorsOrTheirDigest) {
    const TensorChange few = tensor_change({"w", "b"}, 5);
    EXPECT_EQ(few.names, (std::vector<std::string>{"b", "w"}));
    EXPECT_FALSE(few.digest);
    EXPECT_EQ(tensor_change({}, 5), (TensorChange{0, 5, {}, {}}));
    std::vector<std::string> names;
    for (uint32_t i = 0; i <= limits::kChangedNamesMax; ++i) names.push_back("layer." + std::to_string(100 + i));
    const TensorChange many = tensor_change(names, 40);
    EXPECT_EQ(many.count, names.size());
    EXPECT_TRUE(many.names.empty());
    EXPECT_EQ(*many.digest, tensor_names_digest(names));
    EXPECT_TRUE(tensor_change({"two\nlines"}, 1).digest);

    const auto signer = signer_of(2);
    HopStatement s = statement_of(signer, 1);
    s.changed = many;
    EXPECT_EQ(*read_leaf(*make_leaf(s, signer)), s);
}

TEST(Leaf, RefusesMistypedNewFields) {
    const auto signer = signer_of(2);
    const json good = payload_of(leaf_of(signer, 1));
    for (const char* name : {"parameters", "changed", "custody"}) {
        json mistyped = good;
        for (const json& wrong : {json(1), json("x"), json::array(), json{{"a", json::array()}}}) {
            mistyped["predicate"][name] = wrong;
            EXPECT_FALSE(check(envelope_of(signer, mistyped.dump()))) << name << wrong.dump();
        }
    }
}

TEST(Leaf, RefusesEveryTruncation) {
    const Bytes leaf = leaf_of(signer_of(2), 1);
    for (size_t n = 0; n < leaf.size(); ++n)
        EXPECT_FALSE(check(Bytes(leaf.begin(), leaf.begin() + static_cast<long>(n))));
}

TEST(Leaf, BelievesNothingElseAfterAFlippedBit) {
    const auto signer = signer_of(2);
    const Bytes leaf = leaf_of(signer, 1);
    const HopStatement stated = statement_of(signer, 1);
    for (size_t i = 0; i < leaf.size(); ++i) {
        Bytes bad = leaf;
        bad[i] ^= static_cast<uint8_t>(1 << (i % 8));
        const auto checked = check(bad);
        // A flip in the key id hint or in an ignored key's name is not covered by the signature: same statement then.
        EXPECT_TRUE(!checked || checked->statement == stated) << "byte " << i;
    }
}

TEST(Leaf, RefusesASignatureByAnotherKey) {
    const auto signer = signer_of(2);
    const json honest = payload_of(leaf_of(signer, 1));
    EXPECT_TRUE(check(envelope_of(signer, honest.dump())));
    EXPECT_EQ(check(envelope_of(signer_of(3), honest.dump())).error().code, ErrorCode::kDenied);
}

TEST(Leaf, RefusesToSpeakForAnotherNode) {
    const auto signer = signer_of(2);
    json payload = payload_of(leaf_of(signer, 1));
    payload["predicate"]["node"] = signer_of(3).self().address.text();
    EXPECT_EQ(check(envelope_of(signer, payload.dump())).error().code, ErrorCode::kDenied);
}

TEST(Leaf, RefusesANodeOfAnotherNetwork) {
    crypto::Verifier stranger(key_of(99).public_key());
    EXPECT_EQ(check_leaf(leaf_of(signer_of(2), 1), stranger, kNow).error().code, ErrorCode::kDenied);
}

TEST(Leaf, RefusesAnExpiredCredential) {
    auto v = verifier();
    const auto late = WallTime::from_unix_ms(1'950'000'000'000);
    EXPECT_EQ(check_leaf(leaf_of(signer_of(2), 1), v, late).error().code, ErrorCode::kDenied);
}

TEST(Leaf, RefusesDuplicateKeysAtAnyDepth) {
    const auto signer = signer_of(2);
    const std::string good = payload_of(leaf_of(signer, 1)).dump();
    const auto doubled = [&](const std::string& at, const std::string& extra) {
        std::string text = good;
        return check(envelope_of(signer, text.insert(text.find(at), extra)));
    };
    EXPECT_FALSE(doubled("\"subject\"", "\"predicateType\":\"https://aipacket.dev/mfd/hop/v1\","));
    EXPECT_FALSE(doubled("\"samples\"", "\"samples\":1000000,"));
    EXPECT_FALSE(doubled("\"accuracy\"", "\"accuracy\":1.0,"));
    Bytes envelope = envelope_of(signer, good);
    std::string text(as_text(envelope));
    text.insert(1, "\"payload\":\"\",");
    EXPECT_FALSE(check(to_bytes(as_bytes(text))));
}

TEST(Leaf, IgnoresFieldsItDoesNotKnow) {
    const auto signer = signer_of(2);
    json payload = payload_of(leaf_of(signer, 1));
    payload["predicate"]["somethingNew"] = {"w1", "b1"};
    const auto checked = check(envelope_of(signer, payload.dump()));
    ASSERT_TRUE(checked) << checked.error().text;
    EXPECT_EQ(checked->statement, statement_of(signer, 1));
}

TEST(Leaf, RefusesMissingAndMistypedFields) {
    const auto signer = signer_of(2);
    const json good = payload_of(leaf_of(signer, 1));
    for (const char* name : {"content", "credential", "journey", "node", "parents", "samples", "software", "steps",
                             "stop", "task", "timeMs", "what"}) {
        json missing = good;
        missing["predicate"].erase(name);
        EXPECT_FALSE(check(envelope_of(signer, missing.dump()))) << name;
        for (const json& wrong : {json(nullptr), json(-1), json(1.5), json(""), json::array({1}), json::object()}) {
            json mistyped = good;
            mistyped["predicate"][name] = wrong;
            EXPECT_FALSE(check(envelope_of(signer, mistyped.dump()))) << name << wrong.dump();
        }
    }
    for (const char* name : {"_type", "predicateType", "subject", "predicate"}) {
        json missing = good;
        missing.erase(name);
        EXPECT_FALSE(check(envelope_of(signer, missing.dump()))) << name;
    }
    json two = good;
    two["subject"].push_back(two["subject"][0]);
    EXPECT_FALSE(check(envelope_of(signer, two.dump()))) << "two subjects";
}

TEST(Leaf, RefusesDeepAndOversizedJson) {
    EXPECT_FALSE(check(to_bytes(as_bytes(std::string(60'000, '[')))));
    EXPECT_FALSE(check(Bytes(limits::kLeafBytesMax + 1, ' ')));
    EXPECT_FALSE(parse_json("{\"a\":1e999}"));
    EXPECT_FALSE(parse_json("{\"a\":\"\xff\"}"));
    EXPECT_FALSE(parse_json("{} {}"));
    EXPECT_FALSE(parse_json(""));
}

}  // namespace
}  // namespace aip::ledger
