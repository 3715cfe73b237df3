#include "model/safetensors.hpp"

#include "base/limits.hpp"
#include "support.hpp"

namespace aip::model::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kTwoTensors =
    R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"a":{"dtype":"U8","shape":[2,4],"data_offsets":[0,8]}})";

void expect_refused(std::string_view json, size_t data_bytes, const std::string& rule) {
    const auto header = parse_json(json, data_bytes);
    ASSERT_FALSE(header) << json;
    EXPECT_EQ(header.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(header.error().text, HasSubstr(rule));
    EXPECT_EQ(header.error().text.find('\n'), std::string::npos);
}

// One tensor of four bytes with this text in place of "shape", and so on.
std::string tensor(std::string_view shape, std::string_view offsets = "[0,4]", std::string_view dtype = "\"F32\"") {
    std::string json(R"({"a":{"dtype":)");
    json.append(dtype).append(R"(,"shape":)").append(shape).append(R"(,"data_offsets":)").append(offsets);
    return json.append("}}");
}

TEST(SafetensorsHeader, ReadsTensorsInOrderOfTheirOffsets) {
    const auto header = parse_json(kTwoTensors, 16);
    ASSERT_TRUE(header) << error_text(header);
    ASSERT_EQ(header->tensors().size(), 2u);
    EXPECT_EQ(header->tensors()[0], (TensorInfo{"a", Dtype::kU8, {2, 4}, 0, 8}));
    EXPECT_EQ(header->tensors()[1], (TensorInfo{"b", Dtype::kF32, {2}, 8, 16}));
    EXPECT_EQ(header->header_bytes(), 8 + kTwoTensors.size());
    EXPECT_EQ(header->data_bytes(), 16u);
}

TEST(SafetensorsHeader, ReadsMetadata) {
    const auto header = parse_json(R"({"__metadata__":{"format":"pt","\u00e9\ud83d\ude00":"a\"\\\n"}})", 0);
    ASSERT_TRUE(header) << error_text(header);
    EXPECT_EQ(header->metadata(), (Metadata{{"format", "pt"}, {"é😀", "a\"\\\n"}}));
}

TEST(SafetensorsHeader, AcceptsTheEmptyFile) { EXPECT_TRUE(parse_json("{}", 0)); }

TEST(SafetensorsHeader, AcceptsSpacesAsPadding) { EXPECT_TRUE(parse_json("{}      ", 0)); }

TEST(SafetensorsHeader, AcceptsWhiteSpaceInsideTheJson) {
    EXPECT_TRUE(parse_json("{ \"a\" :\n{\t\"shape\": [ 4 ] , \"dtype\":\r\"U8\", \"data_offsets\":[0 ,4]} }", 4));
}

TEST(SafetensorsHeader, AcceptsRankZeroAndZeroSizes) {
    const auto header = parse_json(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                                   R"("z":{"dtype":"F32","shape":[0,5],"data_offsets":[4,4]},)"
                                   R"("y":{"dtype":"F32","shape":[5,0],"data_offsets":[4,4]}})",
                                   4);
    ASSERT_TRUE(header) << error_text(header);
    EXPECT_EQ(header->tensors()[1].name, "y");
    EXPECT_EQ(header->tensors()[2].name, "z");
}

TEST(SafetensorsHeader, KnowsEveryDtype) {
    for (size_t i = 0; i < kDtypes; ++i) {
        const auto dtype = static_cast<Dtype>(i);
        const uint32_t bytes = dtype_bits(dtype);  // of eight elements
        std::string offsets("[0,"), quoted_name(1, '"');
        offsets.append(std::to_string(bytes)).append("]");
        quoted_name.append(dtype_name(dtype)).append("\"");
        const auto header = parse_json(tensor("[8]", offsets, quoted_name), bytes);
        ASSERT_TRUE(header) << error_text(header);
        EXPECT_EQ(header->tensors()[0].dtype, dtype);
    }
}

TEST(SafetensorsHeader, RefusesAFileShorterThanItsLengthField) {
    EXPECT_THAT(error_text(parse_file({1, 0, 0})), HasSubstr("shorter than the 8 bytes"));
}

TEST(SafetensorsHeader, RefusesAHeaderLongerThanTheFile) {
    Bytes file = file_of("{}", 0);
    file[0] = 3;
    EXPECT_THAT(error_text(parse_file(file)), HasSubstr("header longer than the file: 3 bytes announced, 2 there"));
    for (size_t i = 0; i < 8; ++i) file[i] = 0xff;  // 8 + n wraps
    EXPECT_THAT(error_text(parse_file(file)), HasSubstr("header longer than the file"));
}

TEST(SafetensorsHeader, RefusesAHugeHeader) {
    Bytes first;
    Writer(first).u64_le(limits::kSafetensorsHeaderMax + 1);
    EXPECT_THAT(error_text(safetensors_header_bytes(first, uint64_t{1} << 30)), HasSubstr("limit 16777216"));
}

TEST(SafetensorsHeader, RefusesAFileAboveTheLimit) {
    EXPECT_THAT(error_text(SafetensorsHeader::parse(file_of("{}", 0), limits::kModelBytesMax + 1)),
                HasSubstr("larger than"));
}

TEST(SafetensorsHeader, RefusesOverlappingTensors) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[16],"data_offsets":[0,16]},)"
                   R"("b":{"dtype":"U8","shape":[8],"data_offsets":[12,20]}})",
                   20, "tensors overlap: 'b' begins at 12 before 'a' ends at 16");
}

TEST(SafetensorsHeader, RefusesTensorsOnOneRange) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                   4, "tensors overlap: 'b' begins at 0 before 'a' ends at 4");
}

TEST(SafetensorsHeader, RefusesAnEmptyTensorInsideAnother) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}})",
                   4, "tensors overlap");
}

TEST(SafetensorsHeader, RefusesHoles) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"U8","shape":[4],"data_offsets":[8,12]}})",
                   12, "hole between tensors: 'b' begins at 8, 'a' ends at 4");
    expect_refused(tensor("[1]", "[4,8]"), 8, "hole between tensors: 'a' begins at 4, the data section begins at 0");
}

TEST(SafetensorsHeader, RefusesTrailingBytes) {
    expect_refused(tensor("[1]"), 5, "1 trailing bytes after the last tensor");
    expect_refused("{}", 1, "1 trailing bytes");
}

TEST(SafetensorsHeader, RefusesOffsetsBehindTheFile) {
    expect_refused(tensor("[2]", "[0,8]"), 4, "file too short: tensors end at 8 of a data section of 4 bytes");
}

TEST(SafetensorsHeader, RefusesOffsetsThatEndBeforeTheyBegin) {
    expect_refused(tensor("[1]", "[4,0]"), 4, "data_offsets of 'a' end before they begin");
}

TEST(SafetensorsHeader, RefusesAShapeThatDoesNotFitItsOffsets) {
    expect_refused(tensor("[2]"), 4, "shape and dtype of 'a' need 8 bytes, its data_offsets span 4");
}

TEST(SafetensorsHeader, RefusesWrappedShapes) {
    expect_refused(tensor("[4294967296,4294967296]", "[0,0]"), 0, "overflows 64 bits");
    expect_refused(tensor("[9223372036854775809,2]", "[0,8]"), 8, "overflows 64 bits");
    expect_refused(tensor("[2305843009213693952]", "[0,0]"), 0, "overflows 64 bits");  // times 32 bits
}

TEST(SafetensorsHeader, RefusesShapesThatAreNoWholeNumberOfBytes) {
    expect_refused(tensor("[3]", "[0,1]", "\"F4\""), 1, "no whole number of bytes");
    expect_refused(tensor("[2]", "[0,1]", "\"F6_E2M3\""), 1, "no whole number of bytes");
}

TEST(SafetensorsHeader, RefusesDuplicateTensors) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("\u0061":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}})",
                   4, "duplicate key 'a'");
}

TEST(SafetensorsHeader, RefusesDuplicateFields) {
    expect_refused(R"({"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}})", 4,
                   "duplicate field 'dtype' in tensor 'a'");
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"shape":[4],"data_offsets":[0,4]}})", 4,
                   "duplicate field 'shape'");
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"data_offsets":[0,4]}})", 4,
                   "duplicate field 'data_offsets'");
}

TEST(SafetensorsHeader, RefusesDuplicateMetadata) {
    expect_refused(R"({"__metadata__":{"k":"1","k":"1"}})", 0, "duplicate key 'k' in __metadata__");
    expect_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, "duplicate key '__metadata__'");
}

TEST(SafetensorsHeader, RefusesUnknownFields) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":"1"}})", 4,
                   "unknown field 'x' in tensor 'a'");
}

TEST(SafetensorsHeader, RefusesMissingFields) {
    expect_refused(R"({"a":{"dtype":"U8","shape":[4]}})", 4, "missing in tensor 'a'");
}

TEST(SafetensorsHeader, RefusesUnknownDtypes) {
    expect_refused(tensor("[1]", "[0,4]", "\"f32\""), 4, "unknown dtype 'f32' in tensor 'a'");
}

TEST(SafetensorsHeader, RefusesMetadataThatIsNotText) {
    expect_refused(R"({"__metadata__":{"k":1}})", 0, "expected '\"'");
    expect_refused(R"({"__metadata__":null})", 0, "expected '{'");
}

TEST(SafetensorsHeader, RefusesAHeaderThatDoesNotBeginWithABrace) {
    expect_refused(" {}", 0, "header does not begin with '{'");
    expect_refused("[{}]", 0, "header does not begin with '{'");
    expect_refused("", 0, "header does not begin with '{'");
}

TEST(SafetensorsHeader, RefusesAnythingButSpacesBehindTheJson) {
    for (const std::string_view json : {"{}{}", "{} x", "{}\n"}) expect_refused(json, 0, "only spaces may follow");
    expect_refused(std::string_view("{}\0", 3), 0, "only spaces may follow");
}

TEST(SafetensorsHeader, RefusesNumbersThatAreNoPlainIntegers) {
    expect_refused(tensor("[-1]"), 4, "negative number");
    expect_refused(tensor("[1.0]"), 4, "not written as an integer");
    expect_refused(tensor("[1e0]"), 4, "not written as an integer");
    expect_refused(tensor("[01]"), 4, "leading zero");
    expect_refused(tensor("[18446744073709551616]"), 4, "number above 2^64 - 1");
    expect_refused(tensor("[\"1\"]"), 4, "expected a non-negative integer");
    expect_refused(tensor("[1]", "[0,4,8]"), 4, "more than 2 numbers");
    expect_refused(tensor("[1]", "[0]"), 4, "data_offsets is not a pair");
}

TEST(SafetensorsHeader, RefusesBrokenText) {
    expect_refused("{\"\xff\":{}}", 0, "not UTF-8");
    expect_refused("{\"\xc0\x80\":{}}", 0, "not UTF-8");      // overlong
    expect_refused("{\"\xed\xa0\x80\":{}}", 0, "not UTF-8");  // surrogate
    expect_refused(R"({"\ud800":{}})", 0, "lone surrogate");
    expect_refused(R"({"\udc00\ud800":{}})", 0, "lone surrogate");
    expect_refused(R"({"\x":{}})", 0, "unknown escape");
    expect_refused("{\"a\nb\":{}}", 0, "control character");
}

TEST(SafetensorsHeader, RefusesWhatIsAboveALimit) {
    expect_refused(tensor("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), 4, "more than 16 numbers");
    const std::string_view empty_tensor = R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)";
    std::string many(R"({")");
    many.append(limits::kTensorNameMax + 1, 'n').append(empty_tensor).back() = '}';
    expect_refused(many, 0, "is longer than 512 bytes");
    many = "{";
    for (uint32_t i = 0; i <= limits::kTensorsMax; ++i)
        many.append(1, '"').append(std::to_string(i)).append(empty_tensor);
    many.back() = '}';
    expect_refused(many, 0, "more than 65536 tensors");
}

TEST(SafetensorsHeader, ShowsHostileNamesInOneHarmlessLine) {
    expect_refused(R"({"\u001b[2J\n":{"dtype":"U8","shape":[4],"data_offsets":[0,1]}})", 1, "'\\x1b[2J\\x0a'");
}

TEST(SafetensorsHeader, RefusesATruncationAtEveryByte) {
    const Bytes file = file_of(kTwoTensors, 16);
    for (size_t length = 0; length < file.size(); ++length)
        EXPECT_FALSE(parse_file(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(length)))) << length;
}

TEST(SafetensorsHeader, RefusesJsonCutAnywhere) {
    for (size_t length = 0; length < kTwoTensors.size(); ++length)
        EXPECT_FALSE(parse_json(kTwoTensors.substr(0, length), 16)) << length;
}

TEST(WriteSafetensors, OrdersByDtypeThenNameAndPadsTo8) {
    const Bytes four(4, 1), two(2, 2);
    const std::vector<TensorView> tensors{{"c", Dtype::kF16, {1}, two},
                                          {"b", Dtype::kF32, {1}, four},
                                          {"a", Dtype::kF16, {1}, two},
                                          {"d", Dtype::kF32, {}, four}};
    const auto file = write_safetensors(tensors, {{"format", "pt"}});
    ASSERT_TRUE(file) << error_text(file);
    const auto header = parse_file(*file);
    ASSERT_TRUE(header) << error_text(header);
    std::vector<std::string> names;
    for (const auto& info : header->tensors()) names.push_back(info.name);
    EXPECT_THAT(names, ElementsAre("b", "d", "a", "c"));
    EXPECT_EQ(header->header_bytes() % 8, 0u);
    EXPECT_EQ(header->metadata(), (Metadata{{"format", "pt"}}));
}

TEST(WriteSafetensors, GivesTheSameBytesWhateverTheOrder) {
    const Bytes four(4, 1), eight(8, 2);
    const TensorView a{"a", Dtype::kF32, {1}, four}, b{"b", Dtype::kI64, {1}, eight};
    EXPECT_EQ(write_safetensors(std::vector{a, b}, {}).value(), write_safetensors(std::vector{b, a}, {}).value());
}

TEST(WriteSafetensors, RoundTripsOddNames) {
    const std::string odd = "q\"\\\n\x01é";
    const Bytes one(1, 9);
    const auto file = write_safetensors(std::vector<TensorView>{{odd, Dtype::kU8, {1}, one}}, {{odd, odd}});
    ASSERT_TRUE(file) << error_text(file);
    const auto header = parse_file(*file);
    ASSERT_TRUE(header) << error_text(header);
    EXPECT_EQ(header->tensors()[0].name, odd);
    EXPECT_EQ(header->metadata().at(odd), odd);
}

TEST(WriteSafetensors, RefusesWhatItsReaderWouldRefuse) {
    const Bytes one(1, 9);
    const TensorView fits{"a", Dtype::kU8, {1}, one}, too_short{"b", Dtype::kU8, {2}, one};
    EXPECT_THAT(error_text(write_safetensors(std::vector{fits, fits}, {})), HasSubstr("duplicate key 'a'"));
    EXPECT_THAT(error_text(write_safetensors(std::vector{too_short}, {})), HasSubstr("need 2 bytes"));
}

}  // namespace
}  // namespace aip::model::test
