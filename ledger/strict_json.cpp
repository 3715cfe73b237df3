#include "ledger/strict_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

namespace aip::ledger {
namespace {

using nlohmann::json;

constexpr size_t kDepthMax = 16;

// Sees every event of a parse and stops it at the first thing we do not accept.
class StrictGuard final : public nlohmann::json_sax<json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t value, const string_t&) override { return std::isfinite(value); }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return false; }
    bool start_object(size_t) override { return open(); }
    bool key(string_t& name) override {
        if (keys_.back().insert(name).second) return true;
        reason_ = "the key '" + name.substr(0, 40) + "' is there twice";
        return false;
    }
    bool end_object() override { return close(); }
    bool start_array(size_t) override { return open(); }
    bool end_array() override { return close(); }
    bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
        reason_ = "not JSON at byte " + std::to_string(position);
        return false;
    }
    const std::string& reason() const { return reason_; }

private:
    bool open() {
        keys_.emplace_back();
        return keys_.size() <= kDepthMax;
    }
    bool close() {
        keys_.pop_back();
        return true;
    }

    std::vector<std::set<std::string>> keys_;
    std::string reason_ = "nested too deep, or a number out of range";
};

}  // namespace

Result<json> parse_json(std::string_view text) {
    StrictGuard guard;
    if (!json::sax_parse(text, &guard)) return Error{ErrorCode::kInvalid, "bad JSON: " + guard.reason()};
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded()) return Error{ErrorCode::kInvalid, "bad JSON"};
    return value;
}

Result<std::string> write_json(const json& value) {
    try {
        return value.dump();
    } catch (const json::exception&) {
        return Error{ErrorCode::kInvalid, "a text is not UTF-8 and cannot be written as JSON"};
    }
}

Fields::Fields(const json& object, std::string_view where) : object_(object), where_(where) {
    if (!object_.is_object()) fail("");
}

bool Fields::has(const char* name) const { return object_.is_object() && object_.contains(name); }

void Fields::fail(std::string_view name) {
    if (wrong_.empty()) wrong_ = where_ + (name.empty() ? "" : ".") + std::string(name);
}

std::string Fields::text(const char* name, size_t bytes_max) {
    if (has(name)) {
        const auto* value = object_.at(name).get_ptr<const std::string*>();
        if (value != nullptr && value->size() <= bytes_max) return *value;
    }
    fail(name);
    return {};
}

uint64_t Fields::integer(const char* name) {
    if (has(name)) {
        const auto* value = object_.at(name).get_ptr<const json::number_unsigned_t*>();
        if (value != nullptr && *value <= kJsonIntegerMax) return *value;
    }
    fail(name);
    return 0;
}

std::optional<double> Fields::real(const char* name) {
    if (!has(name)) return std::nullopt;
    const json& value = object_.at(name);
    if (value.is_number()) return value.get<double>();
    fail(name);
    return std::nullopt;
}

const json* Fields::object(const char* name) {
    if (has(name) && object_.at(name).is_object()) return &object_.at(name);
    fail(name);
    return nullptr;
}

const json* Fields::list(const char* name, size_t entries_max) {
    if (has(name) && object_.at(name).is_array() && object_.at(name).size() <= entries_max) return &object_.at(name);
    fail(name);
    return nullptr;
}

Result<void> Fields::check() const {
    if (wrong_.empty()) return {};
    return Error{ErrorCode::kInvalid, "missing, malformed or too large: " + wrong_};
}

}  // namespace aip::ledger
