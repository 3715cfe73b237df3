#include "cli/suggest.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>

namespace aip::cli {
namespace {

constexpr size_t kSlipsMax = 2;

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(sub->get_name());
    return names;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.size(); ++k) {
            const size_t substituted = diagonal + (a[i] == b[k] ? 0 : 1);
            diagonal = row[k + 1];
            row[k + 1] = std::min({substituted, row[k] + 1, row[k + 1] + 1});
        }
    }
    return row[b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names) {
    const auto best = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
        return edit_distance(word, a) < edit_distance(word, b);
    });
    if (best == names.end() || edit_distance(word, *best) > kSlipsMax) return std::nullopt;
    return *best;
}

std::optional<std::string> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* at = &app;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::vector<std::string> names = commands_of(*at);
        if (names.empty()) return std::nullopt;
        if (words[i] == "--socket") ++i;
        if (i >= words.size() || words[i].starts_with("-") || words[i - (i > 0)] == "--socket") continue;
        if (std::find(names.begin(), names.end(), words[i]) != names.end()) {
            at = at->get_subcommand(words[i]);
            continue;
        }
        const auto meant = nearest(words[i], names);
        return "unknown command '" + words[i] + "'" +
               (meant ? "; did you mean '" + *meant + "'?" : "; see aipctl --help");
    }
    return std::nullopt;
}

}  // namespace aip::cli
