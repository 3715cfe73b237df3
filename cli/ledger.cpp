#include "cli/commands.hpp"
#include "cli/ledger_check.hpp"
#include "ledger/tiles.hpp"

namespace aip::cli {
namespace {

constexpr size_t kKeyFileMax = 4096;

struct Root {
    crypto::PublicKey key;
    std::string source;
};

Result<Root> root_from_file(const std::string& path) {
    AIP_ASSIGN(const crypto::PublicKey key, crypto::load_public_key(path, crypto::kRootLabel));
    return Root{key, "checked under the network root in " + path};
}

Result<Root> root_of(const std::string& path, const api::Connection& connection) {
    if (!path.empty()) return root_from_file(path);
    return Root{connection.welcome().network,
                "checked under the network root this daemon has; give --network FILE to use your own"};
}

// An Error that means the evidence is wrong, as opposed to missing.
bool is_verdict(const Error& error) {
    return error.code == ErrorCode::kDenied || error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kInvalid;
}

Error as_verdict(const Error& error) {
    return is_verdict(error) ? Error{ErrorCode::kCorrupt, "not verified: " + error.text} : error;
}

Cell measured(const std::optional<double>& value) { return value ? Cell(*value) : Cell(std::monostate{}); }

Outcome entry_card(const ledger::EntryProof& proof, const ledger::HopStatement& says, const Root& root) {
    Card card("entry");
    card.add("index", proof.index).add("version", says.version.hex()).add("content", says.content.hex());
    std::string parents;
    for (const VersionId& parent : says.parents) {
        if (!parents.empty()) parents += ' ';
        parents += parent.hex();
    }
    card.add("parents", parents);
    card.add("task", says.task).add("what", says.what).add("samples", says.samples).add("steps", says.steps);
    card.add("loss_before", measured(says.loss_before)).add("loss_after", measured(says.loss_after));
    for (const auto& [name, value] : says.metrics) card.add(name, value);
    if (says.received_from) card.add("received_from", says.received_from->text());
    card.add("node", says.node.text()).add("software", says.software).add("time", time_text(says.time));
    card.add("verdict", std::string("verified"));
    return card.note(root.source).done();
}

Report audit_table(const VersionId& version) {
    return {"audit of " + version.hex(),
            {{"step"},
             {"version"},
             {"node"},
             {"what"},
             {"samples", ColumnType::kInteger},
             {"loss_before", ColumnType::kReal},
             {"loss_after", ColumnType::kReal},
             {"time"},
             {"verdict"}},
            {},
            {}};
}

std::vector<Cell> audit_row(const api::AuditStep& step, size_t index, const Result<ledger::HopStatement>& says) {
    std::vector<Cell> row{std::string(1, index == 0 ? '*' : '^'), step.version.hex(),
                          step.node.is_zero() ? Cell(std::monostate{}) : Cell(step.node.text())};
    if (!says) {
        row.resize(8);
        row.emplace_back((is_verdict(says.error()) ? "NOT VERIFIED: " : "MISSING: ") + says.error().text);
        return row;
    }
    row.insert(row.end(), {says->what, static_cast<int64_t>(says->samples), measured(says->loss_before),
                           measured(says->loss_after), time_text(says->time), std::string("verified")});
    return row;
}

}  // namespace

Result<Outcome> ledger_show(Context& context, const std::string& which, const std::string& node,
                            const std::string& network) {
    api::LedgerEntry query;
    if (which.size() == 2 * VersionId::kSize) {
        AIP_ASSIGN(query.which, version_from(which));
    } else {
        if (which.empty() || which.size() > 18 || which.find_first_not_of("0123456789") != std::string::npos)
            return Error{ErrorCode::kInvalid, which + " is neither an entry's number nor a version id (64 hex digits)"};
        query.which = static_cast<uint64_t>(std::stoull(which));
    }
    if (!node.empty()) {
        AIP_ASSIGN(query.node, address_from(node));
    }
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(const Root root, root_of(network, connection));
    AIP_ASSIGN(const ledger::EntryProof proof, ControlLedger(connection).proof(query));
    crypto::Verifier verifier(root.key);
    const auto says = check_proof(proof, verifier);
    if (!says) return as_verdict(says.error());
    return entry_card(proof, *says, root);
}

Result<Outcome> ledger_verify(Context& context, const std::string& directory, const std::string& network) {
    Card card("verified");
    if (!directory.empty()) {
        std::optional<Root> root;
        if (!network.empty()) {
            AIP_ASSIGN(root, root_from_file(network));
        }
        std::optional<crypto::Verifier> verifier;
        if (root) verifier.emplace(root->key);
        const auto check = ledger::check_export(directory, verifier ? &*verifier : nullptr);
        if (!check) return as_verdict(check.error());
        card.add("origin", check->origin).add("entries", check->entries).add("checkpoints", check->checkpoints);
        card.add("inclusion_proofs", check->inclusions).add("consistency_proofs", check->consistencies);
        card.add("signed_entries", check->signed_leaves);
        return card.note(root ? root->source : "entry signatures need the network's root: give --network FILE").done();
    }
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(const Root root, root_of(network, connection));
    crypto::Verifier verifier(root.key);
    ControlLedger ledger(connection);
    const auto check = check_ledger(ledger, connection.welcome().address, verifier);
    if (!check) return as_verdict(check.error());
    card.add("origin", check->origin).add("entries", check->entries).add("checkpoints", check->checkpoints);
    card.add("inclusion_proofs", check->entries).add("consistency_proofs", check->consistencies);
    return card.add("signed_entries", check->entries).note(root.source).done();
}

Result<Outcome> ledger_audit(Context& context, const std::string& version, const std::string& network) {
    AIP_ASSIGN(const VersionId id, version_from(version));
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(const Root root, root_of(network, connection));
    AIP_ASSIGN(const api::Audit audit, api::expect<api::Audit>(connection.call(api::LedgerAudit{id})));
    crypto::Verifier verifier(root.key);
    Lineage lineage(id, verifier);
    Outcome outcome{audit_table(id), Layout::kTable, Exit::kOk};
    size_t verified = 0;
    for (const api::AuditStep& step : audit.steps) {
        const auto says = lineage.take(step);
        verified += says.has_value();
        outcome.report.rows.push_back(audit_row(step, outcome.report.rows.size(), says));
    }
    const bool complete = verified == audit.steps.size() && lineage.missing() == 0;
    if (!complete) outcome.exit = Exit::kNotVerified;
    outcome.report.notes = {std::to_string(verified) + " of " + std::to_string(audit.steps.size()) +
                                " steps verified, " +
                                (complete ? "back to the origin" : std::to_string(lineage.missing()) + " missing"),
                            root.source};
    return outcome;
}

Result<Outcome> ledger_export(Context& context, const std::string& directory) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    ControlLedger ledger(connection);
    AIP_ASSIGN(const ledger::ExportReport report, ledger::write_export(ledger, directory));
    return Card("exported")
        .add("directory", directory)
        .add("origin", report.origin)
        .add("entries", report.entries)
        .add("checkpoints", report.checkpoints)
        .add("inclusion_proofs", report.inclusions)
        .add("consistency_proofs", report.consistencies)
        .note("check it with `aipctl ledger verify " + directory + "`, or with any C2SP tlog tool")
        .done();
}

// Every entry is rebuilt into the tree here: what the daemon says is checked by the root it signed.
Result<Outcome> ledger_tiles(Context& context, const std::string& directory) {
    AIP_ASSIGN(api::Connection connection, context.connect());
    ControlLedger ledger(connection);
    const auto report = ledger::write_tiles(ledger, directory, ledger::kTreeSizeMax);
    if (!report) return as_verdict(report.error());
    return Card("tiles")
        .add("directory", directory)
        .add("origin", report->origin)
        .add("entries", report->size)
        .add("entries_before", report->old_size)
        .note("serve the directory with any web server; run this again to add what is new")
        .done();
}

}  // namespace aip::cli
