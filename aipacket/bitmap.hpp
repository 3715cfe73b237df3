// Bits of a fixed number of things (Bitmap), and of a window that moves upward over an endless row of them
// (WindowBitmap). On the wire bit i of a bitmap is bit i % 8, counted from the least significant, of byte i / 8.
#pragma once

#include <array>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace aip::aipacket {

class Bitmap {
public:
    Bitmap() = default;
    explicit Bitmap(size_t bits, bool value = false);

    size_t size() const { return bits_; }
    bool test(size_t i) const {
        AIP_ASSERT(i < bits_);
        return (bytes_[i / 8] >> (i % 8) & 1) != 0;
    }
    void set(size_t i, bool value = true);
    size_t count() const;
    // Bytes of bits [first, first + n), first a multiple of 8; the unused bits of the last byte are zero.
    ByteView bytes(size_t first, size_t n) const;
    // Replaces bits [first, first + n) by `bytes`. False, and unchanged, if the length is wrong or an unused bit is
    // set.
    bool assign(size_t first, size_t n, ByteView bytes);

private:
    size_t bits_ = 0;
    Bytes bytes_;
};

// Which of the symbols base() .. base() + kBits - 1 are there. base() itself never is: setting it moves the window.
class WindowBitmap {
public:
    static constexpr uint32_t kBits = limits::kWindowSymbolsMax;

    uint32_t base() const { return base_; }
    uint32_t end() const { return end_; }  // one above the highest ever set
    bool covers(uint32_t i) const { return i >= base_ && i - base_ < kBits; }
    bool test(uint32_t i) const { return i < base_ || (covers(i) && bit(i)); }
    void set(uint32_t i);  // covers(i)
    void reset() { *this = WindowBitmap{}; }
    // Bits base() .. end() - 1; returns the bytes used, at most kBits / 8.
    size_t write(MutableBytes out) const;

private:
    static constexpr uint32_t kWords = kBits / 64;
    static_assert((kWords & (kWords - 1)) == 0);

    bool bit(uint32_t i) const { return (words_[i / 64 % kWords] >> (i % 64) & 1) != 0; }
    uint64_t word_from(uint32_t i) const;

    std::array<uint64_t, kWords> words_{};
    uint32_t base_ = 0;
    uint32_t end_ = 0;
};

}  // namespace aip::aipacket
