// The tables of the ledger and of everything that is counted.
#include <charconv>
#include <cstdio>

#include "ledger/entry.hpp"
#include "node/node.hpp"

namespace aip::node {
namespace {

constexpr uint64_t kRowsDefault = 50;

Result<uint64_t> number(const std::string& text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return Error{ErrorCode::kInvalid, "'" + text + "' is not a number"};
    return value;
}

Cell real(const std::optional<double>& value) { return value ? Cell{*value} : Cell{}; }

// "rule median, weight.0000000000000010 0.25"
std::string parameters_text(const ledger::HopStatement& statement) {
    std::string out;
    for (const auto& [name, value] : statement.parameters) {
        out += (out.empty() ? "" : ", ") + name + " ";
        if (const auto* words = std::get_if<std::string>(&value)) {
            out += *words;
        } else {
            char number[32];
            std::snprintf(number, sizeof number, "%.6g", std::get<double>(value));
            out += number;
        }
    }
    return out;
}

std::vector<Cell> key_row(uint64_t index, const ledger::KeyEvent& event, size_t columns) {
    std::vector<Cell> row(columns);
    row[0] = static_cast<int64_t>(index);
    row[1] = "key " + std::string(ledger::key_change_name(event.change));
    row[9] = static_cast<int64_t>(event.time.unix_ms());
    row[11] = "key " + event.key.hex();
    return row;
}

// Storage thread: the newest `rows` entries.
Result<Report> log_table(const ledger::Log& log, uint64_t rows) {
    Report r{"Ledger " + log.key().name,
             {{"index", ColumnType::kInteger},
              {"what", ColumnType::kText},
              {"version", ColumnType::kText},
              {"task", ColumnType::kText},
              {"stop", ColumnType::kInteger},
              {"samples", ColumnType::kInteger},
              {"loss_before", ColumnType::kReal},
              {"loss_after", ColumnType::kReal},
              {"from", ColumnType::kText},
              {"time_ms", ColumnType::kInteger},
              {"parents", ColumnType::kText},
              {"parameters", ColumnType::kText}},
             {},
             {}};
    for (uint64_t i = log.size() > rows ? log.size() - rows : 0; i < log.size(); ++i) {
        AIP_ASSIGN(const Bytes leaf, log.leaf(i));
        AIP_ASSIGN(const ledger::Entry entry, ledger::read_entry(leaf));
        if (const auto* key = std::get_if<ledger::KeyEvent>(&entry)) {
            r.rows.push_back(key_row(i, *key, r.columns.size()));
            continue;
        }
        const auto& s = std::get<ledger::HopStatement>(entry);
        std::string parents;
        for (const VersionId& parent : s.parents) parents += (parents.empty() ? "" : " ") + parent.hex();
        r.rows.push_back({static_cast<int64_t>(i), s.what, s.version.hex(), s.task, static_cast<int64_t>(s.stop),
                          static_cast<int64_t>(s.samples), real(s.loss_before), real(s.loss_after),
                          s.received_from ? Cell{s.received_from->text()} : Cell{},
                          static_cast<int64_t>(s.time.unix_ms()), parents, parameters_text(s)});
    }
    r.notes.push_back("size " + std::to_string(log.size()) + ", root " + log.root().hex());
    r.notes.push_back("verifier key " + log.key().vkey());
    return r;
}

}  // namespace

void Node::report_ledger(const std::vector<std::string>& args, std::function<void(Result<Report>)> done) {
    const auto rows = args.empty() ? Result<uint64_t>(kRowsDefault) : number(args[0]);
    if (!rows) return done(rows.error());
    submit(
        services_.storage, [&log = services_.log, rows = *rows] { return log_table(log, rows); }, std::move(done));
}

Report Node::report_counters() const {
    Report r{"Counters", {{"counter", ColumnType::kText}, {"value", ColumnType::kInteger}}, {}, {}};
    const auto add = [&](std::string name, uint64_t value) {
        r.rows.push_back({std::move(name), static_cast<int64_t>(value)});
    };
    for (uint16_t port = 0; port < services_.dataplane.ports(); ++port) {
        const auto counters = services_.dataplane.port(port).counters();
        const std::string name = "port." + services_.dataplane.port(port).info().name + ".";
        const dataplane::PortTraffic& traffic = services_.dataplane.traffic(port);
        add(name + "delivered_bytes", traffic.delivered.bytes);
        add(name + "forwarded_bytes", traffic.forwarded.bytes);
        add(name + "originated_bytes", traffic.originated.bytes);
        add(name + "rx_packets", counters.rx_packets);
        add(name + "rx_bytes", counters.rx_bytes);
        add(name + "tx_packets", counters.tx_packets);
        add(name + "tx_bytes", counters.tx_bytes);
        add(name + "tx_dropped", counters.tx_dropped);
        add(name + "rx_truncated", counters.rx_truncated);
        add(name + "rx_not_ours", counters.rx_not_ours);
        add(name + "rx_stranger", counters.rx_stranger);
        add(name + "rx_errors", counters.rx_errors);
        add(name + "no_buffer", counters.no_buffer);
    }
    for (uint8_t kind = 1; kind <= aipacket::kKindMax; ++kind) {
        const auto& count = outbox_.count(static_cast<aipacket::Kind>(kind));
        const std::string name = "originated." + std::string(aipacket::kind_name(static_cast<aipacket::Kind>(kind)));
        add(name + ".packets", count.packets);
        add(name + ".bytes", count.bytes);
    }
    for (size_t i = 1; i < dataplane::kDropReasons; ++i) {
        const auto reason = static_cast<dataplane::DropReason>(i);
        add("dropped." + std::string(dataplane::drop_reason_name(reason)), services_.dataplane.dropped(reason));
    }
    for (size_t i = 1; i < refused_.size(); ++i)
        add("packet.refused." + std::string(aipacket::drop_reason_name(static_cast<aipacket::DropReason>(i))),
            refused_[i]);
    for (size_t i = 0; i < routing::kIntroductionVerdicts; ++i) {
        const auto verdict = static_cast<routing::IntroductionVerdict>(i);
        add("introduction." + std::string(routing::introduction_verdict_name(verdict)),
            router_.neighbours().count(verdict));
    }
    for (size_t i = 0; i < routing::kJoinVerdicts; ++i) {
        const auto verdict = static_cast<routing::JoinVerdict>(i);
        add("join." + std::string(routing::join_verdict_name(verdict)), router_.peering().count(verdict));
    }
    add("babel.stranger", router_.strangers());
    add("babel.table-delayed", router_.speaker().tables_delayed());
    add("ledger.scrub.rounds", scrubber_.rounds());
    add("ledger.scrub.damaged", scrubber_.damaged());
    for (size_t i = 0; i < routing::babel::kPacketVerdicts; ++i) {
        const auto verdict = static_cast<routing::babel::PacketVerdict>(i);
        add("babel.packet." + std::string(routing::babel::packet_verdict_name(verdict)),
            router_.speaker().count(verdict));
    }
    for (size_t i = 0; i < routing::babel::kRefusals; ++i) {
        const auto refusal = static_cast<routing::babel::Refusal>(i);
        add("babel.update." + std::string(routing::babel::refusal_name(refusal)), router_.speaker().count(refusal));
    }
    for (size_t i = 0; i < routing::kTaskVerdicts; ++i) {
        const auto verdict = static_cast<routing::TaskVerdict>(i);
        add("task." + std::string(routing::task_verdict_name(verdict)), task_exchange_.count(verdict));
    }
    for (size_t i = 0; i < routing::kInterestVerdicts; ++i) {
        const auto verdict = static_cast<routing::InterestVerdict>(i);
        add("interest." + std::string(routing::interest_verdict_name(verdict)), interest_.count(verdict));
    }
    add("originated.plain.packets", outbox_.count_plain().packets);
    add("originated.plain.bytes", outbox_.count_plain().bytes);
    const IcmpCounters& icmp = icmp_.counters();
    add("icmp.refused", icmp.refused);
    add("icmp.echo_requests", icmp.echo_requests);
    add("icmp.unexpected_replies", echo_.unexpected());
    add("icmp.solicitations", icmp.solicitations);
    add("icmp.advertisements", icmp.advertisements);
    add("icmp.invalid_nd", icmp.invalid_nd);
    add("icmp.rate_limited", icmp.rate_limited);
    add("icmp.sent_hop_limit", icmp.sent_hop_limit);
    add("icmp.sent_no_route", icmp.sent_no_route);
    add("icmp.sent_too_big", icmp.sent_too_big);
    add("icmp.heard_hop_limit", icmp.heard_hop_limit);
    add("icmp.heard_no_route", icmp.heard_no_route);
    add("icmp.heard_too_big", icmp.heard_too_big);
    add("icmp.heard_other", icmp.heard_other);
    add("news.refused", news_refused_);
    add("witness.asked", witnessing_->asked());
    add("witness.cosigned_by_others", witnessing_->cosigned());
    for (size_t i = 0; i < ledger::kWitnessStatuses.size(); ++i)
        add("witness.answered." + std::string(ledger::witness_status_name(ledger::kWitnessStatuses[i])),
            witnessing_->served(i));
    add("witness.refused", witnessing_->refused());
    add("witness.quarantined", witnessing_->forks());
    const ExchangeCounters& e = exchange_->counters();
    add("transfer.offers_refused_signature", e.offers_refused_signature);
    add("transfer.offers_refused_full", e.offers_refused_full);
    add("transfer.offers_refused_other", e.offers_refused_other);
    add("transfer.blocks_corrupt", e.blocks_corrupt);
    add("transfer.unknown", e.unknown_transfer);
    add("transfer.receipts_repeated", e.receipts_repeated);
    return r;
}

}  // namespace aip::node
