// Packet: the only owner of one buffer that holds one IPv6 packet. Move-only; destroying it gives the buffer back to
// where it came from (a DPDK mempool, a BufferPool), so a packet can be dropped anywhere and never leaks. What the
// buffer is, only its owner knows: a port recognises its own by owner kind and sends them without a copy.
//
// Invariant: size() <= capacity(), and data()..data()+capacity() is writable. Room for a link header is the port's own
// affair, in front of data(). No allocation, no lock: one thread. Packets must be gone before their pool is.
#pragma once

#include <cstdint>
#include <utility>

#include "base/assert.hpp"
#include "base/bytes.hpp"

namespace aip::dataplane {

class Packet {
public:
    // Gives `buffer` back to `owner`. The function's address also names the kind of owner.
    using Release = void (*)(void* owner, void* buffer) noexcept;

    struct Buffer {
        Release release = nullptr;
        void* owner = nullptr;
        void* buffer = nullptr;
    };

    Packet() = default;
    Packet(Buffer from, uint8_t* data, uint32_t size, uint32_t capacity)
        : from_(from), data_(data), size_(size), capacity_(capacity) {
        AIP_ASSERT(size <= capacity);
    }
    ~Packet() { reset(); }
    Packet(Packet&& other) noexcept
        : from_(std::exchange(other.from_, {})),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Packet& operator=(Packet&& other) noexcept {
        if (this != &other) {
            reset();
            from_ = std::exchange(other.from_, {});
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
            capacity_ = std::exchange(other.capacity_, 0);
        }
        return *this;
    }

    explicit operator bool() const { return data_ != nullptr; }
    uint8_t* data() { return data_; }
    const uint8_t* data() const { return data_; }
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    ByteView view() const { return {data_, size_}; }
    MutableBytes bytes() { return {data_, size_}; }
    MutableBytes room() { return {data_, capacity_}; }

    void set_size(size_t size) {
        AIP_ASSERT(size <= capacity_);
        size_ = static_cast<uint32_t>(size);
    }
    void reset() {
        if (from_.release != nullptr) from_.release(from_.owner, from_.buffer);
        release();
    }

    // For ports: whose it is, and taking it out of the handle to hand it to hardware.
    Release owner_kind() const { return from_.release; }
    void* release() {
        void* buffer = from_.buffer;
        from_ = {};
        data_ = nullptr;
        size_ = capacity_ = 0;
        return buffer;
    }

private:
    Buffer from_;
    uint8_t* data_ = nullptr;
    uint32_t size_ = 0;
    uint32_t capacity_ = 0;
};

}  // namespace aip::dataplane
