#include "model/manifest.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "model/changes.hpp"
#include "model/manifest_codec.hpp"
#include "support.hpp"

namespace aip::model::test {
namespace {

using ::testing::HasSubstr;

Manifest sample(const ManifestFields& about = {{VersionId{{1}}, VersionId{{2}}}, "fashion", {{"k", "v"}, {"b", ""}}}) {
    MemoryBlockStore blocks;
    return import_bytes(file_of(R"({"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},)"
                                R"("w":{"dtype":"U8","shape":[2,4],"data_offsets":[0,8]},)"
                                R"("x":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})",
                                16),
                        blocks, about)
        .value();
}

ManifestRecord record_of(const Manifest& manifest) { return decode_manifest(manifest.bytes()).value(); }

void expect_refused(const ManifestRecord& record, const std::string& why) {
    EXPECT_THAT(error_text(Manifest::parse(encode_manifest(record))), HasSubstr(why));
}

TEST(Manifest, RoundTrips) {
    const auto manifest = sample();
    const auto again = Manifest::parse(to_bytes(manifest.bytes()));
    ASSERT_TRUE(again) << error_text(again);
    EXPECT_EQ(again->id(), manifest.id());
    EXPECT_EQ(again->content(), manifest.content());
    EXPECT_EQ(again->parents(), (std::vector{VersionId{{1}}, VersionId{{2}}}));
    EXPECT_EQ(again->task(), "fashion");
    EXPECT_EQ(again->metadata(), (Metadata{{"b", ""}, {"k", "v"}}));
    ASSERT_EQ(again->tensors().size(), 3u);
    EXPECT_EQ(again->tensors()[0].block_count, 0u);
    EXPECT_EQ(again->tensors()[2].offset, again->header_size() + 8);
    EXPECT_EQ(again->tensors()[2].first_block, 2u);
    EXPECT_EQ(again->blocks().size(), 3u);
    EXPECT_EQ(again->id().view().size(), 32u);
    EXPECT_EQ(again->id().hex(), crypto::sha256(manifest.bytes()).hex());
}

TEST(Manifest, TellsWhichTensorsChanged) {
    const Bytes one(8, 1), two(8, 2);
    const auto version = [](std::vector<TensorView> tensors) {
        MemoryBlockStore blocks;
        return import_bytes(write_safetensors(tensors, {}).value(), blocks).value();
    };
    const auto parent =
        version({{"a", Dtype::kU8, {8}, one}, {"b", Dtype::kU8, {8}, one}, {"c", Dtype::kU8, {8}, two}});
    EXPECT_TRUE(changed_tensors(parent, parent).names.empty());
    const auto child = version({{"d", Dtype::kU8, {8}, one},
                                {"c", Dtype::kU8, {2, 4}, two},
                                {"b", Dtype::kU8, {8}, two},
                                {"a", Dtype::kU8, {8}, one}});
    const Changes changes = changed_tensors(parent, child);
    EXPECT_EQ(changes.of, 4u);
    EXPECT_THAT(changes.names, ::testing::ElementsAre("b", "c", "d")) << "bytes, shape, new";
    EXPECT_THAT(changed_tensors(child, parent).names, ::testing::ElementsAre("b", "c", "d")) << "gone counts too";
}

TEST(Manifest, CutsBlocksThatNeverSpanTensors) {
    const uint64_t large = 2 * uint64_t{limits::kBlockBytes} + 5;
    const Bytes data(large, 3), small(7, 4);
    const std::vector<TensorView> tensors{{"a", Dtype::kU8, {large}, data}, {"b", Dtype::kU8, {7}, small}};
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(write_safetensors(tensors, {}).value(), blocks).value();
    std::vector<uint32_t> sizes;
    for (const auto& block : manifest.blocks()) sizes.push_back(block.size);
    const auto header = static_cast<uint32_t>(manifest.header_size());
    EXPECT_THAT(sizes, ::testing::ElementsAre(header, limits::kBlockBytes, limits::kBlockBytes, 5u, 7u));
    EXPECT_EQ(manifest.tensors()[0].first_block, 1u);
    EXPECT_EQ(manifest.tensors()[0].block_count, 3u);
    EXPECT_EQ(manifest.blocks()[1].digest, manifest.blocks()[2].digest);  // equal bytes, one block
}

TEST(Manifest, NamesEqualWeightsEquallyWhateverIsSaidAboutThem) {
    const auto one = sample(), other = sample({{}, "other", {}});
    EXPECT_EQ(one.content(), other.content());
    EXPECT_NE(one.id(), other.id());
}

TEST(Manifest, NamesEqualWeightsEquallyWhateverTheSpellingAndOrderOfTheFile) {
    MemoryBlockStore blocks;
    Bytes ab = file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                       R"("b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                       0);
    Bytes ba = file_of(R"({ "b":{"shape":[1],"dtype":"U8","data_offsets":[0,1]},)"
                       R"("\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"__metadata__":{"x":"y"}}   )",
                       0);
    Writer(ab).put("AB");
    Writer(ba).put("BA");
    const auto one = import_bytes(ab, blocks), other = import_bytes(ba, blocks);
    ASSERT_TRUE(one && other) << error_text(one) << error_text(other);
    EXPECT_EQ(one->content(), other->content());
    EXPECT_NE(one->id(), other->id());
}

TEST(Manifest, NamesDifferentWeightsDifferently) {
    MemoryBlockStore blocks;
    const auto base = import_bytes(tiny_model(1), blocks)->content();
    EXPECT_NE(base, import_bytes(tiny_model(2), blocks)->content());
    EXPECT_NE(base, import_bytes(tiny_model(1, 17), blocks)->content());
    const Bytes data(16, 1);
    const TensorView renamed{"v", Dtype::kU8, {16}, data}, retyped{"w", Dtype::kI8, {16}, data},
        reshaped{"w", Dtype::kU8, {4, 4}, data};
    for (const auto& tensor : {renamed, retyped, reshaped})
        EXPECT_NE(base, import_bytes(write_safetensors({&tensor, 1}, {}).value(), blocks)->content());
}

TEST(Manifest, RefusesATruncationAtEveryByte) {
    const auto manifest = sample();
    for (size_t length = 0; length < manifest.bytes().size(); ++length)
        EXPECT_FALSE(Manifest::parse(to_bytes(manifest.bytes().first(length)))) << length;
}

TEST(Manifest, NeverAcceptsTwoEncodingsOfOneVersion) {
    const auto manifest = sample();
    for (size_t bit = 0; bit < manifest.bytes().size() * 8; ++bit) {
        Bytes bytes = to_bytes(manifest.bytes());
        bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        const auto other = Manifest::parse(bytes);
        if (!other) continue;
        EXPECT_EQ(encode_manifest(record_of(*other)), bytes) << bit;
        EXPECT_NE(other->id(), manifest.id());
    }
}

TEST(Manifest, RefusesTrailingWords) {
    Bytes bytes = to_bytes(sample().bytes());
    bytes.resize(bytes.size() + 8);
    EXPECT_THAT(error_text(Manifest::parse(bytes)), HasSubstr("canonical"));
}

TEST(Manifest, RefusesAnUnknownFormat) {
    Bytes bytes = to_bytes(sample().bytes());
    ASSERT_EQ(bytes[8], 1);  // behind the root pointer
    bytes[8] = 2;
    EXPECT_THAT(error_text(Manifest::parse(bytes)), HasSubstr("format 2, this program knows 1"));
}

TEST(Manifest, RefusesAWrongContentDigest) {
    auto record = record_of(sample());
    record.content.bytes[0] ^= 1;
    expect_refused(record, "content digest");
}

TEST(Manifest, RefusesSizesThatDoNotAddUp) {
    auto record = record_of(sample());
    record.file_size += 1;
    expect_refused(record, "header and tensors make");
}

TEST(Manifest, RefusesAWrongNumberOfBlocks) {
    auto record = record_of(sample());
    record.digests.pop_back();
    expect_refused(record, "2 block digests for 3 blocks");
}

TEST(Manifest, RefusesTwoTensorsOfOneName) {
    auto record = record_of(sample());
    record.tensors[1].name = record.tensors[2].name;
    expect_refused(record, "two tensors named 'x'");
}

TEST(Manifest, RefusesReservedAndBrokenTensorNames) {
    auto record = record_of(sample());
    record.tensors[1].name = "__metadata__";
    expect_refused(record, "reserved");
    record.tensors[1].name = "\xff";
    expect_refused(record, "not UTF-8");
    record.tensors[1].name = std::string(limits::kTensorNameMax + 1, 'n');
    expect_refused(record, "too long");
}

TEST(Manifest, RefusesEmptyTensorsOutOfOrder) {
    auto record = record_of(sample());
    record.tensors.insert(record.tensors.begin() + 1, {"a", Dtype::kF32, {0}});
    expect_refused(record, "empty tensors at one offset are not sorted");
}

TEST(Manifest, RefusesWrappedShapesAndTooManyBlocks) {
    auto record = record_of(sample());
    record.tensors[1].shape = {uint64_t{1} << 32, uint64_t{1} << 32};
    expect_refused(record, "tensor 'w' is too large");
    record.tensors[1].shape = {uint64_t{1} << 50};
    expect_refused(record, "tensor 'w' is too large");
}

TEST(Manifest, RefusesAnImpossibleFileHeader) {
    auto record = record_of(sample());
    record.header_size = 9;
    expect_refused(record, "file header of 9 bytes");
}

TEST(Manifest, RefusesBadTaskNames) {
    for (const auto* task : {"", "Fashion", "a b", "a/b", "ü"}) {
        auto record = record_of(sample());
        record.fields.task = task;
        expect_refused(record, "task name");
    }
}

TEST(Manifest, RefusesParentsTwiceOrTooMany) {
    auto record = record_of(sample());
    record.fields.parents = {VersionId{{1}}, VersionId{{1}}};
    expect_refused(record, "the same parent twice");
    record.fields.parents.clear();
    for (uint8_t i = 0; i <= limits::kParentsMax; ++i) record.fields.parents.push_back(VersionId{{i}});
    expect_refused(record, "more than 16 parents");
}

TEST(Manifest, RefusesMetadataAboveItsLimits) {
    auto record = record_of(sample());
    record.fields.metadata = {{"k", std::string(limits::kMetadataBytesMax, 'v')}};
    expect_refused(record, "metadata 'k' is longer");
    record.fields.metadata = {{"", "v"}};
    expect_refused(record, "empty metadata key");
    record.fields.metadata = {{"k", "\xff"}};
    expect_refused(record, "not UTF-8");
    record.fields.metadata.clear();
    for (uint32_t i = 0; i <= limits::kMetadataPairsMax; ++i) record.fields.metadata.emplace(std::to_string(i), "v");
    expect_refused(record, "more than 64 metadata pairs");
}

}  // namespace
}  // namespace aip::model::test
