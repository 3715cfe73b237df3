// CorePool: the Parallel of the daemon. One thread less than its width stands by; the caller does its share of the
// pieces itself, so a pool of one is the caller alone, and threads that are slow to wake delay nothing.
// each() belongs to one thread, the storage thread, and does not nest.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel.hpp"

namespace aip::daemons {

class CorePool final : public Parallel {
public:
    explicit CorePool(size_t width);
    ~CorePool() override;
    CorePool(const CorePool&) = delete;
    CorePool& operator=(const CorePool&) = delete;

    size_t width() const override { return threads_.size() + 1; }
    void each(size_t count, const std::function<void(size_t piece)>& work) override;

private:
    void serve();
    void take_pieces();

    std::mutex mutex_;
    std::condition_variable begin_;
    std::condition_variable over_;
    const std::function<void(size_t)>* work_ = nullptr;  // guarded by mutex_ until a round has begun
    size_t count_ = 0;                                   // the same
    uint64_t round_ = 0;                                 // guarded by mutex_
    size_t busy_ = 0;                                    // guarded by mutex_: threads in this round
    bool stopping_ = false;                              // guarded by mutex_
    std::atomic<size_t> next_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace aip::daemons
