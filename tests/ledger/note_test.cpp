#include "ledger/note.hpp"

#include <gtest/gtest.h>

#include <map>

#include "ledger/merkle.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr const char* kSpecKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr const char* kSpecNote =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

// The published test log of transparency-dev/tessera (testdata/log): its leaves, its key and some of its checkpoints.
constexpr const char* kTesseraKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
constexpr const char* kTesseraSigner = "AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";  // 0x01 || seed, published too
constexpr const char* kTesseraLeaves[] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                          "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};

std::string tessera_note(const std::string& size, const std::string& root, const std::string& signature) {
    return "example.com/log/testdata\n" + size + "\n" + root + "\n\n\xe2\x80\x94 example.com/log/testdata " +
           signature + "\n";
}

const std::map<uint64_t, std::string> kTesseraCheckpoints{
    {0, tessera_note("0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                     "M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc=")},
    {1, tessera_note("1", "0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=",
                     "M9e0lhr9kuLxGdAtaUrhm84TQffVsLdcy808sN0a3WyniNlfcr9+bywoiIke1YYciCNjJGkCgIlQ8b16jhsmg/SChAM=")},
    {6, tessera_note("6", "a6sWvsc2eEzmj72vah7mZ5dwFltivehh2b11qwlp5Jg=",
                     "M9e0ln+nHSdGSHEZBcjvqyYDXDbG8WxDwCDjbbGAMv/NTynAtJWhckSXIpuwpN3yJ4PTtzUbD34YGqIZr6RgJRn16gU=")},
    {13, tessera_note("13", "av0kLH0VkkVDrTuZzBGIx7d9z5G1l/GlKz/nAV/8woQ=",
                      "M9e0liO8x8xfEOGmZVYODUjQajkEpjccPQ9EkG3yEEDet4K3BWE/DFRPH6H+b6gFFFaG5KS1bBmYS/xeZJs8lj+z+wM=")},
    {15, tessera_note("15", "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=",
                      "M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI=")}};

NoteKey own_key(const crypto::SecretKey& secret) { return {"aipacket.test", secret.public_key()}; }

std::string own_note(const crypto::SecretKey& secret, const std::string& text) {
    return signed_note(text, own_key(secret), secret.sign(as_bytes(text)));
}

TEST(Note, OpensTheExampleOfTheSpecification) {
    const auto key = NoteKey::parse(kSpecKey);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->vkey(), kSpecKey);
    const auto note = Note::parse(kSpecNote);
    ASSERT_TRUE(note);
    EXPECT_EQ(note->text, "This is an example message.\n");
    EXPECT_TRUE(note->verify(*key));
}

TEST(Note, OpensTheExampleOfTheGoPackage) {
    const auto key = NoteKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const auto note = Note::parse(
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\xe2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
        "\xe2\x80\x94 EnochRoot "
        "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n");
    ASSERT_TRUE(key);
    ASSERT_TRUE(note);
    EXPECT_EQ(note->signatures.size(), 2u);
    EXPECT_TRUE(note->verify(*key)) << "an unknown second signature is ignored";
}

TEST(Note, RebuildsThePublishedTestLogByteForByte) {
    const auto key = NoteKey::parse(kTesseraKey);
    ASSERT_TRUE(key);
    const Bytes signer = *from_base64(kTesseraSigner);
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(*Digest::from(ByteView(signer).subspan(1)));
    ASSERT_EQ(secret.public_key(), key->key);
    Frontier tree;
    std::vector<StoredHash> stored;
    for (uint64_t size = 0; size <= std::size(kTesseraLeaves); ++size) {
        if (size > 0) tree.append(leaf_hash(as_bytes(kTesseraLeaves[size - 1])), stored);
        const auto it = kTesseraCheckpoints.find(size);
        if (it == kTesseraCheckpoints.end()) continue;
        const std::string text = Checkpoint{key->name, size, tree.root()}.text();
        EXPECT_EQ(signed_note(text, *key, secret.sign(as_bytes(text))), it->second);
        EXPECT_TRUE(open_checkpoint(it->second, *key));
    }
}

TEST(Note, RefusesAFlippedBitAnywhere) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    const std::string good = own_note(secret, Checkpoint{"aipacket.test", 7, empty_root()}.text());
    ASSERT_TRUE(open_checkpoint(good, own_key(secret)));
    for (size_t i = 0; i < good.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string bad = good;
            bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
            EXPECT_FALSE(open_checkpoint(bad, own_key(secret))) << "byte " << i << " bit " << bit;
        }
    }
}

TEST(Note, RefusesEveryTruncation) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    const std::string good = own_note(secret, Checkpoint{"aipacket.test", 7, empty_root()}.text());
    for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(open_checkpoint(good.substr(0, n), own_key(secret))) << n;
}

TEST(Note, TellsAMissingSignatureFromABadOne) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    Note note = *Note::parse(own_note(secret, "text\n"));
    NoteKey other = own_key(secret);
    other.name = "someone-else";
    EXPECT_EQ(note.verify(other).error().code, ErrorCode::kNotFound);
    note.text = "other text\n";
    EXPECT_EQ(note.verify(own_key(secret)).error().code, ErrorCode::kDenied);
}

TEST(Note, SplitsAtTheLastEmptyLine) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    const auto note = Note::parse(own_note(secret, "one\n\ntwo\n"));
    ASSERT_TRUE(note);
    EXPECT_EQ(note->text, "one\n\ntwo\n");
    EXPECT_TRUE(note->verify(own_key(secret)));
}

TEST(Note, RefusesWhatTwoParsersCouldReadDifferently) {
    const std::string line = "\xe2\x80\x94 example.com/foo " + std::string(92, 'A') + "\n";
    EXPECT_TRUE(Note::parse("text\n\n" + line));
    EXPECT_FALSE(Note::parse("text\r\n\n" + line)) << "control character";
    EXPECT_FALSE(Note::parse("te\xffxt\n\n" + line)) << "not UTF-8";
    EXPECT_FALSE(Note::parse("text\n" + line)) << "no empty line";
    EXPECT_FALSE(Note::parse("text\n\n")) << "no signature";
    EXPECT_FALSE(Note::parse("text\n\n- a AAAAAAAA\n")) << "no em dash";
    EXPECT_FALSE(Note::parse("text\n\n\xe2\x80\x94 a+b AAAAAAAA\n")) << "plus in a name";
    EXPECT_FALSE(Note::parse("text\n\n\xe2\x80\x94 a\xc2\xa0 AAAAAAAA\n")) << "wide space in a name";
    EXPECT_FALSE(Note::parse("text\n\n\xe2\x80\x94 a AAAAAB==\n")) << "bits behind the end of base64";
    EXPECT_FALSE(Note::parse("text\n\n\xe2\x80\x94 a AAAA\n")) << "shorter than a key id";
    std::string many = "text\n\n";
    for (size_t i = 0; i < 65; ++i) many += "\xe2\x80\x94 a AAAAAAAA\n";
    EXPECT_FALSE(Note::parse(many)) << "too many signatures";
}

TEST(Note, AcceptsSixteenSignatures) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    std::string note = own_note(secret, "text\n");
    for (int i = 0; i < 15; ++i)
        note += "\xe2\x80\x94 witness" + std::to_string(i) + " " + std::string(100, 'A') + "\n";
    const auto parsed = Note::parse(note);
    ASSERT_TRUE(parsed);
    EXPECT_TRUE(parsed->verify(own_key(secret)));
}

TEST(Checkpoint, RefusesAnythingButThreeExactLines) {
    const std::string root = to_base64(empty_root().view());
    EXPECT_TRUE(Checkpoint::parse("log\n12\n" + root + "\n"));
    EXPECT_FALSE(Checkpoint::parse("log\n012\n" + root + "\n"));
    EXPECT_FALSE(Checkpoint::parse("log\n-1\n" + root + "\n"));
    EXPECT_FALSE(Checkpoint::parse("log\n18446744073709551616\n" + root + "\n"));
    EXPECT_FALSE(Checkpoint::parse("\n12\n" + root + "\n"));
    EXPECT_FALSE(Checkpoint::parse("log\n12\n" + root));
    EXPECT_FALSE(Checkpoint::parse("log\n12\n" + root + "\nextension\n"));
    EXPECT_FALSE(Checkpoint::parse("log\n12\n" + root.substr(4) + "\n"));
}

TEST(Checkpoint, RefusesTheCheckpointOfAnotherLog) {
    const crypto::SecretKey secret = crypto::SecretKey::from_seed(Digest{});
    const std::string note = own_note(secret, Checkpoint{"aipacket.other", 7, empty_root()}.text());
    EXPECT_FALSE(open_checkpoint(note, own_key(secret)));
}

TEST(NoteKey, RefusesAWrongKeyId) {
    std::string vkey = kSpecKey;
    EXPECT_FALSE(NoteKey::parse("example.com/foo+530d903b" + vkey.substr(24)));
    EXPECT_FALSE(NoteKey::parse("example.com/foo+530D903A" + vkey.substr(24)));
    EXPECT_FALSE(NoteKey::parse("example.com/foo"));
    EXPECT_FALSE(NoteKey::parse(""));
}

TEST(LogOrigin, IsTheAddressInHex) {
    EXPECT_EQ(log_origin(*Address::parse("fd01:203:405:0:1122:3344:5566:7788")),
              "aipacket.fd010203040500001122334455667788");
}

TEST(Text, KnowsUtf8) {
    EXPECT_TRUE(is_text("plain\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "tab\t"})
        EXPECT_FALSE(is_text(bad)) << bad;
}

}  // namespace
}  // namespace aip::ledger
