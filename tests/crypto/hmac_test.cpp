#include "crypto/hmac.hpp"

#include <gtest/gtest.h>

namespace aip::crypto {
namespace {

TEST(Hmac, IsTheOneOfRfc4231) {
    const auto mac = [](ByteView key, std::string_view data) { return hmac_sha256(key, {as_bytes(data)}).hex(); };
    EXPECT_EQ(mac(Bytes(20, 0x0b), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(mac(as_bytes("Jefe"), "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(mac(Bytes(131, 0xaa), "Test Using Larger Than Block-Size Key - Hash Key First"),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, PartsAreOneMessage) {
    const Bytes key(32, 1);
    EXPECT_EQ(hmac_sha256(key, {as_bytes("ab"), {}, as_bytes("c")}), hmac_sha256(key, {as_bytes("abc")}));
}

TEST(EqualSecret, ComparesLengthAndContent) {
    EXPECT_TRUE(equal_secret(as_bytes("abc"), as_bytes("abc")));
    EXPECT_FALSE(equal_secret(as_bytes("abc"), as_bytes("abd")));
    EXPECT_FALSE(equal_secret(as_bytes("abc"), as_bytes("abcd")));
    EXPECT_TRUE(equal_secret({}, {}));
}

}  // namespace
}  // namespace aip::crypto
