#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace aip {
namespace {

std::string hex_of(const std::optional<Bytes>& bytes) { return bytes ? to_hex(*bytes) : "refused"; }

TEST(Hex, RoundTrips) {
    Bytes all(256);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
    EXPECT_EQ(from_hex(to_hex(all)), all);
    EXPECT_EQ(from_hex(""), Bytes{});
    EXPECT_EQ(to_hex(Bytes{0x00, 0x9f, 0xff}), "009fff");
}

TEST(Hex, TakesBothCasesAndNothingElse) {
    EXPECT_EQ(hex_of(from_hex("aBfF09")), "abff09");
    for (const char* bad : {"a", "abc", "0x12", "g0", "0g", " 00", "00 ", "0\n", "-1", "//", "::", "@@", "``"})
        EXPECT_FALSE(from_hex(bad)) << bad;
    EXPECT_FALSE(from_hex(std::string_view("0\0", 2)));
}

// RFC 4648 section 10.
TEST(Base64, MatchesTheVectorsOfTheRfc) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
        EXPECT_EQ(from_base64(encoded), to_bytes(as_bytes(plain)));
    }
}

TEST(Base64, RoundTripsEveryByteAtEveryPlace) {
    for (size_t length = 1; length <= 6; ++length)
        for (size_t at = 0; at < length; ++at)
            for (int value = 0; value < 256; ++value) {
                Bytes bytes(length, 0xa5);
                bytes[at] = static_cast<uint8_t>(value);
                ASSERT_EQ(from_base64(to_base64(bytes)), bytes);
            }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
    for (const char* bad : {"Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v=", "=Zm9", "Z=9v", "Zg=a",
                            "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zm9v Zm9v", "Zg==\n"})
        EXPECT_FALSE(from_base64(bad)) << bad;
    EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)));
}

// Two texts never decode to the same bytes: of all last characters only the canonical ones are taken.
TEST(Base64, HasOneTextPerValue) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int one_byte = 0, two_bytes = 0;
    for (const char c : alphabet) {
        one_byte += from_base64(std::string("A") + c + "==").has_value();
        two_bytes += from_base64(std::string("AA") + c + "=").has_value();
    }
    EXPECT_EQ(one_byte, 4);
    EXPECT_EQ(two_bytes, 16);
}

TEST(Reader, ReadsBigEndianUnlessNamedOtherwise) {
    const Bytes bytes = *from_hex(
        "01"
        "0203"
        "04050607"
        "08090a0b0c0d0e0f"
        "0102030405060708"
        "aabb");
    Reader r(bytes);
    EXPECT_EQ(r.u8(), 0x01);
    EXPECT_EQ(r.u16(), 0x0203);
    EXPECT_EQ(r.u32(), 0x04050607u);
    EXPECT_EQ(r.u64(), 0x08090a0b0c0d0e0fu);
    EXPECT_EQ(r.u64_le(), 0x0807060504030201u);
    EXPECT_EQ(r.position(), 23u);
    EXPECT_FALSE(r.done());
    EXPECT_EQ(to_hex(r.view(2)), "aabb");
    EXPECT_TRUE(r.done());
}

TEST(Reader, StaysFailedAfterTheFirstShortRead) {
    const Bytes bytes{1, 2, 3};
    Reader r(bytes);
    EXPECT_EQ(r.u32(), 0u);
    EXPECT_TRUE(r.failed());
    EXPECT_EQ(r.u8(), 0u);  // though three bytes are left
    EXPECT_TRUE(r.view(1).empty());
    EXPECT_TRUE(r.view(0).empty());
    EXPECT_EQ(r.remaining(), 3u);
    EXPECT_FALSE(r.done());
}

TEST(Reader, FailsOnLengthsThatWouldWrap) {
    const Bytes bytes{1, 2, 3};
    Reader r(bytes);
    EXPECT_EQ(r.u8(), 1);
    EXPECT_TRUE(r.view(SIZE_MAX).empty());
    EXPECT_TRUE(r.failed());
    EXPECT_EQ(r.position(), 1u);
}

TEST(Reader, CopyLeavesTheTargetAloneWhenItFails) {
    const Bytes bytes{1, 2};
    Bytes out{9, 9, 9};
    Reader r(bytes);
    EXPECT_FALSE(r.copy(out));
    EXPECT_EQ(out, (Bytes{9, 9, 9}));
    Reader again(bytes);
    EXPECT_TRUE(again.copy(MutableBytes(out).first(2)));
    EXPECT_EQ(out, (Bytes{1, 2, 9}));
    EXPECT_TRUE(again.copy({}));
}

TEST(Reader, EmptySpanIsDone) {
    Reader r({});
    EXPECT_TRUE(r.done());
    r.skip(0);
    EXPECT_TRUE(r.done());
    r.skip(1);
    EXPECT_TRUE(r.failed());
}

// Every decoder relies on it: whatever prefix is cut off, a struct read is noticed.
TEST(Reader, NoticesTruncationAtEveryByte) {
    Bytes bytes;
    Writer(bytes).u8(1).u16(2).u32(3).u64(4).u64_le(5).put("tail");
    for (size_t length = 0; length <= bytes.size(); ++length) {
        Reader r(ByteView(bytes).first(length));
        r.u8(), r.u16(), r.u32(), r.u64(), r.u64_le(), r.skip(4);
        EXPECT_EQ(r.done(), length == bytes.size()) << length;
    }
}

TEST(Writer, AppendsToWhatIsThere) {
    Bytes bytes{0xff};
    Writer(bytes).u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).u64_le(0x0102030405060708).put("").put("A");
    EXPECT_EQ(to_hex(bytes),
              "ff"
              "01"
              "0203"
              "04050607"
              "08090a0b0c0d0e0f"
              "0807060504030201"
              "41");
}

TEST(FixedPlace, StoresAndLoadsAgree) {
    uint8_t place[8];
    store_be16(place, 0xfedc);
    EXPECT_EQ(to_hex(ByteView(place, 2)), "fedc");
    EXPECT_EQ(load_be16(place), 0xfedc);
    store_be32(place, 0xfedcba98);
    EXPECT_EQ(to_hex(ByteView(place, 4)), "fedcba98");
    EXPECT_EQ(load_be32(place), 0xfedcba98u);
    store_be64(place, 0xfedcba9876543210);
    EXPECT_EQ(to_hex(place), "fedcba9876543210");
    EXPECT_EQ(load_be64(place), 0xfedcba9876543210u);
}

}  // namespace
}  // namespace aip
