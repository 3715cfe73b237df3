// rfc/0006 section 7: what the vectors file says is what the code does.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "crypto/identity.hpp"

namespace aip::crypto {
namespace {

std::map<std::string, std::string> read_vectors() {
    std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0006/identity.txt");
    std::map<std::string, std::string> vectors;
    for (std::string line, name, value; std::getline(file, line);)
        if (!line.starts_with('#') && std::istringstream(line) >> name >> value) vectors[name] = value;
    return vectors;
}

TEST(IdentityVectors, AreWhatTheCodeMakes) {
    auto v = read_vectors();
    ASSERT_EQ(v.size(), 14u);
    const SecretKey root = SecretKey::from_seed(*Digest::parse_hex(v["root-seed"]));
    const SecretKey identity = SecretKey::from_seed(*Digest::parse_hex(v["identity-seed"]));
    SecretKey operational = SecretKey::from_seed(*Digest::parse_hex(v["operational-seed"]));
    EXPECT_EQ(root.public_key().hex(), v["root-public"]);
    EXPECT_EQ(identity.public_key().hex(), v["identity-public"]);
    EXPECT_EQ(operational.public_key().hex(), v["operational-public"]);
    EXPECT_EQ(network_id(root.public_key()).hex(), v["network-id"]);
    const InterfaceId interface { std::stoull(v["interface-id"], nullptr, 16) };
    EXPECT_EQ(interface_id(identity.public_key()), interface);
    const Address address = node_address(root.public_key(), identity.public_key());
    EXPECT_EQ(address.text(), v["address"]);

    const Validity validity{WallTime::from_unix_ms(std::stoll(v["not-before-ms"])),
                            WallTime::from_unix_ms(std::stoll(v["not-after-ms"]))};
    const CertificateBytes node = certify_node(root, identity.public_key(), validity);
    const CertificateBytes op = certify_operational(identity, operational.public_key(), validity);
    EXPECT_EQ(node.hex(), v["node-certificate"]);
    EXPECT_EQ(op.hex(), v["operational-certificate"]);

    const CredentialBytes credential = make_credential(node, op);
    const auto self = verify_credential(credential, root.public_key(), validity.not_before);
    ASSERT_TRUE(self) << self.error().text;
    const Signer signer(std::move(operational), credential, *self);
    EXPECT_EQ(to_hex(signer.seal("example", as_bytes("hello"))), v["sealed-example-hello"]);
}

TEST(IdentityVectors, AreAcceptedByAReceiver) {
    auto v = read_vectors();
    Verifier verifier(*PublicKey::parse_hex(v["root-public"]));
    const Bytes sealed = *from_hex(v["sealed-example-hello"]);
    const auto opened = verifier.open("example", sealed, WallTime::from_unix_ms(std::stoll(v["not-after-ms"])));
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(as_text(opened->body), "hello");
    EXPECT_EQ(opened->signer.address.text(), v["address"]);
}

}  // namespace
}  // namespace aip::crypto
