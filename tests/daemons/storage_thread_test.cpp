#include "daemons/storage_thread.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace aip::daemons {
namespace {

bool readable(int fd, int timeout_ms) {
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, timeout_ms) == 1;
}

constexpr int kForever = -1;  // the test's own limit ends it

// Waits for at least `count` completions, as the daemon's loop does.
size_t drain_until(StorageThread& storage, size_t count) {
    size_t drained = 0;
    while (drained < count && readable(storage.wake_fd(), kForever)) drained += storage.drain();
    return drained;
}

TEST(StorageThread, RunsWorkElsewhereAndCompletionsInDrain) {
    StorageThread storage;
    std::thread::id worked, completed;
    storage.run([&] { worked = std::this_thread::get_id(); }, [&] { completed = std::this_thread::get_id(); });
    EXPECT_EQ(drain_until(storage, 1), 1u);
    EXPECT_EQ(completed, std::this_thread::get_id());
    EXPECT_NE(worked, std::this_thread::get_id());
    EXPECT_NE(worked, std::thread::id{});
}

TEST(StorageThread, KeepsTheOrderOfJobs) {
    StorageThread storage;
    std::vector<int> worked, completed;
    for (int i = 0; i < 500; ++i)
        storage.run([&worked, i] { worked.push_back(i); }, [&, i] { completed.push_back(i); });
    EXPECT_EQ(drain_until(storage, 500), 500u);
    ASSERT_EQ(worked.size(), 500u);
    EXPECT_TRUE(std::is_sorted(worked.begin(), worked.end()));
    EXPECT_EQ(completed, worked);
}

TEST(StorageThread, IsQuietWhenNothingWaits) {
    StorageThread storage;
    EXPECT_FALSE(readable(storage.wake_fd(), 0));
    EXPECT_EQ(storage.drain(), 0u);
    storage.run([] {}, [] {});
    EXPECT_EQ(drain_until(storage, 1), 1u);
    EXPECT_FALSE(readable(storage.wake_fd(), 0));
}

TEST(StorageThread, TakesMoreJobsThanItsQueueHolds) {
    StorageThread storage;
    const size_t jobs = StorageThread::kJobsQueuedMax * 3;
    size_t completed = 0;
    for (size_t i = 0; i < jobs; ++i) storage.run([] {}, [&] { ++completed; });
    EXPECT_EQ(drain_until(storage, jobs), jobs);
    EXPECT_EQ(completed, jobs);
}

TEST(StorageThread, WaitsForRoomInsteadOfGrowing) {
    StorageThread storage;
    std::promise<void> gate;
    std::atomic<size_t> accepted = 0;
    storage.run([opened = gate.get_future().share()] { opened.wait(); }, [] {});
    std::promise<void> full;
    std::thread loop([&] {
        for (size_t i = 0; i < StorageThread::kJobsQueuedMax + 1; ++i) {
            storage.run([] {}, [] {});
            if (++accepted == StorageThread::kJobsQueuedMax - 1) full.set_value();
        }
    });
    full.get_future().wait();
    EXPECT_LE(accepted, StorageThread::kJobsQueuedMax);
    gate.set_value();
    loop.join();
    EXPECT_EQ(accepted, StorageThread::kJobsQueuedMax + 1);
    EXPECT_EQ(drain_until(storage, accepted + 1), accepted + 1);
}

TEST(StorageThread, CompletionMayGiveFurtherWork) {
    StorageThread storage;
    bool second = false;
    storage.run([] {}, [&] { storage.run([] {}, [&] { second = true; }); });
    EXPECT_EQ(drain_until(storage, 2), 2u);
    EXPECT_TRUE(second);
}

TEST(StorageThread, StopFinishesQueuedWorkAndKeepsItsCompletions) {
    StorageThread storage;
    int worked = 0, completed = 0;
    for (int i = 0; i < 100; ++i) storage.run([&] { ++worked; }, [&] { ++completed; });
    storage.stop();
    EXPECT_EQ(worked, 100);
    EXPECT_EQ(storage.drain(), 100u);
    EXPECT_EQ(completed, 100);
    storage.stop();
}

TEST(StorageThread, EndOfLifeFinishesWorkAndDropsCompletions) {
    int worked = 0, completed = 0;
    {
        StorageThread storage;
        for (int i = 0; i < 100; ++i) storage.run([&] { ++worked; }, [&] { ++completed; });
    }
    EXPECT_EQ(worked, 100);
    EXPECT_EQ(completed, 0);
}

}  // namespace
}  // namespace aip::daemons
