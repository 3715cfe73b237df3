// Text from files and peers: is it UTF-8, and how to show it in a one-line error.
#pragma once

#include <string>
#include <string_view>

namespace aip::model {

bool is_utf8(std::string_view text);  // RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF

// 'text' in quotes, control characters and quotes escaped, cut after 64 bytes: fit for a terminal and a log line.
std::string quoted(std::string_view text);

std::string decimal(double value);  // four digits that count, for such a line

}  // namespace aip::model
