#include "crypto/identity.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crypto/temporary_directory.hpp"
#include "tests/crypto/test_node.hpp"

namespace aip::crypto {
namespace {

using testing::HasSubstr;

TEST(Credential, NamesTheNodeItCertifies) {
    const TestNode node;
    const auto principal = verify_credential(node.credential(), node.root.public_key(), kYear2027);
    ASSERT_TRUE(principal) << principal.error().text;
    EXPECT_EQ(principal->identity, node.identity.public_key());
    EXPECT_EQ(principal->operational, fixed_key(3).public_key());
    EXPECT_EQ(principal->address, node_address(node.root.public_key(), node.identity.public_key()));
    EXPECT_TRUE(principal->address.is_node());
    EXPECT_EQ(principal->address.network(), network_id(node.root.public_key()));
}

TEST(Credential, LivesAsLongAsBothCertificatesDo) {
    TestNode node;
    node.node_validity = {kYear2026, kYear2028};
    node.operational_validity = {kYear2027, kYear2036};
    const PublicKey root = node.root.public_key();
    const auto at = [&](WallTime now) { return verify_credential(node.credential(), root, now); };
    const auto ms = [](WallTime t, int64_t by) { return WallTime::from_unix_ms(t.unix_ms() + by); };
    EXPECT_THAT(at(ms(kYear2027, -1)).error().text, HasSubstr("operational certificate is not valid yet"));
    EXPECT_TRUE(at(kYear2027));
    EXPECT_TRUE(at(kYear2028));
    EXPECT_THAT(at(ms(kYear2028, 1)).error().text, HasSubstr("node certificate has expired"));
    EXPECT_EQ(at(kYear2027)->validity.not_before, kYear2027);
    EXPECT_EQ(at(kYear2027)->validity.not_after, kYear2028);
}

TEST(Credential, RefusesAForeignRoot) {
    const auto result = verify_credential(TestNode().credential(), fixed_key(9).public_key(), kYear2027);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kDenied);
    EXPECT_THAT(result.error().text, HasSubstr("not signed by the network root"));
}

TEST(Credential, RefusesAnOperationalKeyThatAnotherNodeCertified) {
    const TestNode node;
    const auto mixed =
        make_credential(certify_node(node.root, node.identity.public_key(), node.node_validity),
                        certify_operational(fixed_key(8), fixed_key(3).public_key(), node.operational_validity));
    const auto result = verify_credential(mixed, node.root.public_key(), kYear2027);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().text, HasSubstr("not signed by the node's identity key"));
}

// The root signs nodes and a node signs keys: neither statement can stand in for the other.
TEST(Credential, RefusesCertificatesInEachOthersPlace) {
    const TestNode node;
    const auto as_node = certify_operational(node.root, node.identity.public_key(), node.node_validity);
    const auto as_operational = certify_node(node.identity, fixed_key(3).public_key(), node.operational_validity);
    const auto good = node.credential();
    const ByteView node_part = good.view().first(kCertificateBytes);
    const ByteView operational_part = good.view().subspan(kCertificateBytes);
    for (const auto& wrong : {make_credential(as_node, *CertificateBytes::from(operational_part)),
                              make_credential(*CertificateBytes::from(node_part), as_operational)})
        EXPECT_THAT(verify_credential(wrong, node.root.public_key(), kYear2027).error().text, HasSubstr("malformed"));
}

TEST(Credential, RefusesEveryFlippedBit) {
    const TestNode node;
    const CredentialBytes good = node.credential();
    for (size_t bit = 0; bit < kCredentialBytes * 8; ++bit) {
        CredentialBytes bad = good;
        bad.bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        ASSERT_FALSE(verify_credential(bad, node.root.public_key(), kYear2027)) << bit;
    }
}

TEST(Identity, KeysOfDifferentPurposeGetDifferentNames) {
    const PublicKey key = fixed_key(1).public_key();
    const NetworkId network = network_id(key);
    uint8_t interface[8];
    store_be64(interface, static_cast<uint64_t>(interface_id(key)));
    EXPECT_NE(network.hex(), to_hex(ByteView(interface).first(NetworkId::kSize)));
}

class KeyDirectoryTest : public testing::Test {
protected:
    void create() { ASSERT_TRUE(create_key_directory(path_, kYear2027)); }
    void certify() { ASSERT_TRUE(certify_key_directory(path_, root_, {kYear2026, kYear2036})); }
    std::string load_error(WallTime now = kYear2027) {
        const auto signer = load_signer(path_, now);
        return signer ? "loaded" : signer.error().text;
    }

    TemporaryDirectory parent_;
    std::string path_ = parent_.file("keys");
    SecretKey root_ = fixed_key(1);
};

TEST_F(KeyDirectoryTest, LoadsASignerThatOthersAccept) {
    create();
    certify();
    const auto signer = load_signer(path_, kYear2027);
    ASSERT_TRUE(signer) << signer.error().text;
    EXPECT_EQ(*load_network_root(path_), root_.public_key());
    Verifier verifier(root_.public_key());
    const Bytes sealed = signer->seal("test", as_bytes("body"));
    const auto opened = verifier.open("test", sealed, kYear2027);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->signer.address, signer->self().address);
}

TEST_F(KeyDirectoryTest, IsPrivate) {
    create();
    struct stat info {};
    ASSERT_EQ(stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(KeyDirectoryTest, WorksWithoutTheIdentitySecret) {
    create();
    certify();
    ASSERT_EQ(unlink((path_ + "/identity.key").c_str()), 0);
    EXPECT_EQ(load_error(), "loaded");
}

TEST_F(KeyDirectoryTest, NeverMakesKeysTwice) {
    create();
    const auto again = create_key_directory(path_, kYear2027);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kExists);
    certify();
    EXPECT_EQ(certify_key_directory(path_, root_, {kYear2026, kYear2036}).error().code, ErrorCode::kExists);
}

TEST_F(KeyDirectoryTest, SaysHowToMakeAndCertifyKeys) {
    EXPECT_THAT(load_error(), HasSubstr("aipctl key create " + path_));
    create();
    EXPECT_THAT(load_error(), HasSubstr("network.pub"));
    EXPECT_THAT(load_error(), HasSubstr("aipctl key certify"));
}

TEST_F(KeyDirectoryTest, RefusesAnExpiredNode) {
    create();
    certify();
    EXPECT_THAT(load_error(kYear2036 + Duration::seconds(1)), HasSubstr("expired"));
}

TEST_F(KeyDirectoryTest, RefusesAKeyThatIsNotTheCertifiedOne) {
    create();
    certify();
    const std::string key = path_ + "/operational.key";
    ASSERT_EQ(unlink(key.c_str()), 0);
    ASSERT_TRUE(save_secret_key(fixed_key(5), key, kOperationalLabel));
    EXPECT_THAT(load_error(), HasSubstr("certifies another key than operational.key"));
}

TEST_F(KeyDirectoryTest, RefusesATruncatedCertificate) {
    create();
    certify();
    ASSERT_EQ(truncate((path_ + "/node.cert").c_str(), kCertificateBytes - 1), 0);
    EXPECT_THAT(load_error(), HasSubstr("wrong length"));
}

class KeyRotation : public testing::Test {
protected:
    KeyRotation() {
        EXPECT_TRUE(create_key_directory(keys_.path(), kYear2026));
        EXPECT_TRUE(certify_key_directory(keys_.path(), fixed_key(1), {kYear2026, kYear2036}));
    }
    PublicKey operational() const { return load_signer(keys_.path(), kYear2027)->self().operational; }
    std::optional<std::string> why(const PublicKey& key) const {
        return why_compromised(*load_rotation_note(keys_.path()), key);
    }
    TemporaryDirectory keys_;
};

TEST_F(KeyRotation, LeavesADirectoryThatLoadsWithTheNewKey) {
    const PublicKey before = operational();
    const auto rotated = rotate_key_directory(keys_.path(), "", kYear2026);
    ASSERT_TRUE(rotated) << rotated.error().text;
    EXPECT_NE(*rotated, before);
    EXPECT_EQ(operational(), *rotated);
    EXPECT_EQ(why(before), std::nullopt) << "only replaced";
}

TEST_F(KeyRotation, GoesOnAfterOneThatWasCutShort) {
    for (const char* name : {"operational.key.new", "operational.cert.new", "operational.note.new"})
        ASSERT_TRUE(write_new_file(keys_.file(name), as_bytes("half"), 0600));
    const auto rotated = rotate_key_directory(keys_.path(), "its disk was stolen", kYear2026);
    ASSERT_TRUE(rotated) << rotated.error().text;
    EXPECT_EQ(operational(), *rotated);
    for (const char* name : {"operational.key.new", "operational.cert.new", "operational.note.new"})
        EXPECT_FALSE(std::filesystem::exists(keys_.file(name))) << name;
}

TEST_F(KeyRotation, KeepsWhyAKeyWasCompromisedWhateverComesAfterIt) {
    const PublicKey first = operational();
    ASSERT_TRUE(rotate_key_directory(keys_.path(), "its disk was stolen", kYear2026));
    const PublicKey second = operational();
    ASSERT_TRUE(rotate_key_directory(keys_.path(), "", kYear2026));
    EXPECT_EQ(why(first), "its disk was stolen");
    EXPECT_EQ(why(second), std::nullopt);
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(rotate_key_directory(keys_.path(), std::string(128, 'x'), kYear2026)) << i;
    EXPECT_EQ(why(operational()), std::nullopt);
    EXPECT_EQ(why(first), std::nullopt) << "the oldest make room";
}

}  // namespace
}  // namespace aip::crypto
