#include "cli/command.hpp"

#include <charconv>
#include <ctime>

namespace aip::cli {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

// A number with one of these units; 0 if it is none.
template <size_t N>
Result<uint64_t> quantity(const std::string& text, const Unit (&units)[N], const char* example) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    for (const Unit& u : units)
        if (error == std::errc{} && u.name == unit && number >= 0 && number * u.factor < 1e18)
            return static_cast<uint64_t>(number * u.factor);
    return Error{ErrorCode::kInvalid, "'" + text + "' is not understood; say it like " + example};
}

}  // namespace

Result<uint64_t> bytes_from(const std::string& text) {
    constexpr Unit kUnits[] = {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}};
    return quantity(text, kUnits, "500M, 10G or 1000000");
}

Result<uint64_t> ms_from(const std::string& text) {
    constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}};
    return quantity(text, kUnits, "500ms, 60s, 10m, 1h or 7d");
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

Result<WallTime> time_from(const std::string& text) {
    std::tm tm{};
    const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == nullptr || *end != '\0')
        return Error{ErrorCode::kInvalid, "'" + text + "' is not a time like 2026-11-21T04:00:00Z"};
    return WallTime::from_unix_ms(static_cast<int64_t>(timegm(&tm)) * 1000);
}

}  // namespace aip::cli
