#include "api/frame.hpp"

#include "base/limits.hpp"

namespace aip::api {
namespace {
constexpr size_t kLengthBytes = 4;
}

void FrameReader::push(ByteView bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(at_));
    at_ = 0;
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

Result<std::optional<ByteView>> FrameReader::next() {
    const ByteView waiting = ByteView(buffer_).subspan(at_);
    if (waiting.size() < kLengthBytes) return std::optional<ByteView>();
    const uint32_t length = load_be32(waiting.data());
    if (length == 0 || length % 8 != 0 || length > limits::kControlMessageMax)
        return Error{ErrorCode::kInvalid, "malformed control message: its length is " + std::to_string(length)};
    if (waiting.size() - kLengthBytes < length) return std::optional<ByteView>();
    at_ += kLengthBytes + length;
    return std::optional<ByteView>(waiting.subspan(kLengthBytes, length));
}

}  // namespace aip::api
