// FrameReader cuts a byte stream into the messages of rfc/0005: u32 big-endian length, then as many bytes. Sans I/O:
// push() what was read, next() until it gives none. It never holds more than one message and what was pushed after
// it; a length beyond limits::kControlMessageMax, zero, or no multiple of 8 fails for good, before the bytes come.
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace aip::api {

class FrameReader {
public:
    void push(ByteView bytes);
    // One message without its length, or none yet. The view lives until the next push().
    Result<std::optional<ByteView>> next();
    bool empty() const { return at_ == buffer_.size(); }  // no part of a message is waiting

private:
    Bytes buffer_;
    size_t at_ = 0;
};

}  // namespace aip::api
