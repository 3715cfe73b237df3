#include "base/task_key.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}
bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

bool is_task_name(std::string_view text) {
    return !text.empty() && text.size() <= limits::kTaskNameMax &&
           std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_task_key(std::string_view text) {
    if (!is_task_name(task_name(text))) return false;
    if (task_name(text).size() == text.size()) return true;
    const std::string_view digits = task_digits(text);
    return digits.size() == limits::kTaskKeyDigits && std::all_of(digits.begin(), digits.end(), is_hex_digit);
}

std::string_view task_name(std::string_view key) { return key.substr(0, key.find('@')); }

std::string_view task_digits(std::string_view key) {
    const size_t at = key.find('@');
    return at == std::string_view::npos ? std::string_view() : key.substr(at + 1);
}

}  // namespace aip
