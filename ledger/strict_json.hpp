// JSON as it is signed: one value, UTF-8, no duplicate keys, bounded depth. Two readers of one signed text must not
// be able to see two different things, which is what duplicate keys allow.
// Fields reads the members of one object and remembers the first thing wrong, so that a decoder reads all and checks
// once. Exceptions of the JSON library stay in here.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace aip::ledger {

inline constexpr uint64_t kJsonIntegerMax = (uint64_t{1} << 53) - 1;  // every JSON reader keeps these exactly

Result<nlohmann::json> parse_json(std::string_view text);
// Sorted keys, no white space. kInvalid if a text in it is not UTF-8.
Result<std::string> write_json(const nlohmann::json& value);

class Fields {
public:
    Fields(const nlohmann::json& object, std::string_view where);

    std::string text(const char* name, size_t bytes_max);
    uint64_t integer(const char* name);              // 0 to kJsonIntegerMax
    std::optional<double> real(const char* name);    // nothing if there is no such member
    const nlohmann::json* object(const char* name);  // nullptr if missing or not an object
    const nlohmann::json* list(const char* name, size_t entries_max);
    template <class Id>
    Id hex(const char* name) {
        const auto id = Id::parse_hex(text(name, 2 * Id::kSize));
        if (!id) fail(name);
        return id.value_or(Id{});
    }
    bool has(const char* name) const;
    void fail(std::string_view name);

    Result<void> check() const;

private:
    const nlohmann::json& object_;
    std::string where_;
    std::string wrong_;
};

}  // namespace aip::ledger
