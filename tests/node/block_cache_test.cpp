#include "node/block_cache.hpp"

#include <gtest/gtest.h>

#include "crypto/sha256.hpp"

namespace aip::node {
namespace {

// Jobs run when told to, as on another thread.
struct Later final : Executor {
    void run(std::function<void()> work, std::function<void()> done) override {
        jobs.push_back([work = std::move(work), done = std::move(done)] {
            work();
            done();
        });
    }
    void run_all() {
        const auto now = std::exchange(jobs, {});
        for (const auto& job : now) job();
    }
    std::vector<std::function<void()>> jobs;
};

struct BlockCacheTest : testing::Test {
    BlockCacheTest() {
        for (uint8_t i = 0; i < 4; ++i) {
            const Bytes bytes(10, i);
            refs.push_back({crypto::sha256(bytes), 10});
            EXPECT_TRUE(store.put(refs.back().digest, bytes).has_value());
        }
        cache.emplace(executor, store, refs);
    }
    void keep(std::vector<uint32_t> wanted) { cache->keep(wanted); }

    Later executor;
    model::MemoryBlockStore store;
    std::vector<model::BlockRef> refs;
    std::optional<BlockCache> cache;
};

TEST_F(BlockCacheTest, HasABlockOnceItWasRead) {
    keep({1, 2});
    EXPECT_TRUE(cache->block(1).empty());
    executor.run_all();
    EXPECT_EQ(to_bytes(cache->block(1)), Bytes(10, 1));
    EXPECT_TRUE(cache->block(3).empty());
}

TEST_F(BlockCacheTest, ForgetsWhatIsNoLongerWanted) {
    keep({0, 1});
    executor.run_all();
    keep({1, 2});
    EXPECT_TRUE(cache->block(0).empty());
    EXPECT_FALSE(cache->block(1).empty());
    EXPECT_EQ(executor.jobs.size(), 1u);  // only what was missing
}

TEST_F(BlockCacheTest, SaysThatABlockCannotBeRead) {
    ASSERT_TRUE(store.erase(refs[2].digest).has_value());
    keep({2});
    executor.run_all();
    ASSERT_TRUE(cache->error().has_value());
    EXPECT_EQ(cache->error()->code, ErrorCode::kNotFound);
}

TEST_F(BlockCacheTest, MayGoWhileABlockIsBeingRead) {
    keep({0, 1, 2, 3});
    cache.reset();
    executor.run_all();
}

}  // namespace
}  // namespace aip::node
