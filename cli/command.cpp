#include "cli/command.hpp"

#include <ctime>

namespace aip::cli {

std::string time_text(WallTime time) {
    const std::time_t seconds = time.unix_ms() / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char buffer[32];
    std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return buffer;
}

Result<Address> address_from(const std::string& text) {
    const auto address = Address::parse(text);
    if (!address || !address->is_node())
        return Error{ErrorCode::kInvalid, text + " is no node address (fd..); `aipctl routes` lists them"};
    return *address;
}

Result<VersionId> version_from(const std::string& text) {
    const auto version = VersionId::parse_hex(text);
    if (!version) return Error{ErrorCode::kInvalid, text + " is no version id (64 hex digits); see `aipctl models`"};
    return VersionId(*version);
}

}  // namespace aip::cli
