// What a node says about itself: every table aipctl prints.
#include <algorithm>
#include <charconv>
#include <functional>

#include "node/node.hpp"
#include "routing/train_segments.hpp"

namespace aip::node {
namespace {

using Row = std::vector<Cell>;

Cell integer(uint64_t v) { return static_cast<int64_t>(v); }
Cell text(std::string_view v) { return std::string(v); }
std::string id_text(uint64_t id) {
    Bytes raw;
    Writer(raw).u64(id);
    return to_hex(raw);
}

Report table(std::string title, std::vector<Column> columns) { return {std::move(title), std::move(columns), {}, {}}; }

std::string shares(const std::vector<uint64_t>& counts) {
    std::string line;
    for (uint64_t count : counts) line += (line.empty() ? "" : " ") + std::to_string(count);
    return line;
}

}  // namespace

void Node::report(const std::string& name, const std::vector<std::string>& args,
                  std::function<void(Result<Report>)> done) {
    if (name == "status") return done(report_status());
    if (name == "peers") return done(report_peers());
    if (name == "routes") return done(report_routes());
    if (name == "interest") {
        const auto key = args.empty() ? Result<std::string>(std::string()) : tasks_.resolve(args[0]);
        if (!key) return done(key.error());
        if (!args.empty()) static_cast<void>(interest_.listen(*key, services_.clock.now()));
        return done(report_interest(args.empty() ? args : std::vector{*key}));
    }
    if (name == "tasks") return done(report_tasks());
    if (name == "task")
        return args.empty() ? done(Error{ErrorCode::kInvalid, "which task? see 'aipctl task list'"})
                            : done(report_task(args[0]));
    if (name == "transfers") return done(report_transfers());
    if (name == "journeys") return done(report_journeys());
    if (name == "journey")
        return args.empty() ? done(Error{ErrorCode::kInvalid, "which journey? see 'aipctl journey list'"})
                            : done(report_journey(args[0]));
    if (name == "counters") return done(report_counters());
    if (name == "quarantine") return done(journeys_->gate().report());
    if (name == "models") return report_models(std::move(done));
    if (name == "ledger-witness") return witnessing_->report(std::move(done));
    if (name == "ledger-forks") return done(witnessing_->report_forks());
    if (name == "tags") return report_tags(std::move(done));
    if (name == "revocations") return done(revocations_.report());
    if (name == "manifest") return report_manifest(args, std::move(done));
    if (name == "ledger-log") return report_ledger(args, std::move(done));
    done(Error{ErrorCode::kNotFound, "no report is called '" + name + "'"});
}

Report Node::report_status() const {
    Report r{"Status", {}, {{}}, {}};
    const auto add = [&](std::string field, Cell value, ColumnType type = ColumnType::kText) {
        r.columns.push_back({std::move(field), type});
        r.rows[0].push_back(std::move(value));
    };
    add("address", text(self().text()));
    add("network", text(self().network().hex()));
    add("software", text(settings_.software));
    add("up_s", (services_.clock.now() - started_).count_s(), ColumnType::kReal);
    add("programs", integer(sessions_.size()), ColumnType::kInteger);
    const auto& reached = routes().table();
    add("neighbours",
        std::count_if(reached.begin(), reached.end(), [](const auto& route) { return route.is_neighbour(); }),
        ColumnType::kInteger);
    add("reachable", integer(reached.size()), ColumnType::kInteger);
    add("reachable_since_s", (services_.clock.now() - reachable_since_).count_s(), ColumnType::kReal);
    add("in_custody", integer(journeys_->view().size()), ColumnType::kInteger);
    add("stops_trained", integer(journeys_->stops_trained()), ColumnType::kInteger);
    for (dataplane::PortIndex port = 0; port < services_.dataplane.ports(); ++port) {
        const dataplane::PortInfo& info = services_.dataplane.port(port).info();
        add("port." + info.name,
            text(std::string(dataplane::port_kind_name(info.kind)) + ", mtu " + std::to_string(info.mtu)));
        for (const std::string& warning : info.warnings)
            r.notes.push_back("warning, port " + info.name + ": " + warning);
    }
    return r;
}

Report Node::report_transfers() const {
    Report r = table("Transfers", {{"transfer", ColumnType::kText},
                                   {"direction", ColumnType::kText},
                                   {"peer", ColumnType::kText},
                                   {"task", ColumnType::kText},
                                   {"bytes_done", ColumnType::kInteger},
                                   {"bytes_total", ColumnType::kInteger},
                                   {"wire_bytes", ColumnType::kInteger},
                                   {"packets", ColumnType::kInteger},
                                   {"retransmits", ColumnType::kInteger},
                                   {"srtt_us", ColumnType::kInteger}});
    for (const TransferView& t : exchange_->view())
        r.rows.push_back({text(id_text(t.transfer)), text(t.outgoing ? "out" : "in"), text(t.peer.text()), text(t.task),
                          integer(t.progress.bytes_done), integer(t.progress.bytes_total),
                          integer(t.progress.wire_bytes_sent + t.progress.wire_bytes_received),
                          integer(t.progress.packets_sent + t.progress.packets_received),
                          integer(t.progress.retransmits), integer(static_cast<uint64_t>(t.progress.srtt.count_us()))});
    return r;
}

Report Node::report_journeys() const {
    Report r = table("Journeys", {{"journey", ColumnType::kText},
                                  {"task", ColumnType::kText},
                                  {"state", ColumnType::kText},
                                  {"stops", ColumnType::kInteger},
                                  {"stops_left", ColumnType::kInteger},
                                  {"version", ColumnType::kText},
                                  {"next", ColumnType::kText},
                                  {"name", ColumnType::kText}});
    for (const Journeys::View& view : journeys_->view()) {
        const auto* record = view.record;
        r.rows.push_back({text(record != nullptr ? id_text(view.custody.id) : "-"), text(view.custody.task),
                          text(view.delivered ? "training" : custody_state_name(view.custody.state)),
                          record != nullptr ? integer(record->stops) : Cell{},
                          record != nullptr ? integer(record->stops_left) : Cell{}, text(view.custody.version.hex()),
                          text(view.custody.to.is_zero() ? "" : view.custody.to.text()), text(view.custody.name)});
    }
    for (const auto& passed : journeys_->passed()) {
        const std::string id = id_text(passed.first);
        const routing::JourneyRecord& record = passed.second;
        if (std::any_of(r.rows.begin(), r.rows.end(), [&](const Row& row) { return row[0] == text(id); })) continue;
        const MergedAway* merged = journeys_->merged_away(passed.first);
        r.rows.push_back({text(id), text(record.task),
                          text(merged != nullptr ? "merged into " + id_text(merged->into) : "passed on"),
                          integer(record.stops), integer(record.stops_left),
                          record.recent.empty() ? Cell{} : text(record.recent.back().version.hex()),
                          record.next ? text(record.next->node.text()) : Cell{}, Cell{}});
    }
    return r;
}

const routing::JourneyRecord* Node::find_journey(uint64_t id) const {
    for (const Journeys::View& view : journeys_->view())
        if (view.record != nullptr && view.record->id == id) return view.record;
    const auto it = journeys_->passed().find(id);
    return it != journeys_->passed().end() ? &it->second : nullptr;
}

Result<Report> Node::report_journey(const std::string& name) const {
    uint64_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id, 16);
    const auto* record = error == std::errc{} && end == name.data() + name.size() ? find_journey(id) : nullptr;
    if (record == nullptr)
        return Error{ErrorCode::kNotFound,
                     "no journey '" + name + "' is here or has passed lately; see 'aipctl journey list'"};
    Report r = table("Journey " + name, {{"stop", ColumnType::kInteger},
                                         {"node", ColumnType::kText},
                                         {"lap", ColumnType::kInteger},
                                         {"why", ColumnType::kText},
                                         {"divergence_before", ColumnType::kReal},
                                         {"divergence_after", ColumnType::kReal},
                                         {"cost", ColumnType::kReal},
                                         {"samples", ColumnType::kInteger},
                                         {"steps", ColumnType::kInteger},
                                         {"loss_before", ColumnType::kReal},
                                         {"loss_after", ColumnType::kReal},
                                         {"accuracy", ColumnType::kReal},
                                         {"wire_bytes", ColumnType::kInteger},
                                         {"hops", ColumnType::kInteger},
                                         {"trained_ms", ColumnType::kInteger},
                                         {"arrived_ms", ColumnType::kInteger},
                                         {"version", ColumnType::kText},
                                         {"stops_left", ColumnType::kInteger}});
    for (const routing::Stop& stop : record->recent) {
        Row row(r.columns.size());
        if (stop.merged) row[3] = text("walkers met here and became one; 'aipctl ledger log' on that node says which");
        row[0] = integer(stop.number);
        row[1] = text(stop.node.text());
        if (stop.plan) {
            row[2] = integer(stop.plan->lap);
            row[3] = text(stop.plan->why);
            row[4] = stop.plan->divergence_before;
            row[5] = stop.plan->divergence_after;
            row[6] = stop.plan->cost;
        }
        row[7] = integer(stop.samples);
        row[8] = integer(stop.steps);
        if (stop.loss) {
            row[9] = stop.loss->before;
            row[10] = stop.loss->after;
        }
        if (const auto accuracy = stop.metrics.find("accuracy"); accuracy != stop.metrics.end())
            row[11] = accuracy->second;
        row[12] = integer(stop.wire_bytes);
        row[13] = integer(stop.hops);
        row[14] = integer(static_cast<uint64_t>(stop.trained.count_ms()));
        row[15] = static_cast<int64_t>(stop.arrived.unix_ms());
        row[16] = text(stop.version.hex());
        row[17] = integer(record->stops + record->stops_left - stop.number);
        r.rows.push_back(std::move(row));
    }
    r.notes.push_back("task " + record->task + ", policy " + record->policy + ", " + std::to_string(record->stops) +
                      " stops, " + std::to_string(record->stops_left) +
                      " left; labels seen: " + shares(record->seen.labels));
    if (!record->itinerary.empty()) {
        std::string plan;
        for (const auto& segment : routing::train_segments(record->itinerary, record->task))
            plan += " " + segment.sid.text();
        r.notes.push_back("planned, as segments of End.Train for task " + record->task + ":" + plan);
    }
    if (record->bytes_left) r.notes.push_back(std::to_string(*record->bytes_left) + " wire bytes left");
    if (record->expires) r.notes.push_back("ends at " + std::to_string(record->expires->unix_ms()) + " ms since 1970");
    const MergedAway* merged = journeys_->merged_away(id);
    const uint64_t into = merged != nullptr ? merged->into : lookout_.merged_into(id);
    if (into != 0) r.notes.push_back("it met journey " + id_text(into) + " and went on as part of that");
    if (record->next) r.notes.push_back("next: " + record->next->node.text() + ", " + record->next->why);
    if (record->stops > record->recent.size())
        r.notes.push_back("the last " + std::to_string(record->recent.size()) +
                          " stops travel with the model; all of them are in the ledgers");
    return r;
}

// Who may know this version: its maker if a journey record names it, then everybody we reach.
std::vector<Address> Node::who_may_know(const VersionId& version) const {
    std::vector<Address> nodes;
    const auto look = [&](const routing::JourneyRecord& record) {
        for (const routing::Stop& stop : record.recent)
            if (stop.version == version) nodes.push_back(stop.node);
    };
    for (const Journeys::View& view : journeys_->view())
        if (view.record != nullptr) look(*view.record);
    for (const auto& [id, record] : journeys_->passed()) look(record);
    for (const Address& node : routes().reachable()) nodes.push_back(node);
    return nodes;
}

void Node::report_models(std::function<void(Result<Report>)> done) {
    submit(
        services_.storage,
        [&versions = services_.versions, best = journeys_->best()]() -> Result<Report> {
            AIP_ASSIGN(const auto list, versions.list());
            Report r = table("Models", {{"version", ColumnType::kText},
                                        {"task", ColumnType::kText},
                                        {"bytes", ColumnType::kInteger},
                                        {"content", ColumnType::kText},
                                        {"stored_ms", ColumnType::kInteger},
                                        {"best_here", ColumnType::kBoolean}});
            for (const model::VersionSummary& v : list)
                r.rows.push_back({text(v.id.hex()), text(v.task), integer(v.file_size), text(v.content.hex()),
                                  static_cast<int64_t>(v.stored_at.unix_ms()), best.contains(v.id)});
            return r;
        },
        std::move(done));
}

}  // namespace aip::node
