#include "model/version_store.hpp"

#include "support.hpp"

namespace aip::model::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class VersionStoreTest : public ::testing::Test {
protected:
    // Two blocks each: a header that is the same for all, and the weights.
    Manifest add(uint8_t seed, int64_t at_ms, const std::string& task = "fashion") {
        auto manifest = import_bytes(tiny_model(seed), blocks_, fields(task)).value();
        EXPECT_TRUE(versions_.put(manifest, as_bytes("sealed"), WallTime::from_unix_ms(at_ms), true));
        return manifest;
    }
    void crash() {
        blocks_.crash();
        kv_.crash();
    }
    std::vector<VersionId> ids() {
        std::vector<VersionId> found;
        const auto list = versions_.list().value();
        for (const auto& version : list) found.push_back(version.id);
        return found;
    }
    void expect_whole(const Manifest& manifest) {
        const auto stored = versions_.get(manifest.id());
        ASSERT_TRUE(stored && stored->has_value());
        EXPECT_TRUE(export_bytes((*stored)->manifest, blocks_));
    }

    MemoryBlockStore blocks_;
    FaultyBlockStore faulty_{blocks_};
    MemoryKvStore kv_;
    VersionStore versions_{faulty_, kv_};
};

TEST_F(VersionStoreTest, GivesBackWhatWasPut) {
    const auto manifest = add(1, 1234);
    const auto stored = versions_.get(manifest.id());
    ASSERT_TRUE(stored && stored->has_value()) << error_text(stored);
    EXPECT_EQ((*stored)->manifest.id(), manifest.id());
    EXPECT_EQ(as_text((*stored)->sealed), "sealed");
    EXPECT_EQ((*stored)->stored_at, WallTime::from_unix_ms(1234));
    EXPECT_FALSE(versions_.get(VersionId{}).value());
    const auto list = versions_.list().value();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].task, "fashion");
    EXPECT_EQ(list[0].content, manifest.content());
    EXPECT_EQ(list[0].file_size, manifest.file_size());
}

TEST_F(VersionStoreTest, RefusesAVersionWithoutItsBlocks) {
    MemoryBlockStore elsewhere;
    const auto manifest = import_bytes(tiny_model(1), elsewhere).value();
    const auto put = versions_.put(manifest, {}, {}, true);
    EXPECT_EQ(put.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(put.error().text, HasSubstr("lacks 2 of 2 blocks"));
    EXPECT_THAT(ids(), ElementsAre());
}

TEST_F(VersionStoreTest, KeepsDurableVersionsWhole) {
    const auto manifest = add(1, 1);
    crash();
    expect_whole(manifest);
}

TEST_F(VersionStoreTest, ForgetsVersionsThatWereNotDurable) {
    const auto manifest = import_bytes(tiny_model(1), blocks_).value();
    ASSERT_TRUE(versions_.put(manifest, {}, {}, false));
    expect_whole(manifest);
    kv_.crash();
    EXPECT_THAT(ids(), ElementsAre());
}

TEST_F(VersionStoreTest, MakesAnEarlierPutDurable) {
    const auto manifest = import_bytes(tiny_model(1), blocks_).value();
    ASSERT_TRUE(versions_.put(manifest, as_bytes("first"), WallTime::from_unix_ms(1), false));
    ASSERT_TRUE(versions_.put(manifest, as_bytes("second"), WallTime::from_unix_ms(2), true));
    crash();
    const auto stored = versions_.get(manifest.id()).value();
    ASSERT_TRUE(stored);
    EXPECT_EQ(as_text(stored->sealed), "first");
    EXPECT_EQ(stored->stored_at, WallTime::from_unix_ms(1));
}

TEST_F(VersionStoreTest, ListsOldestFirst) {
    const auto late = add(1, 30), early = add(2, 10), middle = add(3, 20);
    EXPECT_THAT(ids(), ElementsAre(early.id(), middle.id(), late.id()));
}

TEST_F(VersionStoreTest, PrunesAllButTheNewestOfEachTaskAndTheKept) {
    const auto a1 = add(1, 1), a2 = add(2, 2), a3 = add(3, 3), b1 = add(4, 1, "other");
    EXPECT_EQ(versions_.prune({a1.id()}, 1, {}).value(), 1u);
    EXPECT_THAT(ids(), UnorderedElementsAre(a1.id(), a3.id(), b1.id()));
    for (const auto& manifest : {a1, a3, b1}) expect_whole(manifest);
    EXPECT_FALSE(blocks_.has(a2.blocks()[1].digest).value());
}

TEST_F(VersionStoreTest, PruneKeepsBlocksThatOthersShare) {
    const auto one = add(1, 1);
    const auto same_weights = add(1, 2, "other");
    EXPECT_EQ(versions_.prune({same_weights.id()}, 0, {}).value(), 1u);
    expect_whole(same_weights);
    EXPECT_EQ(blocks_.block_count(), 2u);
}

TEST_F(VersionStoreTest, PruneSweepsOrphansButNoPinnedBlocks) {
    const auto orphan = import_bytes(tiny_model(7), blocks_).value();
    const auto arriving = import_bytes(tiny_model(8), blocks_).value();
    std::set<Digest> pinned;
    for (const auto& block : arriving.blocks()) pinned.insert(block.digest);
    EXPECT_EQ(versions_.prune({}, 1, pinned).value(), 0u);
    EXPECT_FALSE(blocks_.has(orphan.blocks()[1].digest).value());
    EXPECT_TRUE(missing_blocks(arriving, blocks_).value().empty());
}

TEST_F(VersionStoreTest, ACrashAnywhereInPruneLosesNothingThatWasKept) {
    for (size_t erases_done = 0; erases_done < 4; ++erases_done) {
        const auto kept = add(1, 100);
        for (uint8_t seed = 10; seed < 14; ++seed) add(seed, seed);
        faulty_.fail_erase(erases_done + 1, ErrorCode::kIo);
        EXPECT_FALSE(versions_.prune({}, 1, {}));
        crash();
        faulty_.heal();
        EXPECT_THAT(ids(), ElementsAre(kept.id()));
        expect_whole(kept);
        EXPECT_EQ(versions_.prune({}, 1, {}).value(), 0u);
        EXPECT_EQ(blocks_.block_count(), 2u) << "blocks left behind are swept by the next prune";
    }
}

TEST_F(VersionStoreTest, SaysThatARecordIsDamaged) {
    const auto manifest = add(1, 1);
    KvBatch batch;
    batch.put(std::string("manifest/").append(as_text(manifest.id().view())), "garbage");
    ASSERT_TRUE(kv_.write(batch, true));
    EXPECT_EQ(versions_.get(manifest.id()).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(versions_.prune({}, 1, {}).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(blocks_.block_count(), 2u);
}

}  // namespace
}  // namespace aip::model::test
