// A table for people and programs: the only shape in which a node describes itself. The node fills it, the control
// socket carries it, aipctl prints it as an aligned table or as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace aip {

enum class ColumnType : uint8_t { kText, kInteger, kReal, kBoolean };

struct Column {
    std::string name;
    ColumnType type = ColumnType::kText;
    bool operator==(const Column&) const = default;
};

using Cell = std::variant<std::monostate, std::string, int64_t, double, bool>;  // monostate: unknown

struct Report {
    std::string title;
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;  // each as wide as columns; a cell is of its column's type or unknown
    std::vector<std::string> notes;
    bool operator==(const Report&) const = default;
};

}  // namespace aip
