// The examples of rfc/0008, byte for byte: written by us as they are there, and read back.
#include <gtest/gtest.h>

#include <fstream>

#include "node/head.hpp"

namespace aip::node {
namespace {

Bytes vector(const std::string& name) {
    std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0008/" + name);
    std::string hex;
    for (std::string line; std::getline(file, line);) hex += line;
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes && !bytes->empty()) << name;
    return bytes.value_or(Bytes{});
}

Bytes text(std::string_view t) { return to_bytes(as_bytes(t)); }

VersionId counting() {
    VersionId id;
    for (uint8_t i = 0; i < 32; ++i) id.bytes[i] = i;
    return id;
}

template <class Message>
void expect_example(const std::string& name, const Message& message) {
    EXPECT_EQ(message.encode(), vector(name)) << name;
    const auto parsed = Message::parse(vector(name));
    ASSERT_TRUE(parsed.has_value()) << name;
    EXPECT_EQ(*parsed, message) << name;
}

TEST(Vectors, OfRfc0008AreWhatWeWriteAndRead) {
    expect_example("model_head.hex",
                   ModelHead{text("manifest"), text("journey"), text("proof"), "a name", text("task")});
    expect_example("model_head_letter.hex", ModelHead{text("manifest"), {}, text("proof"), "", {}});
    expect_example("receipt.hex", Receipt{0x0102030405060708, counting(), WallTime::from_unix_ms(1'767'225'600'000)});
    expect_example("answer.hex", Answer{0x1112131415161718, text("proof"), ""});
    expect_example("answer_none.hex", Answer{0x1112131415161718, {}, "not here"});
    Bytes query;
    Writer(query).u64(0x1112131415161718).put(counting().view());
    EXPECT_EQ(query, vector("query.hex"));
}

}  // namespace
}  // namespace aip::node
