#include "ledger/text.hpp"

#include <charconv>

namespace aip::ledger {
namespace {

struct Utf8Class {
    size_t length;  // 0: not a first byte
    uint32_t bits;
    uint32_t smallest;  // code point of that length: anything below is an overlong form
};

Utf8Class classify(uint8_t first) {
    if (first < 0x80) return {1, first, 0};
    if ((first & 0xe0) == 0xc0) return {2, first & 0x1fu, 0x80};
    if ((first & 0xf0) == 0xe0) return {3, first & 0x0fu, 0x800};
    if ((first & 0xf8) == 0xf0) return {4, first & 0x07u, 0x10000};
    return {0, 0, 0};
}

}  // namespace

bool is_text(std::string_view text) {
    for (size_t at = 0; at < text.size();) {
        const auto kind = classify(static_cast<uint8_t>(text[at]));
        if (kind.length == 0 || text.size() - at < kind.length) return false;
        uint32_t point = kind.bits;
        for (size_t i = 1; i < kind.length; ++i) {
            const auto byte = static_cast<uint8_t>(text[at + i]);
            if ((byte & 0xc0) != 0x80) return false;
            point = (point << 6) | (byte & 0x3fu);
        }
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (point < kind.smallest || point > 0x10ffff || surrogate) return false;
        if (point < 0x20 && point != '\n') return false;
        at += kind.length;
    }
    return true;
}

std::optional<uint64_t> parse_decimal(std::string_view text) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Digest> parse_base64_digest(std::string_view text) {
    const auto raw = from_base64(text);
    return raw ? Digest::from(*raw) : std::nullopt;
}

}  // namespace aip::ledger
