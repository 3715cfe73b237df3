// StorageThread: the Executor of the daemon. One thread does what may block (fsync, hashing of big files, RocksDB), in
// the order given; the loop collects the completions with drain().
//
// run() waits while kJobsQueuedMax jobs are queued: a slow disk slows the loop down instead of filling memory. The
// thread never waits for the loop, so there is no deadlock. wake_fd() is readable while completions wait, for the
// loop's poll. stop() finishes what was queued; completions left then can still be drained, or are dropped.
//
// run(), drain() and stop() belong to the loop thread; `work` runs on this one, `done` inside drain().
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.hpp"

namespace aip::daemons {

class StorageThread final : public Executor {
public:
    static constexpr size_t kJobsQueuedMax = 1024;

    StorageThread();
    ~StorageThread() override;
    StorageThread(const StorageThread&) = delete;
    StorageThread& operator=(const StorageThread&) = delete;

    void run(std::function<void()> work, std::function<void()> done) override;
    size_t drain();  // runs the completions that wait now; how many
    void stop();     // idempotent; run() must not be called afterwards
    int wake_fd() const { return wake_fd_; }

private:
    struct Job {
        std::function<void()> work;
        std::function<void()> done;
    };

    void serve();

    std::mutex mutex_;
    std::condition_variable work_ready_;
    std::condition_variable room_;
    std::deque<Job> jobs_;                     // guarded by mutex_
    std::vector<std::function<void()>> done_;  // guarded by mutex_
    bool stopping_ = false;                    // guarded by mutex_
    int wake_fd_;
    std::thread thread_;
};

}  // namespace aip::daemons
