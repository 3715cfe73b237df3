// Bytes and the bounds-checked cursors every decoder uses. A Reader never reads past its span: after the first
// short read it is failed(), returns zeros and empty views, and stays failed, so a decoder may read a whole struct
// and check once at the end. Multi-byte integers are big-endian (network order) unless the name ends in _le.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aip {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

inline ByteView as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView view) { return Bytes(view.begin(), view.end()); }

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);     // lower or upper case, even length, nothing else
std::string to_base64(ByteView bytes);                    // RFC 4648 section 4, padded
std::optional<Bytes> from_base64(std::string_view text);  // strict: canonical padding, no white space

class Reader {
public:
    explicit Reader(ByteView bytes) : bytes_(bytes) {}

    uint8_t u8() { return static_cast<uint8_t>(big(1)); }
    uint16_t u16() { return static_cast<uint16_t>(big(2)); }
    uint32_t u32() { return static_cast<uint32_t>(big(4)); }
    uint64_t u64() { return big(8); }
    uint64_t u64_le();
    ByteView view(size_t length);  // borrows from the span given at construction
    bool copy(MutableBytes out);   // false (and failed) if fewer bytes remain
    void skip(size_t length) { static_cast<void>(view(length)); }

    size_t remaining() const { return bytes_.size() - at_; }
    size_t position() const { return at_; }
    bool failed() const { return failed_; }
    bool done() const { return !failed_ && remaining() == 0; }  // all of it read, nothing left over

private:
    uint64_t big(size_t width);

    ByteView bytes_;
    size_t at_ = 0;
    bool failed_ = false;
};

// Appends to a vector.
class Writer {
public:
    explicit Writer(Bytes& out) : out_(out) {}

    Writer& u8(uint8_t v) { return big(v, 1); }
    Writer& u16(uint16_t v) { return big(v, 2); }
    Writer& u32(uint32_t v) { return big(v, 4); }
    Writer& u64(uint64_t v) { return big(v, 8); }
    Writer& u64_le(uint64_t v);
    Writer& put(ByteView bytes) {
        const size_t at = out_.size();  // not insert(): g++ 12 warns of overflows that are not there
        out_.resize(at + bytes.size());
        if (!bytes.empty()) std::memcpy(out_.data() + at, bytes.data(), bytes.size());
        return *this;
    }
    Writer& put(std::string_view text) { return put(as_bytes(text)); }

private:
    Writer& big(uint64_t v, size_t width);

    Bytes& out_;
};

// Fixed-place stores and loads for packet headers (no allocation).
inline void store_be16(uint8_t* p, uint16_t v) {
    p[0] = static_cast<uint8_t>(v >> 8);
    p[1] = static_cast<uint8_t>(v);
}
inline void store_be32(uint8_t* p, uint32_t v) {
    store_be16(p, static_cast<uint16_t>(v >> 16));
    store_be16(p + 2, static_cast<uint16_t>(v));
}
inline void store_be64(uint8_t* p, uint64_t v) {
    store_be32(p, static_cast<uint32_t>(v >> 32));
    store_be32(p + 4, static_cast<uint32_t>(v));
}
inline uint16_t load_be16(const uint8_t* p) { return static_cast<uint16_t>((p[0] << 8) | p[1]); }
inline uint32_t load_be32(const uint8_t* p) { return (static_cast<uint32_t>(load_be16(p)) << 16) | load_be16(p + 2); }
inline uint64_t load_be64(const uint8_t* p) { return (static_cast<uint64_t>(load_be32(p)) << 32) | load_be32(p + 4); }

}  // namespace aip
