#include "daemons/config_table.hpp"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>

namespace aip::daemons {
namespace {

constexpr size_t kFileBytesMax = 1u << 20;

const toml::table& toml_of(const void* source) { return *static_cast<const toml::table*>(source); }

std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

}  // namespace

struct ConfigTable::State {
    std::string file;
    toml::table document;
    std::optional<Error> error;  // the first
    std::set<std::string> keys;

    void fail(toml::source_index line, const std::string& text) {
        if (!error)
            error = Error{ErrorCode::kInvalid, file + ":" + std::to_string(std::max(line, 1u)) + ": " + one_line(text)};
    }
};

std::string_view nearest_word(std::string_view word, const std::vector<std::string>& known) {
    std::string_view best;
    size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

bool ConfigTable::has(std::string_view key) const { return source_ != nullptr && toml_of(source_).contains(key); }

void ConfigTable::meet(std::string_view key) {
    met_.emplace_back(key);
    if (!name_.empty()) state_.keys.insert(name_ + "." + std::string(key));
}

void ConfigTable::known(std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) meet(key);
}

void ConfigTable::fail(std::string_view key, const std::string& text) const {
    const toml::node* at = has(key) ? toml_of(source_).get(key) : nullptr;
    const toml::source_region region = at != nullptr        ? at->source()
                                       : source_ != nullptr ? toml_of(source_).source()
                                                            : toml::source_region{};
    state_.fail(region.begin.line, text);
}

void ConfigTable::required(std::string_view key, std::string_view why) {
    if (!has(key)) fail(key, "'" + std::string(key) + "' is missing: " + std::string(why));
}

void ConfigTable::text(std::string_view key, std::string& out, bool may_be_empty) {
    meet(key);
    if (!has(key)) return;
    const auto value = toml_of(source_).get(key)->value_exact<std::string>();
    if (!value) return fail(key, "'" + std::string(key) + "' must be a text in quotes");
    if (value->empty() && !may_be_empty) return fail(key, "'" + std::string(key) + "' must not be empty");
    if (value->find('\0') != std::string::npos) return fail(key, "'" + std::string(key) + "' holds a zero character");
    out = *value;
}

void ConfigTable::boolean(std::string_view key, bool& out) {
    meet(key);
    if (!has(key)) return;
    const auto value = toml_of(source_).get(key)->value_exact<bool>();
    if (!value) return fail(key, "'" + std::string(key) + "' must be true or false, without quotes");
    out = *value;
}

void ConfigTable::texts(std::string_view key, std::vector<std::string>& out) {
    meet(key);
    if (!has(key)) return;
    const toml::array* values = toml_of(source_).get(key)->as_array();
    const std::string wrong = "'" + std::string(key) + "' must be a list of texts, like [\"a\", \"b\"]";
    if (values == nullptr) return fail(key, wrong);
    out.clear();
    for (const toml::node& node : *values) {
        const auto value = node.value_exact<std::string>();
        if (!value || value->empty()) return fail(key, wrong);
        out.push_back(*value);
    }
}

bool ConfigTable::integer(std::string_view key, int64_t& out, Range range) {
    meet(key);
    if (!has(key)) return false;
    const auto value = toml_of(source_).get(key)->value_exact<int64_t>();
    if (value && *value >= range.min && *value <= range.max) {
        out = *value;
        return true;
    }
    fail(key, "'" + std::string(key) + "' must be a whole number from " + std::to_string(range.min) + " to " +
                  std::to_string(range.max));
    return false;
}

void ConfigTable::number(std::string_view key, uint32_t& out, Range range) {
    int64_t value = 0;
    if (integer(key, value, range)) out = static_cast<uint32_t>(value);
}

void ConfigTable::real(std::string_view key, double& out, Range range) {
    meet(key);
    if (!has(key)) return;
    const auto value = toml_of(source_).get(key)->value<double>();  // a whole number is one too
    const auto low = static_cast<double>(range.min), high = static_cast<double>(range.max);
    if (value && *value >= low && *value <= high)
        out = *value;
    else
        fail(key, "'" + std::string(key) + "' must be a number from " + std::to_string(range.min) + " to " +
                      std::to_string(range.max));
}

void ConfigTable::milliseconds(std::string_view key, Duration& out, Range range) {
    int64_t value = 0;
    if (integer(key, value, range)) out = Duration::milliseconds(value);
}

int ConfigTable::choose(std::string_view key, const std::vector<std::string_view>& names) {
    std::string value;
    text(key, value);
    if (value.empty()) return -1;
    const auto it = std::find(names.begin(), names.end(), value);
    if (it != names.end()) return static_cast<int>(it - names.begin());
    std::string list;
    for (const std::string_view name : names) list += (list.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    fail(key, "'" + std::string(key) + "' is \"" + value + "\", must be one of " + list);
    return -1;
}

ConfigTable ConfigTable::table(std::string_view key) {
    meet(key);
    const toml::table* found = nullptr;
    if (has(key)) {
        found = toml_of(source_).get(key)->as_table();
        if (found == nullptr) fail(key, "'" + std::string(key) + "' must be a section: [" + std::string(key) + "]");
    }
    return {state_, std::string(key), found};
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) {
    meet(key);
    std::vector<ConfigTable> found;
    if (!has(key)) return found;
    const toml::array* list = toml_of(source_).get(key)->as_array();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i)
        if (const toml::table* table = list->get(i)->as_table()) found.push_back({state_, std::string(key), table});
    if (list == nullptr || found.size() != list->size())
        fail(key, "'" + std::string(key) + "' can come several times: write [[" + std::string(key) + "]]");
    return found;
}

void ConfigTable::finish() {
    if (source_ == nullptr) return;
    for (const auto& [key, value] : toml_of(source_)) {
        if (std::find(met_.begin(), met_.end(), key.str()) != met_.end()) continue;
        const std::string_view near = nearest_word(key.str(), met_);
        const std::string place = name_.empty() ? "" : " in [" + name_ + "]";
        const std::string advice = near.empty() ? "remove it" : "did you mean '" + std::string(near) + "'?";
        state_.fail(key.source().begin.line, "unknown key '" + std::string(key.str()) + "'" + place + "; " + advice);
    }
}

ConfigDocument::ConfigDocument() : state_(std::make_unique<ConfigTable::State>()) {}
ConfigDocument::~ConfigDocument() = default;

Result<void> ConfigDocument::parse(std::string_view text, const std::string& file) {
    state_->file = file;
    toml::parse_result parsed = toml::parse(text, file);
    if (parsed) {
        state_->document = std::move(parsed).table();
    } else {
        state_->fail(parsed.error().source().begin.line, std::string(parsed.error().description()));
    }
    return verdict();
}

ConfigTable ConfigDocument::top() { return {*state_, "", &state_->document}; }

Result<void> ConfigDocument::verdict() const {
    if (state_->error) return *state_->error;
    return {};
}

std::vector<std::string> ConfigDocument::keys_met() const { return {state_->keys.begin(), state_->keys.end()}; }

Result<std::string> read_config_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(kFileBytesMax + 1, '\0');
    if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path + ": " + std::strerror(errno)};
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return Error{ErrorCode::kIo, "cannot read " + path + ": " + std::strerror(errno)};
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() > kFileBytesMax) return Error{ErrorCode::kInvalid, path + ":1: larger than 1 MiB"};
    return text;
}

}  // namespace aip::daemons
