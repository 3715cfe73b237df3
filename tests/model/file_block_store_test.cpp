#include "model/file_block_store.hpp"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "support.hpp"

namespace aip::model::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class FileBlockStoreTest : public ::testing::Test {
protected:
    FileBlockStoreTest() {
        std::string pattern = (fs::temp_directory_path() / "aip-blocks-XXXXXX").string();
        root_ = mkdtemp(pattern.data());
        open();
    }
    ~FileBlockStoreTest() override {
        store_.reset();
        fs::remove_all(root_);
    }

    void open() {
        store_.reset();
        auto opened = FileBlockStore::open(root_, index_);
        ASSERT_TRUE(opened) << error_text(opened);
        store_ = std::move(opened).value();
    }
    Digest put(const Bytes& bytes) {
        const Digest digest = crypto::sha256(bytes);
        EXPECT_TRUE(store_->put(digest, bytes));
        return digest;
    }
    bool has(const Digest& digest) { return store_->has(digest).value(); }
    fs::path file_of(const Digest& digest) const {
        return fs::path(root_) / "blocks" / digest.hex().substr(0, 2) / digest.hex();
    }
    void overwrite(const Digest& digest, std::string_view bytes) { std::ofstream(file_of(digest)) << bytes; }

    std::string root_;
    MemoryKvStore index_;
    std::unique_ptr<FileBlockStore> store_;
    const Bytes a_ = {1, 2, 3}, b_ = {4, 5};
};

TEST_F(FileBlockStoreTest, ReadsBackBeforeAndAfterSync) {
    const Digest a = put(a_);
    EXPECT_TRUE(has(a));
    EXPECT_EQ(store_->read(a).value(), a_);
    ASSERT_TRUE(store_->sync());
    EXPECT_TRUE(has(a));
    EXPECT_EQ(store_->read(a).value(), a_);
}

TEST_F(FileBlockStoreTest, KeepsWholeBlocksThatAKilledProcessDidNotSync) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    const Digest b = put(b_);
    EXPECT_FALSE(fs::exists(file_of(b)));
    open();
    EXPECT_TRUE(has(a));
    EXPECT_EQ(store_->read(b).value(), b_);
    EXPECT_TRUE(fs::exists(file_of(b)));
    EXPECT_TRUE(fs::is_empty(fs::path(root_) / "partial"));
}

TEST_F(FileBlockStoreTest, DropsTornBlocksAndStrangersThatWereNotSynced) {
    const Digest a = put(a_);
    const Digest b = put(b_);
    std::ofstream(fs::path(root_) / "partial" / b.hex()) << "4";  // shorter than it was
    std::ofstream(fs::path(root_) / "partial" / "README") << "hello";
    open();
    EXPECT_TRUE(has(a));
    EXPECT_FALSE(has(b));
    EXPECT_EQ(store_->read(b).error().code, ErrorCode::kNotFound);
    EXPECT_TRUE(fs::is_empty(fs::path(root_) / "partial"));
}

TEST_F(FileBlockStoreTest, RebuildsALostIndex) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    index_.crash();  // the index is written without sync
    open();
    EXPECT_TRUE(has(a));
    EXPECT_EQ(store_->read(a).value(), a_);
}

TEST_F(FileBlockStoreTest, ForgetsBlocksWhoseFileIsGone) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    fs::remove(file_of(a));
    open();
    EXPECT_FALSE(has(a));
}

TEST_F(FileBlockStoreTest, DropsFilesOfAWrongSize) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    overwrite(a, "");
    open();
    EXPECT_FALSE(has(a));
    EXPECT_FALSE(fs::exists(file_of(a)));
    put(a_);
    ASSERT_TRUE(store_->sync());
    overwrite(a, "12");
    open();
    EXPECT_FALSE(has(a));
}

TEST_F(FileBlockStoreTest, DropsFilesThatAreNoBlocks) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    const auto stranger = file_of(a).parent_path() / "README";
    std::ofstream(stranger) << "hello";
    open();
    EXPECT_FALSE(fs::exists(stranger));
    EXPECT_TRUE(has(a));
}

TEST_F(FileBlockStoreTest, NoticesChangedBytes) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    overwrite(a, "abc");
    const auto bytes = store_->read(a);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(bytes.error().text, HasSubstr(a.hex()));
}

TEST_F(FileBlockStoreTest, ErasesPendingAndSyncedBlocks) {
    const Digest a = put(a_);
    ASSERT_TRUE(store_->sync());
    const Digest b = put(b_);
    EXPECT_THAT(store_->list().value(), UnorderedElementsAre(a, b));
    EXPECT_TRUE(store_->erase(a));
    EXPECT_TRUE(store_->erase(b));
    EXPECT_TRUE(store_->erase(b));
    ASSERT_TRUE(store_->sync());
    EXPECT_THAT(store_->list().value(), UnorderedElementsAre());
    open();
    EXPECT_THAT(store_->list().value(), UnorderedElementsAre());
}

TEST_F(FileBlockStoreTest, SyncsByItselfBeforeTooManyWait) {
    std::vector<Digest> digests;
    for (size_t i = 0; i <= FileBlockStore::kPendingBlocksMax; ++i)
        digests.push_back(put({static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8), 7}));
    for (size_t i = 0; i < FileBlockStore::kPendingBlocksMax; ++i) EXPECT_TRUE(fs::exists(file_of(digests[i]))) << i;
    EXPECT_FALSE(fs::exists(file_of(digests.back())));
}

TEST_F(FileBlockStoreTest, FailsCleanlyWhenAWriteFails) {
    struct rlimit before {};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = before;
    small.rlim_cur = 1000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const Bytes large(4096, 1);
    const Digest digest = crypto::sha256(large);
    const auto failed = store_->put(digest, large);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(failed);
    EXPECT_FALSE(has(digest));
    EXPECT_TRUE(store_->put(digest, large));
    EXPECT_EQ(store_->read(digest).value(), large);
}

TEST_F(FileBlockStoreTest, SaysWhatItCouldNotMake) {
    const auto file = fs::path(root_) / "file";
    std::ofstream(file) << "x";
    EXPECT_THAT(error_text(FileBlockStore::open(file.string(), index_)), HasSubstr(file.string()));
}

TEST_F(FileBlockStoreTest, HoldsAWholeModel) {
    const Bytes file = tiny_model(1, 5 * limits::kBlockBytes / 2);
    const auto manifest = import_bytes(file, *store_).value();
    ASSERT_TRUE(store_->sync());
    open();
    EXPECT_EQ(export_bytes(manifest, *store_).value(), file);
}

}  // namespace
}  // namespace aip::model::test
