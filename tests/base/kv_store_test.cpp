#include "base/kv_store.hpp"

#include <gtest/gtest.h>

namespace aip {
namespace {

std::string value_of(KvStore& store, const std::string& key) {
    const auto value = store.get(key);
    return value && *value ? **value : "none";
}

void put(KvStore& store, const std::string& key, const std::string& value, bool durable) {
    KvBatch batch;
    batch.put(key, value);
    ASSERT_TRUE(store.write(batch, durable));
}

TEST(MemoryKvStore, ReturnsWhatWasWritten) {
    MemoryKvStore store;
    put(store, "a", "1", false);
    put(store, "a", "2", false);
    EXPECT_EQ(value_of(store, "a"), "2");
    EXPECT_EQ(value_of(store, "b"), "none");
    KvBatch batch;
    batch.erase("a");
    batch.erase("never there");
    ASSERT_TRUE(store.write(batch, false));
    EXPECT_EQ(value_of(store, "a"), "none");
}

TEST(MemoryKvStore, AppliesABatchInOrder) {
    MemoryKvStore store;
    KvBatch batch;
    batch.put("a", "1");
    batch.erase("a");
    batch.put("a", "3");
    ASSERT_TRUE(store.write(batch, true));
    EXPECT_EQ(value_of(store, "a"), "3");
    store.crash();
    EXPECT_EQ(value_of(store, "a"), "3");
}

TEST(MemoryKvStore, ScansAPrefixInOrderOfBytes) {
    MemoryKvStore store;
    for (const char* key : {"b", "a\xff", "a", "ab", "aa", "\xff\xff"}) put(store, key, key, false);
    const auto found = store.scan("a");
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 4u);
    EXPECT_EQ((*found)[0].first, "a");
    EXPECT_EQ((*found)[1].first, "aa");
    EXPECT_EQ((*found)[2].first, "ab");
    EXPECT_EQ((*found)[3].first, "a\xff");
    EXPECT_EQ(store.scan("")->size(), 6u);
    EXPECT_TRUE(store.scan("zz")->empty());
}

TEST(MemoryKvStore, CrashForgetsWhatWasNotDurable) {
    MemoryKvStore store;
    put(store, "kept", "1", true);
    put(store, "lost", "1", false);
    put(store, "kept", "2", false);
    store.crash();
    EXPECT_EQ(value_of(store, "kept"), "1");
    EXPECT_EQ(value_of(store, "lost"), "none");
}

TEST(MemoryKvStore, DurableWriteCarriesTheEarlierOnesWithIt) {
    MemoryKvStore store;
    put(store, "early", "1", false);
    put(store, "late", "1", true);
    store.crash();
    EXPECT_EQ(value_of(store, "early"), "1");
    EXPECT_EQ(value_of(store, "late"), "1");
}

TEST(MemoryKvStore, CrashBringsBackWhatWasErased) {
    MemoryKvStore store;
    put(store, "a", "1", true);
    KvBatch batch;
    batch.erase("a");
    ASSERT_TRUE(store.write(batch, false));
    store.crash();
    EXPECT_EQ(value_of(store, "a"), "1");
    store.crash();
    EXPECT_EQ(value_of(store, "a"), "1");
}

}  // namespace
}  // namespace aip
