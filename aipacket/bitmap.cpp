#include "aipacket/bitmap.hpp"

#include <bit>

namespace aip::aipacket {

Bitmap::Bitmap(size_t bits, bool value) : bits_(bits), bytes_((bits + 7) / 8, value ? 0xff : 0x00) {
    if (value && bits % 8 != 0) bytes_.back() = static_cast<uint8_t>((1u << (bits % 8)) - 1);
}

void Bitmap::set(size_t i, bool value) {
    AIP_ASSERT(i < bits_);
    const auto mask = static_cast<uint8_t>(1u << (i % 8));
    bytes_[i / 8] = static_cast<uint8_t>(value ? bytes_[i / 8] | mask : bytes_[i / 8] & ~mask);
}

size_t Bitmap::count() const {
    size_t n = 0;
    for (uint8_t b : bytes_) n += static_cast<size_t>(std::popcount(b));
    return n;
}

ByteView Bitmap::bytes(size_t first, size_t n) const {
    AIP_ASSERT(first % 8 == 0 && first + n <= bits_ && (n % 8 == 0 || first + n == bits_));
    return ByteView(bytes_).subspan(first / 8, (n + 7) / 8);
}

bool Bitmap::assign(size_t first, size_t n, ByteView bytes) {
    AIP_ASSERT(first % 8 == 0 && first + n <= bits_ && (n % 8 == 0 || first + n == bits_));
    if (bytes.size() != (n + 7) / 8) return false;
    if (n % 8 != 0 && (bytes.back() >> (n % 8)) != 0) return false;
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(first / 8));
    return true;
}

void WindowBitmap::set(uint32_t i) {
    AIP_ASSERT(covers(i));
    words_[i / 64 % kWords] |= uint64_t{1} << (i % 64);
    if (i >= end_) end_ = i + 1;
    while (base_ < end_ && bit(base_)) {
        words_[base_ / 64 % kWords] &= ~(uint64_t{1} << (base_ % 64));
        ++base_;
    }
}

uint64_t WindowBitmap::word_from(uint32_t i) const {
    const uint32_t word = i / 64 % kWords;
    const uint32_t shift = i % 64;
    if (shift == 0) return words_[word];
    return words_[word] >> shift | words_[(word + 1) % kWords] << (64 - shift);
}

size_t WindowBitmap::write(MutableBytes out) const {
    const size_t bytes = (end_ - base_ + 7) / 8;
    AIP_ASSERT(out.size() >= bytes);
    for (size_t i = 0; i < bytes; i += 8) {
        uint64_t word = word_from(base_ + static_cast<uint32_t>(i) * 8);
        for (size_t k = i; k < bytes && k < i + 8; ++k, word >>= 8) out[k] = static_cast<uint8_t>(word);
    }
    return bytes;
}

}  // namespace aip::aipacket
