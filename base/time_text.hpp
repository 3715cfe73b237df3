// A moment as people and other programs read it.
#pragma once

#include <string>

#include "base/time.hpp"

namespace aip {

std::string time_text(WallTime time);  // UTC, RFC 3339, whole seconds: 2026-11-21T04:00:00Z

}  // namespace aip
