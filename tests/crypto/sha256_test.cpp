#include "crypto/sha256.hpp"

#include <gtest/gtest.h>

namespace aip::crypto {
namespace {

// FIPS 180-4 examples (NIST CSRC).
TEST(Sha256, MatchesThePublishedVectors) {
    EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256(as_bytes("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256(Bytes(1'000'000, 'a')).hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotCareHowBytesArrive) {
    const Bytes bytes(200, 0x42);
    const Digest whole = sha256(bytes);
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
        Sha256 hash;
        hash.update(ByteView(bytes).first(cut)).update({}).update(ByteView(bytes).subspan(cut));
        EXPECT_EQ(hash.finish(), whole) << cut;
    }
}

TEST(Sha256, MovesInTheMiddle) {
    Sha256 first;
    first.update(as_bytes("a"));
    Sha256 second = std::move(first);
    EXPECT_EQ(second.update(as_bytes("bc")).finish(), sha256(as_bytes("abc")));
}

}  // namespace
}  // namespace aip::crypto
