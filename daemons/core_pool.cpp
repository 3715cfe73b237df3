#include "daemons/core_pool.hpp"

#include "base/assert.hpp"

namespace aip::daemons {

CorePool::CorePool(size_t width) {
    AIP_ASSERT(width >= 1);
    for (size_t i = 1; i < width; ++i) threads_.emplace_back([this] { serve(); });
}

CorePool::~CorePool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    begin_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void CorePool::each(size_t count, const std::function<void(size_t)>& work) {
    {
        const std::lock_guard lock(mutex_);
        work_ = &work;
        count_ = count;
        next_ = 0;
        ++round_;
    }
    if (count > 1) begin_.notify_all();
    take_pieces();
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return busy_ == 0; });
    work_ = nullptr;  // who wakes up now comes too late, and has nothing to do
}

void CorePool::take_pieces() {
    for (size_t piece = next_++; piece < count_; piece = next_++) (*work_)(piece);
}

void CorePool::serve() {
    uint64_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
        begin_.wait(lock, [&] { return stopping_ || round_ != seen; });
        if (stopping_) return;
        seen = round_;
        if (work_ == nullptr) continue;
        ++busy_;
        lock.unlock();
        take_pieces();
        lock.lock();
        if (--busy_ == 0) over_.notify_one();
    }
}

}  // namespace aip::daemons
