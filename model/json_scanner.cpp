#include "model/json_scanner.hpp"

#include <cstdint>

namespace aip::model {
namespace {

void append_utf8(std::string& out, uint32_t code) {
    const auto push = [&](uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return push(code);
    if (code < 0x800) {
        push(0xc0 | (code >> 6));
    } else {
        if (code < 0x10000) {
            push(0xe0 | (code >> 12));
        } else {
            push(0xf0 | (code >> 18));
            push(0x80 | ((code >> 12) & 0x3f));
        }
        push(0x80 | ((code >> 6) & 0x3f));
    }
    push(0x80 | (code & 0x3f));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Error JsonScanner::error_here(std::string_view what) const {
    return {ErrorCode::kInvalid, std::string(what) + " at byte " + std::to_string(at_) + " of the JSON"};
}

void JsonScanner::skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
}

bool JsonScanner::accept(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

Result<void> JsonScanner::expect(char c) {
    if (accept(c)) return {};
    return error_here(std::string("JSON: expected '") + c + "'");
}

Result<void> JsonScanner::object(const std::function<Result<void>(std::string&&)>& on_member) {
    AIP_TRY(expect('{'));
    if (accept('}')) return {};
    do {
        AIP_ASSIGN(auto key, string());
        AIP_TRY(expect(':'));
        AIP_TRY(on_member(std::move(key)));
    } while (accept(','));
    return expect('}');
}

Result<std::string> JsonScanner::string() {
    AIP_TRY(expect('"'));
    std::string out;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (static_cast<uint8_t>(c) < 0x20) return error_here("JSON: control character in a string");
        ++at_;
        if (c == '"') return out;
        if (c == '\\')
            AIP_TRY(escape(out));
        else
            out += c;
    }
    return error_here("JSON: string without end");
}

Result<void> JsonScanner::escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ == text_.size()) return error_here("JSON: string without end");
    const char name = text_[at_++];
    if (const size_t i = kNames.find(name); i != std::string_view::npos) {
        out += kMeanings[i];
        return {};
    }
    if (name != 'u') return error_here("JSON: unknown escape");
    AIP_ASSIGN(uint32_t code, hex4());
    if (code >= 0xd800 && code < 0xe000) {
        if (code >= 0xdc00 || !rest().starts_with("\\u")) return error_here("JSON: lone surrogate");
        at_ += 2;
        AIP_ASSIGN(const uint32_t low, hex4());
        if (low < 0xdc00 || low >= 0xe000) return error_here("JSON: lone surrogate");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
    return {};
}

Result<uint32_t> JsonScanner::hex4() {
    uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        const size_t digit = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
        if (digit == std::string_view::npos) return error_here("JSON: \\u needs four hex digits");
        code = code << 4 | static_cast<uint32_t>(digit);
        ++at_;
    }
    return code;
}

Result<uint64_t> JsonScanner::integer() {
    skip_space();
    if (rest().starts_with('-')) return error_here("negative number");
    if (rest().empty() || !is_digit(rest().front())) return error_here("expected a non-negative integer");
    if (rest().size() > 1 && rest()[0] == '0' && is_digit(rest()[1])) return error_here("JSON: leading zero");
    uint64_t value = 0;
    while (at_ < text_.size() && is_digit(text_[at_])) {
        const auto digit = static_cast<uint64_t>(text_[at_] - '0');
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return error_here("number above 2^64 - 1");
        ++at_;
    }
    if (at_ < text_.size() && std::string_view(".eE").find(text_[at_]) != std::string_view::npos)
        return error_here("number that is not written as an integer");
    return value;
}

Result<std::vector<uint64_t>> JsonScanner::integers(size_t count_max) {
    std::vector<uint64_t> values;
    AIP_TRY(expect('['));
    if (accept(']')) return values;
    do {
        if (values.size() == count_max) return error_here("more than " + std::to_string(count_max) + " numbers");
        AIP_ASSIGN(const uint64_t value, integer());
        values.push_back(value);
    } while (accept(','));
    AIP_TRY(expect(']'));
    return values;
}

}  // namespace aip::model
