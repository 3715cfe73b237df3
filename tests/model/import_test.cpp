#include "model/import.hpp"

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "model/manifest_codec.hpp"
#include "support.hpp"

namespace aip::model::test {
namespace {

using ::testing::HasSubstr;

void expect_exact_copy(const Bytes& file) {
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(file, blocks);
    ASSERT_TRUE(manifest) << error_text(manifest);
    EXPECT_EQ(manifest->file_size(), file.size());
    const auto copy = export_bytes(*manifest, blocks);
    ASSERT_TRUE(copy) << error_text(copy);
    EXPECT_EQ(*copy, file);
}

TEST(ImportModel, GivesBackTheExactFile) {
    expect_exact_copy(tiny_model(1));
    expect_exact_copy(tiny_model(1, 3 * limits::kBlockBytes + 1));
}

TEST(ImportModel, HashingAloneNamesTheSameWeights) {
    MemoryBlockStore blocks;
    const auto imported = import_bytes(tiny_model(1), blocks);
    ASSERT_TRUE(imported);
    const Bytes file = tiny_model(1), other = tiny_model(2);
    MemorySource source(file), another(other);
    Serial core;
    EXPECT_EQ(hash_model(source, {{}, "any", {}}, core)->content(), imported->content());
    EXPECT_NE(hash_model(another, {{}, "any", {}}, core)->content(), imported->content());
}

TEST(ImportModel, KeepsOddSpellingOfTheHeader) {
    expect_exact_copy(file_of("{ \"\\u0061\" :\n{\"shape\":[4],\t\"dtype\":\"U8\", \"data_offsets\":[0 ,4]} }  ", 4));
}

TEST(ImportModel, TakesEmptyModelsAndEmptyTensors) {
    expect_exact_copy(file_of("{}", 0));
    expect_exact_copy(file_of(R"({"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", 0));
}

TEST(ImportModel, CutsAHeaderLargerThanABlock) {
    const std::string text(limits::kBlockBytes, 'm');
    expect_exact_copy(file_of("{\"__metadata__\":{\"k\":\"" + text + "\"}}", 0));
}

TEST(ImportModel, NamesTheRuleAHostileFileBroke) {
    MemoryBlockStore blocks;
    EXPECT_THAT(error_text(import_bytes(file_of("{}", 3), blocks)), HasSubstr("3 trailing bytes"));
    EXPECT_EQ(blocks.block_count(), 0u);
}

TEST(ImportModel, ReportsProgressUpToTheWholeFile) {
    const Bytes file = tiny_model(1, 2 * limits::kBlockBytes);
    MemorySource source(file);
    MemoryBlockStore blocks;
    std::vector<uint64_t> done;
    const auto note = [&](uint64_t now, uint64_t total) {
        EXPECT_EQ(total, file.size());
        done.push_back(now);
    };
    Serial cores;
    ASSERT_TRUE(import_model(source, blocks, fields(), note, cores));
    ASSERT_EQ(done.size(), 3u);
    EXPECT_TRUE(std::is_sorted(done.begin(), done.end()));
    EXPECT_EQ(done.back(), file.size());
}

// Three at once, the last of them first.
struct Backwards final : Parallel {
    size_t width() const override { return 3; }
    void each(size_t count, const std::function<void(size_t)>& work) override {
        while (count > 0) work(--count);
    }
};

TEST(ImportModel, IsTheSameOnAnyNumberOfCores) {
    for (size_t blocks_of_tensor : {1, 2, 3, 4, 7}) {
        const Bytes file = tiny_model(1, blocks_of_tensor * limits::kBlockBytes + 5);
        MemorySource source(file);
        MemoryBlockStore blocks, others;
        Serial one;
        Backwards three;
        const auto manifest = import_model(source, blocks, fields(), {}, one);
        const auto other = import_model(source, others, fields(), {}, three);
        ASSERT_TRUE(manifest && other);
        EXPECT_EQ(manifest->id(), other->id());
        EXPECT_EQ(blocks.block_count(), others.block_count());
    }
}

TEST(ImportModel, PutsOnlyWhatIsNotThereYet) {
    MemoryBlockStore blocks;
    ASSERT_TRUE(import_bytes(tiny_model(1), blocks));
    FaultyBlockStore full(blocks);
    full.fail_put(1, ErrorCode::kNoSpace);
    EXPECT_TRUE(import_bytes(tiny_model(1), full));
    EXPECT_EQ(import_bytes(tiny_model(2), full).error().code, ErrorCode::kNoSpace);
    full.heal();
    EXPECT_TRUE(import_bytes(tiny_model(2), full));
}

TEST(ImportModel, RefusesABadTaskName) {
    MemoryBlockStore blocks;
    EXPECT_THAT(error_text(import_bytes(tiny_model(1), blocks, fields("No Good"))), HasSubstr("task name 'No Good'"));
}

TEST(ExportModel, RefusesABlockWithAFlippedBit) {
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(tiny_model(1), blocks).value();
    FaultyBlockStore faulty(blocks);
    faulty.flip_bit_on_read(3);  // export reads the header, the header again, then the weights
    const auto copy = export_bytes(manifest, faulty);
    ASSERT_FALSE(copy);
    EXPECT_EQ(copy.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(copy.error().text, HasSubstr(manifest.blocks()[1].digest.hex()));
}

TEST(ExportModel, NamesAMissingBlock) {
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(tiny_model(1), blocks).value();
    ASSERT_TRUE(blocks.erase(manifest.blocks()[1].digest));
    EXPECT_THAT(missing_blocks(manifest, blocks).value(), ::testing::ElementsAre(1u));
    EXPECT_EQ(export_bytes(manifest, blocks).error().code, ErrorCode::kNotFound);
}

TEST(CheckHeader, RefusesAManifestThatLiesAboutItsFile) {
    MemoryBlockStore blocks;
    const auto manifest = import_bytes(tiny_model(1), blocks).value();
    EXPECT_TRUE(check_header(manifest, blocks));

    auto record = decode_manifest(manifest.bytes()).value();
    record.tensors[0].name = "v";
    record.content = ManifestCodec::build(record)->content();
    const auto lying = Manifest::parse(encode_manifest(record)).value();
    EXPECT_THAT(error_text(check_header(lying, blocks)), HasSubstr("it names 'v' where the file has 'w'"));
    EXPECT_FALSE(export_bytes(lying, blocks));
}

}  // namespace
}  // namespace aip::model::test
