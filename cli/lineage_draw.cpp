// A lineage for people: as a table whose first column draws the branches, as DOT, as SVG.
#include "base/time_text.hpp"
#include "cli/lineage.hpp"

namespace aip::cli {
namespace {

constexpr int kRowHeight = 26;
constexpr int kLaneWidth = 22;
constexpr int kTextWidth = 760;
constexpr std::string_view kGood = "#2a7d3f", kBad = "#c0262d", kMissing = "#8a8a8a";

Cell measured(const std::optional<double>& value) { return value ? Cell(*value) : Cell(std::monostate{}); }

std::string verdict_of(const ledger::LineageStep& step) {
    if (step.is_good()) return "verified";
    return (step.is_bad() ? "NOT VERIFIED: " : "MISSING: ") + step.why;
}

std::string_view colour_of(const ledger::LineageStep& step) {
    return step.is_good() ? kGood : step.is_bad() ? kBad : kMissing;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

std::string escaped_for_dot(std::string_view text) {
    std::string out;
    for (const char c : escaped(text)) out += c == '\\' ? "\\\\" : std::string(1, c);
    return out;
}

std::string label_of(const ledger::LineageStep& step) {
    std::string label = step.version.short_hex();
    if (step.says) label += " " + step.says->what + " by " + step.node.text();
    return label + (step.is_good() ? "" : " " + verdict_of(step));
}

std::vector<Cell> row_of(const ledger::LineageStep& step, bool first) {
    std::string branch;
    for (size_t i = 0; i < step.depth; ++i) branch += "| ";
    std::vector<Cell> row{branch + (first ? "*" : "^"), step.version.hex()};
    if (!step.says) {
        row.resize(10);
    } else {
        const ledger::HopStatement& says = *step.says;
        row.insert(row.end(),
                   {step.node.text(), static_cast<int64_t>(step.index), says.what, static_cast<int64_t>(says.samples),
                    measured(says.loss_before), measured(says.loss_after), time_text(says.time),
                    says.changed ? Cell(static_cast<int64_t>(says.changed->count)) : Cell(std::monostate{})});
    }
    for (const ledger::Verdict v :
         {step.signature, step.key, step.inclusion, step.witnessed, step.digest, step.bytes, step.change, step.custody})
        row.emplace_back(std::string(ledger::verdict_name(v)));
    std::string witnesses;
    for (const std::string& name : step.witnesses) witnesses += (witnesses.empty() ? "" : " ") + name;
    row.emplace_back(std::move(witnesses));
    row.emplace_back(verdict_of(step));
    return row;
}

}  // namespace

Report lineage_table(const ledger::Lineage& lineage) {
    Report report{"audit of " + lineage.version.hex(),
                  {{"step"},
                   {"version"},
                   {"node"},
                   {"entry", ColumnType::kInteger},
                   {"what"},
                   {"samples", ColumnType::kInteger},
                   {"loss_before", ColumnType::kReal},
                   {"loss_after", ColumnType::kReal},
                   {"time"},
                   {"tensors_changed", ColumnType::kInteger},
                   {"signature"},
                   {"key"},
                   {"inclusion"},
                   {"witnesses"},
                   {"digest"},
                   {"bytes"},
                   {"change"},
                   {"custody"},
                   {"cosigned_by"},
                   {"verdict"}},
                  {},
                  {}};
    for (const ledger::LineageStep& step : lineage.steps) report.rows.push_back(row_of(step, report.rows.empty()));
    report.notes.push_back(
        std::to_string(lineage.good) + " of " + std::to_string(lineage.steps.size()) + " steps verified, " +
        (lineage.is_complete()
             ? "back to the origin"
             : std::to_string(lineage.bad) + " wrong, " + std::to_string(lineage.missing) + " missing"));
    if (!lineage.unread.empty()) report.notes.push_back("not believed: " + lineage.unread);
    report.notes.push_back(std::to_string(lineage.checkpoints) + " checkpoints checked");
    return report;
}

std::string lineage_dot(const ledger::Lineage& lineage) {
    std::string out = "digraph lineage {\n  rankdir=BT;\n  node [shape=box, fontname=monospace];\n";
    for (const ledger::LineageStep& step : lineage.steps) {
        const std::string id = "\"" + step.version.hex() + "\"";
        out += "  " + id + " [label=\"" + escaped_for_dot(label_of(step)) + "\", color=\"" +
               std::string(colour_of(step)) + "\"];\n";
        if (!step.says) continue;
        for (const VersionId& parent : step.says->parents) out += "  " + id + " -> \"" + parent.hex() + "\";\n";
    }
    return out + "}\n";
}

std::string lineage_svg(const ledger::Lineage& lineage) {
    std::map<VersionId, size_t> row_of_version;
    size_t lanes = 1;
    for (size_t i = 0; i < lineage.steps.size(); ++i) {
        row_of_version.emplace(lineage.steps[i].version, i);
        lanes = std::max(lanes, lineage.steps[i].depth + 1);
    }
    const auto x = [](size_t lane) { return std::to_string(kLaneWidth * static_cast<int>(lane + 1)); };
    const auto y = [](size_t row) { return std::to_string(kRowHeight * static_cast<int>(row + 1)); };
    const std::string width = std::to_string(kLaneWidth * static_cast<int>(lanes + 1) + kTextWidth);
    std::string lines, marks;
    for (size_t i = 0; i < lineage.steps.size(); ++i) {
        const ledger::LineageStep& step = lineage.steps[i];
        for (const VersionId& parent : step.says ? step.says->parents : std::vector<VersionId>{}) {
            const auto to = row_of_version.find(parent);
            if (to == row_of_version.end()) continue;
            lines += "<line x1=\"" + x(step.depth) + "\" y1=\"" + y(i) + "\" x2=\"" +
                     x(lineage.steps[to->second].depth) + "\" y2=\"" + y(to->second) + "\" stroke=\"#999\"/>\n";
        }
        marks += "<circle cx=\"" + x(step.depth) + "\" cy=\"" + y(i) + "\" r=\"5\" fill=\"" +
                 std::string(colour_of(step)) + "\"/><text x=\"" + x(lanes) + "\" y=\"" + y(i) + "\" dy=\"4\">" +
                 escaped(label_of(step)) + "</text>\n";
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + y(lineage.steps.size()) +
           "\" font-family=\"monospace\" font-size=\"12\">\n" + lines + marks + "</svg>\n";
}

}  // namespace aip::cli
