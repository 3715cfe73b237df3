// The vectors of rfc/0007, made by a program that shares no code with this one.
#include <fstream>
#include <iterator>

#include "model/import.hpp"
#include "support.hpp"

namespace aip::model::test {
namespace {

std::string slurp(const std::string& name) {
    std::ifstream in(std::string(AIP_SOURCE_DIR) + "/rfc/vectors/0007/" + name);
    EXPECT_TRUE(in) << name;
    return {std::istreambuf_iterator<char>(in), {}};
}

Bytes hex_file(const std::string& name) {
    auto text = slurp(name);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const auto bytes = from_hex(text);
    EXPECT_TRUE(bytes) << name;
    return bytes.value_or(Bytes{});
}

class Vector : public ::testing::TestWithParam<std::string> {};

TEST_P(Vector, NamesTheFileAsTheRfcSays) {
    const Bytes file = hex_file(GetParam() + ".file.hex"), bytes = hex_file(GetParam() + ".manifest.hex");
    const auto names = slurp(GetParam() + ".txt");
    const auto expected = Manifest::parse(bytes);
    ASSERT_TRUE(expected) << error_text(expected);
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(file, blocks, {expected->parents(), expected->task(), expected->metadata()});
    ASSERT_TRUE(manifest) << error_text(manifest);
    EXPECT_EQ(to_hex(manifest->bytes()), to_hex(bytes));
    EXPECT_THAT(names, ::testing::HasSubstr("content " + manifest->content().hex() + "\n"));
    EXPECT_THAT(names, ::testing::HasSubstr("version " + manifest->id().hex() + "\n"));
    EXPECT_EQ(export_bytes(*manifest, blocks).value(), file);
}

INSTANTIATE_TEST_SUITE_P(Rfc0007, Vector, ::testing::Values("small", "empty", "full"),
                         [](const auto& vector) { return vector.param; });

}  // namespace
}  // namespace aip::model::test
