#include "learning/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <set>

#include "base/limits.hpp"
#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr uint32_t kImages = 0x803, kLabels = 0x801;

Bytes good_images() { return idx_file(kImages, {2, 2, 3}, Bytes(12, 5)); }

std::string refusal_of_images(const Bytes& file) {
    const auto images = idx_images(file);
    return images ? "" : images.error().text;
}
std::string refusal_of_labels(const Bytes& file) {
    const auto labels = idx_labels(file);
    return labels ? "" : labels.error().text;
}

TEST(Idx, ReadsWhatItsHeaderSays) {
    const auto images = idx_images(good_images());
    ASSERT_TRUE(images);
    EXPECT_EQ(images->count, 2u);
    EXPECT_EQ(images->height, 2u);
    EXPECT_EQ(images->width, 3u);
    EXPECT_EQ(images->pixels, Bytes(12, 5));
    EXPECT_EQ(idx_labels(idx_file(kLabels, {3}, Bytes{9, 0, 1})).value(), (Bytes{9, 0, 1}));
}

TEST(Idx, RefusesAFileCutAtEveryByteAndOneByteTooMany) {
    Bytes images = good_images(), labels = idx_file(kLabels, {3}, Bytes{9, 0, 1});
    for (size_t size = 0; size < images.size(); ++size) EXPECT_FALSE(idx_images(ByteView(images).first(size))) << size;
    for (size_t size = 0; size < labels.size(); ++size) EXPECT_FALSE(idx_labels(ByteView(labels).first(size))) << size;
    images.push_back(0);
    labels.push_back(0);
    EXPECT_THAT(refusal_of_images(images), HasSubstr("13 bytes of data where its header claims 12"));
    EXPECT_THAT(refusal_of_labels(labels), HasSubstr("4 bytes of data where its header claims 3"));
}

TEST(Idx, RefusesOtherKindsOfFile) {
    EXPECT_THAT(refusal_of_images(idx_file(kLabels, {2, 2, 3}, Bytes(12))), HasSubstr("magic"));
    EXPECT_THAT(refusal_of_images(idx_file(0x80d, {2, 2, 3}, Bytes(12))), HasSubstr("element type"));
    EXPECT_THAT(refusal_of_labels(idx_file(kImages, {3}, Bytes(3))), HasSubstr("magic"));
}

TEST(Idx, RefusesCountsAndSidesBeyondTheLimits) {
    EXPECT_THAT(refusal_of_images(idx_file(kImages, {0, 2, 3}, {})), HasSubstr("0 items"));
    EXPECT_THAT(refusal_of_images(idx_file(kImages, {2, 0, 3}, {})), HasSubstr("0 x 3"));
    EXPECT_THAT(refusal_of_images(idx_file(kImages, {1, 1025, 1}, Bytes(1025))), HasSubstr("1025 x 1"));
    EXPECT_THAT(refusal_of_images(idx_file(kImages, {limits::kIdxImagesMax, 1024, 1024}, {})), HasSubstr("more data"));
    // 2^32 pixels and more, whose product wraps around to 0 in 32 and to a small number in 64 bits.
    EXPECT_NE(refusal_of_images(idx_file(kImages, {65536, 65536, 1}, {})), "");
    EXPECT_NE(refusal_of_images(idx_file(kImages, {1u << 31, 1u << 31, 4}, {})), "");
    EXPECT_THAT(refusal_of_labels(idx_file(kLabels, {UINT32_MAX}, {})), HasSubstr("4294967295 items"));
}

TEST(Idx, RefusesALabelThatIsNoClass) {
    EXPECT_THAT(refusal_of_labels(idx_file(kLabels, {2}, Bytes{0, 10})), HasSubstr("label of 10 or above"));
}

TEST(Idx, RefusesImagesAndLabelsOfDifferentNumber) {
    const auto data = Dataset::from_idx(good_images(), idx_file(kLabels, {3}, Bytes(3)));
    ASSERT_FALSE(data);
    EXPECT_THAT(data.error().text, HasSubstr("2 images, 3 labels"));
}

Bytes gzip(ByteView plain) {
    Bytes out(compressBound(plain.size()) + 64);
    z_stream z{};
    EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = const_cast<Bytef*>(plain.data());
    z.avail_in = static_cast<uInt>(plain.size());
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

TEST(Gunzip, GivesBackWhatWasCompressed) {
    Bytes plain(3'000'000);
    SeededRng rng(1);
    for (uint8_t& byte : plain) byte = static_cast<uint8_t>(rng.next());
    EXPECT_EQ(gunzip(gzip(plain), plain.size()).value(), plain);
    EXPECT_EQ(gunzip(gzip({}), 0).value(), Bytes());
}

TEST(Gunzip, RefusesDamageCutsTrailersAndBombs) {
    const Bytes plain(100'000, 7), good = gzip(plain);
    for (size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(gunzip(ByteView(good).first(size), plain.size())) << size;
    Bytes longer = good, flipped = good;
    longer.push_back(0);
    flipped[flipped.size() - 6] ^= 1;  // the checksum
    EXPECT_THAT(gunzip(longer, plain.size()).error().text, HasSubstr("followed"));
    EXPECT_THAT(gunzip(flipped, plain.size()).error().text, HasSubstr("damaged"));
    EXPECT_THAT(gunzip(good, plain.size() - 1).error().text, HasSubstr("longer than allowed"));
}

TEST(Shards, OfDisjointClassesCoverTheDataWithoutOverlap) {
    const Dataset data = bright_spots(100);
    std::set<uint32_t> rows;
    size_t total = 0;
    for (const std::vector<uint8_t>& classes : {std::vector<uint8_t>{0, 1, 2}, {3, 4, 5}, {6, 7}, {8, 9}}) {
        const Shard shard = of_classes(data, classes);
        const auto counts = shard.label_counts();
        for (uint8_t label = 0; label < kClasses; ++label)
            EXPECT_EQ(counts[label], std::count(classes.begin(), classes.end(), label) ? 10u : 0u);
        rows.insert(shard.rows.begin(), shard.rows.end());
        total += shard.size();
    }
    EXPECT_EQ(total, 100u);
    EXPECT_EQ(rows.size(), 100u);
}

TEST(Shards, FirstOfEachClassIsBalancedAndFixed) {
    const Dataset data = bright_spots(200);
    const Shard shard = first_of_each_class(data, 3);
    EXPECT_THAT(shard.label_counts(), Each(3u));
    EXPECT_EQ(shard.rows.front(), 0u);
    EXPECT_EQ(shard.rows.back(), 29u);
}

TEST(Shards, DealtClassesAreDisjointEqualAndFew) {
    const Dataset data = bright_spots(2000);
    SeededRng rng(9);
    const auto shards = deal_classes(data, 100, 2, rng);
    ASSERT_EQ(shards.size(), 100u);
    std::set<uint32_t> rows;
    for (const Shard& shard : shards) {
        EXPECT_EQ(shard.size(), 20u);
        const auto counts = shard.label_counts();
        EXPECT_LE(kClasses - static_cast<size_t>(std::count(counts.begin(), counts.end(), 0u)), 2u);
        rows.insert(shard.rows.begin(), shard.rows.end());
    }
    EXPECT_EQ(rows.size(), 2000u);
}

}  // namespace
}  // namespace aip::learning
