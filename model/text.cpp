#include "model/text.hpp"

#include <cstdint>
#include <cstdio>

namespace aip::model {
namespace {

// Length of the UTF-8 sequence at the start of `text`, 0 if there is none.
size_t sequence_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
    const bool too_big = lead == 0xf4 && byte(1) >= 0x90;
    return overlong || surrogate || too_big ? 0 : length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string quoted(std::string_view text) {
    constexpr size_t kShownMax = 64;
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "'";
    for (size_t at = 0; at < text.size();) {
        const size_t length = sequence_length(text.substr(at));
        if (at + length > kShownMax) return out + "'...";
        const auto c = static_cast<uint8_t>(text[at]);
        const bool c1_control = c == 0xc2 && length == 2 && static_cast<uint8_t>(text[at + 1]) < 0xa0;
        if (length == 0 || c < 0x20 || c == 0x7f || c == '\'' || c == '\\' || c1_control) {
            out += "\\x";
            out += kHex[c >> 4];
            out += kHex[c & 15];
            at += 1;
        } else {
            out += text.substr(at, length);
            at += length;
        }
    }
    return out + "'";
}

std::string decimal(double value) {
    char out[32];
    std::snprintf(out, sizeof out, "%.4g", value);
    return out;
}

}  // namespace aip::model
