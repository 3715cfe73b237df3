#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/progress.hpp"

namespace aip::cli {
namespace {

constexpr auto kFollowEvery = std::chrono::milliseconds(500);

Result<api::Destination> destination_of(const SendOptions& options) {
    if (options.to.empty()) {
        api::NextStop next{options.stops, options.policy, options.bytes,
                           Duration::milliseconds(static_cast<int64_t>(options.time_s * 1000))};
        for (const std::string& stop : options.itinerary) {
            AIP_ASSIGN(const Address node, address_from(stop));
            next.itinerary.push_back(node);
        }
        return api::Destination(std::move(next));
    }
    AIP_ASSIGN(const Address address, address_from(options.to));
    return api::Destination(address);
}

// The value of a row's integer column, if the table has it.
std::optional<int64_t> integer_in(const Report& report, const std::vector<Cell>& row, std::string_view column) {
    for (size_t i = 0; i < row.size(); ++i) {
        const auto* value = std::get_if<int64_t>(&row[i]);
        if (value != nullptr && report.columns[i].name == column) return *value;
    }
    return std::nullopt;
}

// Leaves only the stops a follower has not been shown; true if the journey is over.
bool take_new_stops(Report& journey, int64_t& last_shown) {
    const bool over = !journey.rows.empty() && integer_in(journey, journey.rows.back(), "stops_left") == 0;
    std::erase_if(journey.rows, [&](const auto& row) { return integer_in(journey, row, "stop") <= last_shown; });
    if (!journey.rows.empty()) last_shown = integer_in(journey, journey.rows.back(), "stop").value_or(last_shown);
    return over;
}

constexpr std::string_view kBest = "best:";

// The version that the node likes best of a task.
Result<VersionId> best_of(api::Connection& connection, const std::string& task) {
    AIP_ASSIGN(const Report models, api::expect<Report>(connection.call(api::ReportQuery{"models", {}})));
    const auto column = [&](std::string_view name) {
        return std::find_if(models.columns.begin(), models.columns.end(),
                            [&](const Column& c) { return c.name == name; }) -
               models.columns.begin();
    };
    for (const auto& row : models.rows)
        if (row[column("task")] == Cell(task) && row[column("best_here")] == Cell(true))
            return version_from(std::get<std::string>(row[column("version")]));
    return Error{ErrorCode::kNotFound, "this node has made no version of task '" + task + "'; see 'aipctl models'"};
}

}  // namespace

Result<Outcome> send(Context& context, const SendOptions& options) {
    AIP_ASSIGN(api::Destination destination, destination_of(options));
    AIP_ASSIGN(const OwnedFd file, open_for_reading(options.file));
    AIP_TRY(api::check_model_file(file.get()));
    AIP_ASSIGN(const Digest sha256, hash_file(file.get(), options.file));
    AIP_ASSIGN(api::Connection connection, context.connect());
    const std::string name =
        options.name.empty() ? std::filesystem::path(options.file).filename().string() : options.name;
    Result<api::Answer> answer = Error{ErrorCode::kCancelled, ""};
    {
        ProgressPrinter progress(context.err, isatty(STDERR_FILENO) == 1);
        answer = connection.call(api::Send{options.task, name, std::move(destination)}, file.get(),
                                 [&](const api::Progress& p) { progress.show(p); });
    }
    AIP_ASSIGN(const api::Sent sent, api::expect<api::Sent>(std::move(answer)));
    if (sent.sha256 && *sent.sha256 != sha256)
        return Error{ErrorCode::kCorrupt, options.file + " changed while it was sent; send it again"};
    Card card("sent");
    card.add("file", options.file).add("sha256", sha256.hex()).add("version", sent.version.hex());
    if (!sent.journey.empty()) card.add("journey", sent.journey);
    return card.add("receipt_by", sent.peer.text())
        .add("receipt_bytes", sent.receipt.size())
        .add("bytes", sent.bytes)
        .add("wire_bytes", sent.wire_bytes)
        .add("elapsed_ms", sent.elapsed_ms)
        .done();
}

Result<Outcome> recv(Context& context, const RecvOptions& options) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_TRY(api::expect<api::Ok>(connection.call(api::Receive{options.task, true})));
    std::optional<Duration> timeout;
    if (options.timeout_s) timeout = Duration::milliseconds(static_cast<int64_t>(*options.timeout_s * 1000));
    AIP_ASSIGN(const auto arrival, connection.wait_delivery(timeout));
    if (!arrival) return Error{ErrorCode::kTimeout, "no model came in time; send one to this node's address"};
    const api::Delivery& delivery = arrival->delivery;
    AIP_ASSIGN(const Copied copied, copy_out(arrival->file.get(), options.out));
    AIP_TRY(api::expect<api::Ok>(connection.call(api::Release{delivery.id})));
    return Card("received")
        .add("file", options.out)
        .add("sha256", copied.sha256.hex())
        .add("version", delivery.version.hex())
        .add("task", delivery.task)
        .add("name", delivery.name)
        .add("from", delivery.from.text())
        .add("bytes", copied.bytes)
        .done();
}

Result<Outcome> models_export(Context& context, const std::string& version, const std::string& out) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    const bool best = version.starts_with(kBest);
    AIP_ASSIGN(const VersionId id, best ? best_of(connection, version.substr(kBest.size())) : version_from(version));
    AIP_ASSIGN(const api::Answer answer, connection.call(api::ExportVersion{id}));
    if (!answer.file) return Error{ErrorCode::kCorrupt, "the daemon answered without a file"};
    AIP_ASSIGN(const Copied copied, copy_out(answer.file->get(), out));
    return Card("exported")
        .add("file", out)
        .add("sha256", copied.sha256.hex())
        .add("version", id.hex())
        .add("bytes", copied.bytes)
        .done();
}

Result<Outcome> order(Context& context, const std::string& name, std::vector<std::string> args) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(Report report, api::expect<Report>(connection.call(api::Order{name, std::move(args)})));
    return Outcome{std::move(report), Layout::kCard};
}

Result<Outcome> transfers_cancel(Context& context, const std::string& transfer) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_TRY(api::expect<api::Ok>(connection.call(api::Cancel{transfer})));
    return Card("cancelled").add("transfer", transfer).done();
}

Result<Outcome> journey_follow(Context& context, const std::string& journey) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    int64_t shown = 0;
    for (;;) {
        AIP_ASSIGN(Report report, api::expect<Report>(connection.call(api::ReportQuery{"journey", {journey}})));
        const bool over = take_new_stops(report, shown);
        if (over) return Outcome{std::move(report), Layout::kTable};
        if (!report.rows.empty()) context.print(report, Layout::kTable);
        std::this_thread::sleep_for(kFollowEvery);
    }
}

}  // namespace aip::cli
