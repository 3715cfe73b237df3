// BufferPool: packet buffers for ports that have no pool of their own (memory, udp). One arena, reserved at once and
// touched only where used; free buffers are handed out last in, first out, so an idle port keeps a few warm pages.
// Never grows: alloc() returns an empty Packet when all are out. One thread; all packets are back when it dies.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/packet.hpp"

namespace aip::dataplane {

class BufferPool {
public:
    BufferPool(uint32_t buffer_bytes, uint32_t count);
    ~BufferPool();
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;

    Packet alloc();  // size() is 0
    size_t available() const { return free_.size(); }

private:
    static void give_back(void* owner, void* buffer) noexcept;

    uint32_t buffer_bytes_;
    uint32_t count_;
    std::unique_ptr<uint8_t[]> arena_;
    std::vector<uint8_t*> free_;
};

}  // namespace aip::dataplane
