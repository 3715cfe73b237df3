#include "dataplane/buffer_pool.hpp"

#include "base/limits.hpp"

namespace aip::dataplane {

BufferPool::BufferPool(uint32_t buffer_bytes, uint32_t count)
    : buffer_bytes_(buffer_bytes), count_(count), arena_(new uint8_t[size_t{buffer_bytes} * count]) {
    AIP_ASSERT(buffer_bytes > 0 && buffer_bytes <= 2 * limits::kPortMtuMax);
    AIP_ASSERT(count > 0 && count <= limits::kPortBuffersMax);
    free_.reserve(count);
    for (uint32_t i = count; i > 0; --i) free_.push_back(arena_.get() + size_t{i - 1} * buffer_bytes);
}

BufferPool::~BufferPool() { AIP_ASSERT(free_.size() == count_); }

Packet BufferPool::alloc() {
    if (free_.empty()) return {};
    uint8_t* const buffer = free_.back();
    free_.pop_back();
    return Packet({&BufferPool::give_back, this, buffer}, buffer, 0, buffer_bytes_);
}

void BufferPool::give_back(void* owner, void* buffer) noexcept {
    auto& pool = *static_cast<BufferPool*>(owner);
    AIP_ASSERT(pool.free_.size() < pool.count_);
    pool.free_.push_back(static_cast<uint8_t*>(buffer));
}

}  // namespace aip::dataplane
