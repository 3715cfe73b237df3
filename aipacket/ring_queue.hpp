// A queue in one ring of memory: grows by doubling when full and never shrinks, so a steady path allocates nothing.
// Elements are default-constructed and moved.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace aip::aipacket {

template <class T>
class RingQueue {
public:
    bool empty() const { return size_ == 0; }
    size_t size() const { return size_; }

    T& operator[](size_t i) { return ring_[(first_ + i) & (ring_.size() - 1)]; }
    const T& operator[](size_t i) const { return ring_[(first_ + i) & (ring_.size() - 1)]; }
    const T& front() const { return (*this)[0]; }

    void push(T value) {
        if (size_ == ring_.size()) grow();
        (*this)[size_++] = std::move(value);
    }
    T pop() {
        AIP_ASSERT(size_ > 0);
        T value = std::exchange((*this)[0], T{});
        first_ = (first_ + 1) & (ring_.size() - 1);
        --size_;
        return value;
    }
    void clear() {
        while (!empty()) pop();
    }

private:
    void grow() {
        std::vector<T> wider(ring_.empty() ? 16 : ring_.size() * 2);
        for (size_t i = 0; i < size_; ++i) wider[i] = std::move((*this)[i]);
        ring_ = std::move(wider);
        first_ = 0;
    }

    std::vector<T> ring_;  // size is a power of two
    size_t first_ = 0;
    size_t size_ = 0;
};

}  // namespace aip::aipacket
