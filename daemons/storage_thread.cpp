#include "daemons/storage_thread.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.hpp"

namespace aip::daemons {

StorageThread::StorageThread() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    AIP_ASSERT(wake_fd_ >= 0);
    thread_ = std::thread([this] { serve(); });
}

StorageThread::~StorageThread() {
    stop();
    close(wake_fd_);
}

void StorageThread::run(std::function<void()> work, std::function<void()> done) {
    std::unique_lock lock(mutex_);
    AIP_ASSERT(!stopping_);
    room_.wait(lock, [this] { return jobs_.size() < kJobsQueuedMax; });
    jobs_.push_back({std::move(work), std::move(done)});
    lock.unlock();
    work_ready_.notify_one();
}

size_t StorageThread::drain() {
    uint64_t wakes = 0;
    static_cast<void>(!read(wake_fd_, &wakes, sizeof wakes));  // EAGAIN: nothing waited
    std::vector<std::function<void()>> ready;
    {
        const std::lock_guard lock(mutex_);
        ready.swap(done_);
    }
    for (const auto& done : ready) done();
    return ready.size();
}

void StorageThread::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_ready_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void StorageThread::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_ready_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        room_.notify_one();
        job.work();
        job.work = nullptr;  // what it captured is let go here, not under the lock
        lock.lock();
        done_.push_back(std::move(job.done));
        const uint64_t one = 1;
        static_cast<void>(!write(wake_fd_, &one, sizeof one));  // EAGAIN: readable already
    }
}

}  // namespace aip::daemons
