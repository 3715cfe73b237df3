#include <gmock/gmock.h>

#include "crypto/identity.hpp"
#include "tests/crypto/test_node.hpp"

namespace aip::crypto {
namespace {

using testing::HasSubstr;

class EnvelopeTest : public testing::Test {
protected:
    std::string error_of(ByteView sealed, std::string_view domain = "offer", WallTime now = kYear2027) {
        const auto opened = verifier_.open(domain, sealed, now);
        return opened ? "opened" : opened.error().text;
    }

    TestNode node_;
    Verifier verifier_{node_.root.public_key()};
    Bytes sealed_ = node_.signer().seal("offer", as_bytes("a body"));
};

TEST_F(EnvelopeTest, OpensWhatWasSealed) {
    const auto opened = verifier_.open("offer", sealed_, kYear2027);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(as_text(opened->body), "a body");
    EXPECT_EQ(opened->signer.identity, node_.identity.public_key());
}

TEST_F(EnvelopeTest, CarriesAnEmptyBodyAndALongOne) {
    for (const size_t size : {size_t{0}, size_t{1} << 20}) {
        const Bytes body(size, 0xab);
        const Bytes sealed = node_.signer().seal("d", body);
        const auto opened = verifier_.open("d", sealed, kYear2027);
        ASSERT_TRUE(opened) << opened.error().text;
        EXPECT_EQ(to_bytes(opened->body), body);
    }
}

TEST_F(EnvelopeTest, RefusesAnotherDomain) {
    EXPECT_EQ(error_of(sealed_, "manifest"), "signed as 'offer', expected 'manifest'");
    EXPECT_THAT(error_of(sealed_, "offers"), HasSubstr("expected 'offers'"));
    EXPECT_THAT(error_of(sealed_, ""), HasSubstr("expected ''"));
}

TEST_F(EnvelopeTest, RefusesAFlippedBitAtEveryByte) {
    for (size_t at = 0; at < sealed_.size(); ++at)
        for (const uint8_t bit : {0x01, 0x80}) {
            Bytes bad = sealed_;
            bad[at] ^= bit;
            ASSERT_NE(error_of(bad), "opened") << at;
        }
    EXPECT_EQ(error_of(sealed_), "opened");
}

TEST_F(EnvelopeTest, RefusesTruncationAtEveryByte) {
    for (size_t length = 0; length < sealed_.size(); ++length)
        ASSERT_EQ(error_of(ByteView(sealed_).first(length)), "signed envelope is malformed") << length;
}

TEST_F(EnvelopeTest, RefusesTrailingBytes) {
    sealed_.push_back(0);
    EXPECT_EQ(error_of(sealed_), "signed envelope is malformed");
}

TEST_F(EnvelopeTest, RefusesABodyLengthBeyondTheEnd) {
    const size_t length_at = 4 + 1 + 1 + 5 + kCredentialBytes;
    store_be32(sealed_.data() + length_at, UINT32_MAX);
    EXPECT_EQ(error_of(sealed_), "signed envelope is malformed");
}

TEST_F(EnvelopeTest, RefusesANodeOfAnotherNetwork) {
    TestNode foreign;
    foreign.root = fixed_key(9);
    EXPECT_THAT(error_of(foreign.signer().seal("offer", as_bytes("a body"))), HasSubstr("network root"));
}

TEST_F(EnvelopeTest, RefusesASignatureOfAnotherKeyUnderTheSameCredential) {
    const CredentialBytes credential = node_.credential();
    Principal claimed = *verify_credential(credential, node_.root.public_key(), kYear2027);
    claimed.operational = fixed_key(6).public_key();
    const Signer thief(fixed_key(6), credential, claimed);
    EXPECT_EQ(error_of(thief.seal("offer", as_bytes("a body"))),
              "bad signature of " + claimed.address.text() + " on 'offer'");
}

TEST_F(EnvelopeTest, RefusesBeforeAndAfterTheCertificatesLife) {
    EXPECT_THAT(error_of(sealed_, "offer", WallTime::from_unix_ms(kYear2026.unix_ms() - 1)),
                HasSubstr("not valid yet"));
    EXPECT_EQ(error_of(sealed_, "offer", kYear2036), "opened");
    EXPECT_THAT(error_of(sealed_, "offer", kYear2036 + Duration::milliseconds(1)), HasSubstr("expired"));
}

// The verifier remembers whom it has checked; a memory must not outlive the certificate.
TEST_F(EnvelopeTest, ExpiryCountsForARememberedNodeToo) {
    ASSERT_EQ(error_of(sealed_), "opened");
    EXPECT_THAT(error_of(sealed_, "offer", kYear2036 + Duration::milliseconds(1)), HasSubstr("expired"));
    EXPECT_EQ(error_of(sealed_), "opened");
}

TEST_F(EnvelopeTest, ClaimIsReadWithoutBeingBelieved) {
    sealed_.back() ^= 1;
    const auto claim = sealed_claim(sealed_);
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->identity, node_.identity.public_key());
    EXPECT_EQ(as_text(claim->body), "a body");
    EXPECT_EQ(*sealed_credential(sealed_), node_.credential());
    EXPECT_FALSE(sealed_claim(ByteView(sealed_).first(sealed_.size() - 1)));
    EXPECT_FALSE(sealed_credential({}));
}

TEST(SignerDeathTest, RefusesAKeyItsCredentialDoesNotName) {
    const TestNode node;
    const Principal self = node.signer().self();
    EXPECT_DEATH(Signer(fixed_key(4), node.credential(), self), "does not hold");
}

}  // namespace
}  // namespace aip::crypto
