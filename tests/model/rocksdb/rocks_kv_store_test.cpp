#include "model/rocksdb/rocks_kv_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace aip::model::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class RocksKvStoreTest : public ::testing::Test {
protected:
    RocksKvStoreTest() {
        std::string pattern = (fs::temp_directory_path() / "aip-rocks-XXXXXX").string();
        path_ = std::string(mkdtemp(pattern.data())) + "/db";
        open();
    }
    ~RocksKvStoreTest() override {
        store_.reset();
        fs::remove_all(fs::path(path_).parent_path());
    }
    void open() {
        store_.reset();
        auto opened = RocksKvStore::open(path_);
        ASSERT_TRUE(opened) << opened.error().text;
        store_ = std::move(opened).value();
    }
    void put(const std::string& key, const std::string& value, bool durable = false) {
        KvBatch batch;
        batch.put(key, value);
        ASSERT_TRUE(store_->write(batch, durable));
    }

    std::string path_;
    std::unique_ptr<RocksKvStore> store_;
};

TEST_F(RocksKvStoreTest, GivesBackWhatWasWrittenAlsoAfterOpeningAgain) {
    put("key", std::string("va\0lue", 6), true);
    put("empty", "");
    for (int i = 0; i < 2; ++i, open()) {
        EXPECT_EQ(store_->get("key").value(), std::string("va\0lue", 6));
        EXPECT_EQ(store_->get("empty").value(), "");
        EXPECT_EQ(store_->get("none").value(), std::nullopt);
    }
}

TEST_F(RocksKvStoreTest, AppliesABatchInOrder) {
    KvBatch batch;
    batch.put("a", "1");
    batch.put("b", "1");
    batch.erase("a");
    batch.put("b", "2");
    ASSERT_TRUE(store_->write(batch, false));
    EXPECT_EQ(store_->get("a").value(), std::nullopt);
    EXPECT_EQ(store_->get("b").value(), "2");
    EXPECT_TRUE(store_->write({}, true));
}

TEST_F(RocksKvStoreTest, ScansAPrefixInOrderOfBytes) {
    for (const auto* key : {"b/\xff", "b/a", "b", "a/z", "c/a"}) put(key, key);
    EXPECT_THAT(store_->scan("b/").value(), ElementsAre(Pair("b/a", "b/a"), Pair("b/\xff", "b/\xff")));
    EXPECT_EQ(store_->scan("").value().size(), 5u);
    EXPECT_TRUE(store_->scan("d").value().empty());
}

TEST_F(RocksKvStoreTest, HoldsValuesLargerThanItsWriteBuffer) {
    const std::string large(9u << 20, 'x');
    put("large", large, true);
    open();
    EXPECT_EQ(store_->get("large").value(), large);
}

TEST_F(RocksKvStoreTest, KeepsDurableWritesWhenTheProcessIsKilled) {
    store_.reset();
    const pid_t child = fork();
    if (child == 0) {
        auto store = RocksKvStore::open(path_);
        KvBatch batch;
        batch.put("key", "value");
        const bool written = store && store.value()->write(batch, true);
        static_cast<void>(store.value().release());  // no clean close
        _exit(written ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    open();
    EXPECT_EQ(store_->get("key").value(), "value");
}

TEST_F(RocksKvStoreTest, RefusesASecondOpen) {
    const auto second = RocksKvStore::open(path_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kExists);
    EXPECT_THAT(second.error().text, HasSubstr("another process has " + path_ + " open"));
}

TEST_F(RocksKvStoreTest, SaysThatADatabaseIsDamaged) {
    put("key", "value", true);
    store_.reset();
    std::ofstream(path_ + "/CURRENT") << "garbage\n";
    const auto damaged = RocksKvStore::open(path_);
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt) << damaged.error().text;
    fs::remove_all(path_);
    open();
}

TEST_F(RocksKvStoreTest, SaysWhichDirectoryItCannotMake) {
    const auto file = path_ + "-file";
    std::ofstream(file) << "x";
    EXPECT_THAT(RocksKvStore::open(file + "/db").error().text, HasSubstr(file));
    fs::remove(file);
}

}  // namespace
}  // namespace aip::model::test
