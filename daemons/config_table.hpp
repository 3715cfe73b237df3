// Strict reading of TOML, under daemons/config.cpp: a document, and views of its tables. A ConfigTable reads typed keys
// into fields that hold their defaults, remembers which keys it was asked for, and in finish() refuses the others. The
// first failure is kept, later reads go on harmlessly, and verdict() tells.
//
// Views borrow from their document. toml++ stays in config_table.cpp.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::daemons {

struct Range {
    int64_t min;
    int64_t max;
};

class ConfigTable {
public:
    static constexpr bool kMayBeEmpty = true;

    bool has(std::string_view key) const;
    void known(std::initializer_list<std::string_view> keys);  // not refused, even if nothing reads them
    void required(std::string_view key, std::string_view why);
    void text(std::string_view key, std::string& out, bool may_be_empty = false);
    void boolean(std::string_view key, bool& out);
    void texts(std::string_view key, std::vector<std::string>& out);
    void number(std::string_view key, uint32_t& out, Range range);
    void real(std::string_view key, double& out, Range range);
    void milliseconds(std::string_view key, Duration& out, Range range);

    template <class E>
    void choice(std::string_view key, E& out, std::initializer_list<std::pair<std::string_view, E>> options) {
        std::vector<std::string_view> names;
        for (const auto& option : options) names.push_back(option.first);
        if (const int chosen = choose(key, names); chosen >= 0) out = (options.begin() + chosen)->second;
    }

    ConfigTable table(std::string_view key);                // [key]; empty if it is not there
    std::vector<ConfigTable> tables(std::string_view key);  // every [[key]]

    void fail(std::string_view key, const std::string& text) const;  // at the key's line, or the table's
    void finish();

private:
    friend class ConfigDocument;
    struct State;  // of the document
    ConfigTable(State& state, std::string name, const void* source)
        : state_(state), name_(std::move(name)), source_(source) {}

    int choose(std::string_view key, const std::vector<std::string_view>& names);
    void meet(std::string_view key);
    bool integer(std::string_view key, int64_t& out, Range range);

    State& state_;
    std::string name_;    // "node", "port"; empty at the top
    const void* source_;  // a toml::table, or null if the file does not have it
    std::vector<std::string> met_;
};

class ConfigDocument {
public:
    ConfigDocument();
    ~ConfigDocument();

    Result<void> parse(std::string_view text, const std::string& file);
    ConfigTable top();
    Result<void> verdict() const;
    std::vector<std::string> keys_met() const;  // "node.user", sorted, each once

private:
    std::unique_ptr<ConfigTable::State> state_;
};

// The known word nearest to `word`, or empty if none is near.
std::string_view nearest_word(std::string_view word, const std::vector<std::string>& known);

Result<std::string> read_config_file(const std::string& path);

}  // namespace aip::daemons
