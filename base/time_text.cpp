#include "base/time_text.hpp"

#include <ctime>

namespace aip {

std::string time_text(WallTime time) {
    const auto seconds = static_cast<std::time_t>(time.unix_ms() / 1000);
    std::tm parts{};
    char text[32] = "";
    if (gmtime_r(&seconds, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

}  // namespace aip
