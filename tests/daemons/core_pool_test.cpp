#include "daemons/core_pool.hpp"

#include <gtest/gtest.h>

#include <set>

namespace aip::daemons {
namespace {

TEST(CorePool, DoesEveryPieceOnceAndReturnsWhenAllAreDone) {
    for (size_t width : {1u, 2u, 5u}) {
        CorePool pool(width);
        EXPECT_EQ(pool.width(), width);
        for (size_t count = 0; count < 300; ++count) {
            std::vector<int> done(count);  // not atomic: a piece is one thread's alone
            pool.each(count, [&](size_t piece) { ++done[piece]; });
            EXPECT_EQ(done, std::vector<int>(count, 1));
        }
    }
}

// The first two pieces wait for each other: no core alone could do them.
TEST(CorePool, WorksOnSeveralCoresAtOnce) {
    CorePool pool(2);
    std::mutex mutex;
    std::condition_variable met;
    std::set<std::thread::id> threads;
    pool.each(2, [&](size_t) {
        std::unique_lock lock(mutex);
        threads.insert(std::this_thread::get_id());
        met.notify_all();
        met.wait(lock, [&] { return threads.size() == 2; });
    });
    EXPECT_EQ(threads.size(), 2u);
}

}  // namespace
}  // namespace aip::daemons
