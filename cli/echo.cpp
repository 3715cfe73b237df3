// ping and trace: a line for each request on standard error as it is answered, then the whole as a report.
#include <algorithm>

#include "cli/commands.hpp"

namespace aip::cli {
namespace {

Result<Report> ask(Context& context, api::ReportQuery query) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    return api::expect<Report>(connection.call(
        std::move(query), -1, [&](const api::Progress& progress) { context.err << progress.note << std::endl; }));
}

// The cell of that column in the last row.
const Cell* last_cell(const Report& report, std::string_view column) {
    if (report.rows.empty()) return nullptr;
    const auto at =
        std::find_if(report.columns.begin(), report.columns.end(), [&](const Column& c) { return c.name == column; });
    const auto index = static_cast<size_t>(at - report.columns.begin());
    return index < report.rows.back().size() ? &report.rows.back()[index] : nullptr;
}

}  // namespace

Result<Outcome> ping(Context& context, const PingOptions& options) {
    AIP_ASSIGN(Report report,
               ask(context, {"ping",
                             {options.to, std::to_string(options.count), std::to_string(options.interval_ms),
                              std::to_string(options.size), options.via}}));
    const Cell* const received = last_cell(report, "received");
    const bool answered = received != nullptr && *received != Cell(int64_t{0});
    return Outcome{std::move(report), Layout::kCard, answered ? Exit::kOk : Exit::kFailed};
}

Result<Outcome> trace(Context& context, const std::string& to, const std::string& via) {
    AIP_ASSIGN(Report report, ask(context, {"trace", {to, via}}));
    const Cell* const state = last_cell(report, "state");
    const bool arrived = state != nullptr && *state == Cell(std::string("arrived"));
    return Outcome{std::move(report), Layout::kTable, arrived ? Exit::kOk : Exit::kFailed};
}

}  // namespace aip::cli
