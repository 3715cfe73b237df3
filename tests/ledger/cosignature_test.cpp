#include "ledger/cosignature.hpp"

#include "fixture.hpp"

namespace aip::ledger {
namespace {

// A checkpoint of a public log, cosigned by a public witness; both keys are published.
const std::string kPublicNote =
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "\xe2\x80\x94 arche2025h1.staging.ct.transparency.dev "
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "\xe2\x80\x94 remora.n621.de "
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";
const std::string kPublicLog =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
const std::string kPublicWitness = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

CosignatureKey witness_key(const crypto::SecretKey& secret) { return {"aipacket.witness", secret.public_key()}; }

std::string line(const crypto::SecretKey& secret, const std::string& text, uint64_t seconds) {
    return cosignature_line(witness_key(secret), seconds, secret.sign(as_bytes(cosigned_message(text, seconds))));
}

std::string log_note(const std::string& text) {
    const crypto::SecretKey log = key_of(7);
    return signed_note(text, {"aipacket.log", log.public_key()}, log.sign(as_bytes(text)));
}

const std::string kText = Checkpoint{"aipacket.log", 7, empty_root()}.text();

TEST(Cosignature, VerifiesAPublicWitnessOfAPublicLog) {
    const auto witness = CosignatureKey::parse(kPublicWitness);
    const auto log = NoteKey::parse(kPublicLog);
    ASSERT_TRUE(witness && log);
    EXPECT_EQ(witness->vkey(), kPublicWitness);
    const auto note = Note::parse(kPublicNote);
    ASSERT_TRUE(note);
    EXPECT_TRUE(note->verify(*log));
    const auto when = verify_cosignature(*note, *witness);
    ASSERT_TRUE(when) << when.error().text;
    EXPECT_EQ(*when, 1779573024u);
}

TEST(Cosignature, SignsTheHeaderTheTimeAndTheWholeText) {
    EXPECT_EQ(cosigned_message("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
                               1679315147),
              "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
              "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
}

TEST(Cosignature, IsOneMoreLineThatTheLogsKeyIgnores) {
    const crypto::SecretKey secret = key_of(3);
    const std::string cosigned = log_note(kText) + line(secret, kText, 1'760'000'000);
    const auto note = Note::parse(cosigned);
    ASSERT_TRUE(note);
    EXPECT_EQ(note->signatures.size(), 2u);
    EXPECT_EQ(verify_cosignature(*note, witness_key(secret)).value(), 1'760'000'000u);
    EXPECT_TRUE(open_checkpoint(cosigned, {"aipacket.log", key_of(7).public_key()}));
}

TEST(Cosignature, IsNoSignatureOfALogAndTheOtherWayRound) {
    const crypto::SecretKey secret = key_of(3);
    const NoteKey as_log{"aipacket.witness", secret.public_key()};
    EXPECT_NE(as_log.id(), witness_key(secret).id());
    EXPECT_FALSE(NoteKey::parse(witness_key(secret).vkey()));
    EXPECT_FALSE(CosignatureKey::parse(as_log.vkey()));
    const auto note = Note::parse(log_note(kText) + line(secret, kText, 1));
    EXPECT_EQ(note->verify(as_log).error().code, ErrorCode::kNotFound);
    const auto signed_plainly = Note::parse(signed_note(kText, as_log, secret.sign(as_bytes(kText))));
    EXPECT_EQ(verify_cosignature(*signed_plainly, witness_key(secret)).error().code, ErrorCode::kNotFound);
}

TEST(Cosignature, RefusesAFlippedBitInTimeAndSignature) {
    const crypto::SecretKey secret = key_of(3);
    Note note = *Note::parse(log_note(kText) + line(secret, kText, 1'760'000'000));
    const Bytes good = note.signatures[1].signature;
    ASSERT_EQ(good.size(), 72u);
    for (size_t i = 0; i < good.size(); ++i) {
        note.signatures[1].signature = good;
        note.signatures[1].signature[i] ^= static_cast<uint8_t>(1 << (i % 8));
        EXPECT_EQ(verify_cosignature(note, witness_key(secret)).error().code, ErrorCode::kDenied) << i;
    }
}

TEST(Cosignature, RefusesEveryTruncation) {
    const crypto::SecretKey secret = key_of(3);
    Note note = *Note::parse(log_note(kText) + line(secret, kText, 1'760'000'000));
    const Bytes good = note.signatures[1].signature;
    for (size_t n = 0; n < good.size(); ++n) {
        note.signatures[1].signature = Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
        EXPECT_FALSE(verify_cosignature(note, witness_key(secret))) << n;
    }
    note.signatures[1].signature = good;
    note.signatures[1].signature.push_back(0);
    EXPECT_FALSE(verify_cosignature(note, witness_key(secret)));
}

TEST(Cosignature, RefusesATimeBeyondWhatTheSpecificationAllows) {
    const crypto::SecretKey secret = key_of(3);
    const uint64_t late = uint64_t{1} << 63;
    Bytes raw;
    Writer(raw).u64(late).put(secret.sign(as_bytes(cosigned_message(kText, late))).view());
    const std::string bad = signature_line("aipacket.witness", witness_key(secret).id(), raw);
    EXPECT_FALSE(verify_cosignature(*Note::parse(log_note(kText) + bad), witness_key(secret)));
}

TEST(Cosignature, OneBadLineOfAKeySpoilsItsGoodOnes) {
    const crypto::SecretKey secret = key_of(3);
    const std::string good = log_note(kText) + line(secret, kText, 5) + line(secret, kText, 9);
    EXPECT_EQ(verify_cosignature(*Note::parse(good), witness_key(secret)).value(), 9u);
    const std::string bad = good + line(secret, "another\n", 9);
    EXPECT_EQ(verify_cosignature(*Note::parse(bad), witness_key(secret)).error().code, ErrorCode::kDenied);
}

}  // namespace
}  // namespace aip::ledger
