#include "crypto/keys.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/crypto/temporary_directory.hpp"

namespace aip::crypto {
namespace {

using testing::HasSubstr;

Signature signature_of(const char* hex) { return *Signature::parse_hex(hex); }

// RFC 8032 section 7.1, tests 1 and 2.
TEST(Ed25519, MatchesTheVectorsOfTheRfc) {
    const struct {
        const char *seed, *public_key, *message, *signature;
    } vectors[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
                    "25bf5f0595bbe24655141438e7a100b"},
                   {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c3"
                    "87b2eaeb4302aeeb00d291612bb0c00"}};
    for (const auto& v : vectors) {
        const SecretKey key = SecretKey::from_seed(*Digest::parse_hex(v.seed));
        const Bytes message = *from_hex(v.message);
        EXPECT_EQ(key.public_key().hex(), v.public_key);
        EXPECT_EQ(key.sign(message).hex(), v.signature);
        EXPECT_TRUE(verify(key.public_key(), message, signature_of(v.signature)));
    }
}

TEST(Ed25519, RefusesEveryFlippedBitOfAKeyMessageOrSignature) {
    const SecretKey key = SecretKey::from_seed(Digest{{1}});
    const Bytes message = to_bytes(as_bytes("a model"));
    const Signature signature = key.sign(message);
    for (size_t bit = 0; bit < 64 * 8; ++bit) {
        Signature flipped = signature;
        flipped.bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(verify(key.public_key(), message, flipped)) << bit;
    }
    for (size_t bit = 0; bit < message.size() * 8; ++bit) {
        Bytes flipped = message;
        flipped[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(verify(key.public_key(), flipped, signature)) << bit;
    }
    for (size_t bit = 0; bit < 32 * 8; ++bit) {
        PublicKey flipped = key.public_key();
        flipped.bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        EXPECT_FALSE(verify(flipped, message, signature)) << bit;
    }
}

// A key of small order would let one signature fit many messages.
TEST(Ed25519, RefusesKeysOfSmallOrder) {
    PublicKey identity_point;
    identity_point.bytes[0] = 1;
    Signature trivial;
    trivial.bytes[0] = 1;
    EXPECT_FALSE(verify(identity_point, as_bytes("anything"), trivial));
    EXPECT_FALSE(verify(PublicKey{}, as_bytes("anything"), trivial));
}

TEST(SecretKey, IsDifferentEveryTime) {
    EXPECT_NE(SecretKey::generate().public_key(), SecretKey::generate().public_key());
}

class KeyFileTest : public testing::Test {
protected:
    std::string write(const std::string& text, mode_t mode = 0600) {
        const std::string path = directory_.file("written.key");
        std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
        EXPECT_EQ(chmod(path.c_str(), mode), 0);
        return path;
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_.file("a.key");
    SecretKey key_ = SecretKey::from_seed(Digest{{7}});
};

TEST_F(KeyFileTest, SecretKeyRoundTripsThroughAPrivateFile) {
    ASSERT_TRUE(save_secret_key(key_, path_, "identity"));
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto loaded = load_secret_key(path_, "identity");
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->public_key(), key_.public_key());
}

TEST_F(KeyFileTest, LooksAsTheRfcSays) {
    ASSERT_TRUE(save_secret_key(key_, path_, "identity"));
    const auto text = read_small_file(path_, 512);
    ASSERT_TRUE(text);
    EXPECT_EQ(as_text(*text), "aipacket-secret-key-v1 identity BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
}

TEST_F(KeyFileTest, RefusesASecretThatOthersCanRead) {
    ASSERT_TRUE(save_secret_key(key_, path_, "identity"));
    for (const mode_t mode : {0640, 0604, 0610, 0602, 0644}) {
        ASSERT_EQ(chmod(path_.c_str(), mode), 0);
        const auto loaded = load_secret_key(path_, "identity");
        ASSERT_FALSE(loaded) << std::oct << mode;
        EXPECT_EQ(loaded.error().code, ErrorCode::kDenied);
        EXPECT_THAT(loaded.error().text, HasSubstr("run: chmod 600 " + path_));
    }
}

TEST_F(KeyFileTest, NeverOverwrites) {
    ASSERT_TRUE(save_secret_key(key_, path_, "identity"));
    const auto again = save_secret_key(SecretKey::generate(), path_, "identity");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kExists);
    EXPECT_EQ(load_secret_key(path_, "identity")->public_key(), key_.public_key());
    EXPECT_FALSE(save_public_key(key_.public_key(), path_, "identity"));
}

TEST_F(KeyFileTest, RefusesAKeyOfAnotherKind) {
    ASSERT_TRUE(save_secret_key(key_, path_, "identity"));
    const auto loaded = load_secret_key(path_, "operational");
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().text, HasSubstr("is not a key file of kind 'aipacket-secret-key-v1 operational'"));
    EXPECT_FALSE(load_public_key(path_, "identity"));
}

TEST_F(KeyFileTest, RefusesMalformedSecrets) {
    const std::string head = "aipacket-secret-key-v1 identity ";
    const std::string seed = "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    ASSERT_TRUE(load_secret_key(write(head + seed + "\n"), "identity"));
    for (const std::string& text :
         {std::string(), head, seed, head + "\n", head + seed + " \n", head + seed + "\n\n", " " + head + seed,
          head + "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", head + "BwAA", head + seed + seed,
          head + std::string(600, 'A'), "aipacket-secret-key-v2 identity " + seed}) {
        const auto loaded = load_secret_key(write(text), "identity");
        ASSERT_FALSE(loaded) << text;
        EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
        EXPECT_EQ(loaded.error().text.find(seed), std::string::npos) << "an error shows the secret";
    }
}

TEST_F(KeyFileTest, PublicKeyRoundTripsAndRefusesMalformedOnes) {
    ASSERT_TRUE(save_public_key(key_.public_key(), path_, "network-root"));
    EXPECT_EQ(*load_public_key(path_, "network-root"), key_.public_key());
    const std::string head = "aipacket-public-key-v1 network-root ";
    const std::string hex = key_.public_key().hex();
    for (const std::string& text : {head + hex.substr(2), head + hex + "00", head + "zz" + hex.substr(2), hex})
        EXPECT_FALSE(load_public_key(write(text, 0644), "network-root")) << text;
}

TEST_F(KeyFileTest, SaysWhichFileIsMissing) {
    const auto loaded = load_secret_key(path_, "identity");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(loaded.error().text, "cannot read " + path_ + ": No such file or directory");
}

TEST(SmallFile, HasALimit) {
    const TemporaryDirectory directory;
    const std::string path = directory.file("f");
    ASSERT_TRUE(write_new_file(path, Bytes(10, 1), 0600));
    EXPECT_EQ(read_small_file(path, 10)->size(), 10u);
    EXPECT_EQ(read_small_file(path, 9).error().text, path + " is larger than 9 bytes");
    EXPECT_FALSE(read_small_file(directory.path(), 10));
    EXPECT_EQ(write_new_file(path, {}, 0600).error().code, ErrorCode::kExists);
}

TEST(SmallFile, FailedWriteLeavesNothing) {
    const auto result = write_new_file("/dev/full/x", {}, 0600);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().text, testing::StartsWith("cannot create /dev/full/x: "));
}

}  // namespace
}  // namespace aip::crypto
