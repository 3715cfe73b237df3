#include "base/bytes.hpp"

namespace aip {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
    const auto at = kBase64.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_hex(ByteView bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (uint8_t b : bytes) {
        text.push_back(kDigits[b >> 4]);
        text.push_back(kDigits[b & 15]);
    }
    return text;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        bytes.push_back(static_cast<uint8_t>(high * 16 + low));
    }
    return bytes;
}

std::string to_base64(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        const size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
        uint32_t group = static_cast<uint32_t>(bytes[i]) << 16;
        if (n > 1) group |= static_cast<uint32_t>(bytes[i + 1]) << 8;
        if (n > 2) group |= bytes[i + 2];
        text.push_back(kBase64[group >> 18]);
        text.push_back(kBase64[(group >> 12) & 63]);
        text.push_back(n > 1 ? kBase64[(group >> 6) & 63] : '=');
        text.push_back(n > 2 ? kBase64[group & 63] : '=');
    }
    return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (size_t i = 0; i < text.size(); i += 4) {
        const bool last = i + 4 == text.size();
        const int padding = !last ? 0 : (text[i + 2] == '=' && text[i + 3] == '=') ? 2 : text[i + 3] == '=' ? 1 : 0;
        uint32_t group = 0;
        for (size_t k = 0; k < 4; ++k) {
            const int v = k >= 4 - static_cast<size_t>(padding) ? 0 : base64_value(text[i + k]);
            if (v < 0) return std::nullopt;
            group = (group << 6) | static_cast<uint32_t>(v);
        }
        if ((padding == 2 && (group & 0xffff) != 0) || (padding == 1 && (group & 0xff) != 0)) return std::nullopt;
        bytes.push_back(static_cast<uint8_t>(group >> 16));
        if (padding < 2) bytes.push_back(static_cast<uint8_t>(group >> 8));
        if (padding < 1) bytes.push_back(static_cast<uint8_t>(group));
    }
    return bytes;
}

uint64_t Reader::big(size_t width) {
    uint64_t value = 0;
    for (uint8_t b : view(width)) value = (value << 8) | b;
    return value;
}

uint64_t Reader::u64_le() {
    uint64_t value = 0;
    const ByteView bytes = view(8);
    for (size_t i = bytes.size(); i > 0; --i) value = (value << 8) | bytes[i - 1];
    return value;
}

ByteView Reader::view(size_t length) {
    if (failed_ || length > remaining()) {
        failed_ = true;
        return {};
    }
    const ByteView part = bytes_.subspan(at_, length);
    at_ += length;
    return part;
}

bool Reader::copy(MutableBytes out) {
    const ByteView part = view(out.size());
    if (failed_) return false;
    if (!part.empty()) std::memcpy(out.data(), part.data(), part.size());
    return true;
}

Writer& Writer::big(uint64_t v, size_t width) {
    for (size_t i = width; i > 0; --i) out_.push_back(static_cast<uint8_t>(v >> (8 * (i - 1))));
    return *this;
}

Writer& Writer::u64_le(uint64_t v) {
    for (size_t i = 0; i < 8; ++i) out_.push_back(static_cast<uint8_t>(v >> (8 * i)));
    return *this;
}

}  // namespace aip
