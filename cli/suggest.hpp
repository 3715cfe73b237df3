// "unknown command 'stauts'; did you mean 'status'?"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace aip::cli {

size_t edit_distance(std::string_view a, std::string_view b);
// The name nearest to `word`, if near enough to be a slip.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);
// Walks `words` down the commands of `app`; the complaint about the first that is none, if that is what is wrong.
std::optional<std::string> unknown_command(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace aip::cli
