// The one renderer: any Report as an aligned table, as "name: value" lines (for one thing rather than a list), or as
// one line of JSON {"title":..., "rows":[{column: value}...], "notes":[...]}. Text from the network is made harmless
// for a terminal: control characters are shown as '?'. People read the column time_ms, since 1970, as a date. Pure.
#pragma once

#include <string>

#include "base/report.hpp"

namespace aip::cli {

enum class Layout { kTable, kCard };

std::string to_text(const Report& report, Layout layout);
std::string to_json(const Report& report);

// 1536 -> "1.5 KiB"
std::string bytes_text(uint64_t bytes);

}  // namespace aip::cli
