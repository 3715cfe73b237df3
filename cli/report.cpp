#include "cli/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/time_text.hpp"

namespace aip::cli {
namespace {

std::string harmless(std::string text) {
    for (char& c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) c = '?';
    }
    return text;
}

std::string real_text(double value) {
    if (std::isnan(value)) return "-";
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.6g", value);
    return buffer;
}

// Milliseconds since 1970 in what a daemon reports.
constexpr std::string_view kTimeColumn = "time_ms";

std::string title_of(const Column& column) { return column.name == kTimeColumn ? "time" : harmless(column.name); }

std::string cell_text(const Column& column, const Cell& cell) {
    if (const auto* time = std::get_if<int64_t>(&cell); time != nullptr && column.name == kTimeColumn)
        return time_text(WallTime::from_unix_ms(*time));
    if (const auto* text = std::get_if<std::string>(&cell)) return harmless(*text);
    if (const auto* integer = std::get_if<int64_t>(&cell)) return std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&cell)) return real_text(*real);
    if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean ? "yes" : "no";
    return "-";
}

// In characters as a terminal counts them, nearly: UTF-8 continuation bytes take no room.
size_t width(const std::string& text) {
    return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void append_padded(std::string& line, const std::string& text, size_t to, bool right) {
    const std::string padding(to - std::min(to, width(text)), ' ');
    line += right ? padding + text : text + padding;
}

void append_line(std::string& out, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
}

void append_table(std::string& out, const Report& report) {
    const size_t columns = report.columns.size();
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : report.columns) lines[0].push_back(title_of(column));
    for (const auto& row : report.rows) {
        lines.emplace_back();
        for (size_t i = 0; i < row.size(); ++i) lines.back().push_back(cell_text(report.columns[i], row[i]));
    }
    std::vector<size_t> widths(columns, 0);
    for (const auto& line : lines)
        for (size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], width(line[i]));
    for (const auto& cells : lines) {
        std::string line;
        for (size_t i = 0; i < columns; ++i) {
            const ColumnType type = report.columns[i].type;
            append_padded(line, cells[i], widths[i], type == ColumnType::kInteger || type == ColumnType::kReal);
            line += "  ";
        }
        append_line(out, std::move(line));
    }
}

void append_cards(std::string& out, const Report& report) {
    size_t name_width = 0;
    for (const Column& column : report.columns) name_width = std::max(name_width, width(title_of(column)) + 2);
    for (const auto& row : report.rows) {
        for (size_t i = 0; i < row.size(); ++i) {
            std::string line;
            append_padded(line, title_of(report.columns[i]) + ":", name_width, false);
            append_line(out, line + cell_text(report.columns[i], row[i]));
        }
    }
}

nlohmann::ordered_json cell_json(const Cell& cell) {
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    if (const auto* integer = std::get_if<int64_t>(&cell)) return *integer;
    if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean;
    if (const auto* real = std::get_if<double>(&cell); real != nullptr && std::isfinite(*real)) return *real;
    return nullptr;
}

}  // namespace

std::string to_text(const Report& report, Layout layout) {
    std::string out;
    if (report.rows.empty()) {
        out = harmless(report.title) + ": none\n";
    } else if (layout == Layout::kTable) {
        append_table(out, report);
    } else {
        append_cards(out, report);
    }
    for (const std::string& note : report.notes) append_line(out, "# " + harmless(note));
    return out;
}

std::string to_json(const Report& report) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const auto& row : report.rows) {
        nlohmann::ordered_json object = nlohmann::ordered_json::object();
        for (size_t i = 0; i < row.size(); ++i) object[report.columns[i].name] = cell_json(row[i]);
        rows.push_back(std::move(object));
    }
    const nlohmann::ordered_json all = {{"title", report.title}, {"rows", rows}, {"notes", report.notes}};
    return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string bytes_text(uint64_t bytes) {
    constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1024 && unit < 3; ++unit) value /= 1024;
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
    return buffer;
}

}  // namespace aip::cli
