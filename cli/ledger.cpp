#include <algorithm>

#include "base/time_text.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/ledger_check.hpp"
#include "cli/lineage.hpp"
#include "ledger/tiles.hpp"

namespace aip::cli {
namespace {

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
    for (const auto& [name, value] : says.parameters)
        card.add(name, std::visit([](const auto& v) { return Cell(v); }, value));
    if (says.changed)
        card.add("tensors_changed", std::to_string(says.changed->count) + " of " + std::to_string(says.changed->of));
    if (says.received_from) card.add("received_from", says.received_from->text());
    card.add("node", says.node.text()).add("software", says.software).add("time", time_text(says.time));
    card.add("verdict", std::string("verified"));
    return card.note(root.source).done();
}

std::string key_pem(const crypto::PublicKey& key) {
    // SubjectPublicKeyInfo of an Ed25519 key (RFC 8410): what OpenSSL reads.
    Bytes der{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    Writer(der).put(key.view());
    return "-----BEGIN PUBLIC KEY-----\n" + to_base64(der) + "\n-----END PUBLIC KEY-----\n";
}

// The leaf as files that other people's tools verify:
//   openssl pkeyutl -verify -rawin -in pae -sigfile sig -pubin -inkey key.pem
Result<void> write_dsse(const ledger::EntryProof& proof, const crypto::PublicKey& key, const std::string& directory) {
    AIP_ASSIGN(const ledger::Envelope envelope, ledger::parse_envelope(proof.leaf));
    const Bytes pae = ledger::dsse_pae(ledger::kPayloadType, envelope.payload);
    const auto by_key = std::find_if(envelope.signatures.begin(), envelope.signatures.end(),
                                     [&](const crypto::Signature& s) { return crypto::verify(key, pae, s); });
    AIP_ASSERT(by_key != envelope.signatures.end());  // the entry was checked
    AIP_TRY(make_directory(directory));
    AIP_TRY(write_file(directory + "/envelope.json", proof.leaf));
    AIP_TRY(write_file(directory + "/statement.json", envelope.payload));
    AIP_TRY(write_file(directory + "/pae", pae));
    AIP_TRY(write_file(directory + "/sig", by_key->view()));
    return write_file(directory + "/key.pem", as_bytes(key_pem(key)));
}

Outcome key_card(const ledger::EntryProof& proof, const ledger::KeyEvent& event, const Root& root) {
    Card card("entry");
    card.add("index", proof.index).add("what", "key " + std::string(ledger::key_change_name(event.change)));
    card.add("number", event.number).add("key", event.key.hex());
    card.add("previous", event.previous ? Cell(event.previous->hex()) : Cell(std::monostate{}));
    card.add("reason", event.reason).add("node", event.node.text()).add("software", event.software);
    card.add("time", time_text(event.time)).add("verdict", std::string("verified"));
    return card.note(root.source).done();
}

Result<api::LedgerEntry> entry_query(const std::string& which, const std::string& node) {
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
    return query;
}

struct Shown {
    ledger::EntryProof proof;
    ledger::CheckedEntry checked;
    Root root;
};

// An entry from the daemon, checked.
Result<Shown> checked_entry(Context& context, const std::string& which, const std::string& node,
                            const std::string& network) {
    AIP_ASSIGN(const api::LedgerEntry query, entry_query(which, node));
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(Root root, root_of(network, connection));
    AIP_ASSIGN(ledger::EntryProof proof, ControlLedger(connection).proof(query));
    crypto::Verifier verifier(root.key);
    auto checked = ledger::verify_entry(proof, verifier, {});
    if (!checked) return as_verdict(checked.error());
    return Shown{std::move(proof), std::move(*checked), std::move(root)};
}

struct Evidence {
    Root root;
    Bytes bundle;
    ManifestFacts facts;
};

Result<Evidence> from_daemon(Context& context, const AuditOptions& options) {
    AIP_ASSIGN(const VersionId id, version_from(options.version));
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(Root root, root_of(options.network, connection));
    LineageCollector collector(connection, id);
    AIP_ASSIGN(Bytes bundle, collector.collect());
    Evidence evidence{std::move(root), std::move(bundle), {}};
    if (options.bytes) AIP_TRY(collector.hash_weights(evidence.facts));
    return evidence;
}

Result<Evidence> from_bundle(const AuditOptions& options) {
    AIP_ASSIGN(Root root, root_from_file(options.network));
    AIP_ASSIGN(Bytes bundle, crypto::read_small_file(options.bundle, ledger::kBundleBytesMax));
    return Evidence{std::move(root), std::move(bundle), {}};
}

Result<Evidence> evidence_for(Context& context, const AuditOptions& options) {
    AIP_ASSIGN(Evidence evidence, options.bundle.empty() ? from_daemon(context, options) : from_bundle(options));
    if (options.file.empty()) return evidence;
    AIP_ASSIGN(const ledger::BundleReader about, ledger::BundleReader::open(evidence.bundle));
    AIP_ASSIGN(const OwnedFd file, open_for_reading(options.file));
    const auto hashed = evidence.facts.add_weights(about.version(), file.get());
    if (!hashed) return hashed.error().within(options.file);
    return evidence;
}

}  // namespace

Result<Outcome> ledger_show(Context& context, const std::string& which, const std::string& node,
                            const std::string& network, const std::string& dsse) {
    AIP_ASSIGN(const Shown shown, checked_entry(context, which, node, network));
    if (!dsse.empty()) AIP_TRY(write_dsse(shown.proof, shown.checked.signer.operational, dsse));
    if (const auto* event = std::get_if<ledger::KeyEvent>(&shown.checked.entry))
        return key_card(shown.proof, *event, shown.root);
    return entry_card(shown.proof, std::get<ledger::HopStatement>(shown.checked.entry), shown.root);
}

Result<Outcome> ledger_prove(Context& context, const std::string& which, const std::string& node,
                             const std::string& network, const std::string& directory) {
    AIP_ASSIGN(const Shown shown, checked_entry(context, which, node, network));
    const ledger::EntryProof& proof = shown.proof;
    AIP_TRY(make_directory(directory));
    const std::string text =
        ledger::tlog_proof_text(proof.index, proof.path, proof.checkpoint, proof.credential.view());
    AIP_TRY(write_file(directory + "/entry", proof.leaf));
    AIP_TRY(write_file(directory + "/entry.tlog-proof", as_bytes(text)));
    AIP_TRY(write_file(directory + "/entry.aipe", proof.encode()));
    return Card("proven")
        .add("directory", directory)
        .add("index", proof.index)
        .add("bytes", proof.encode().size())
        .note(shown.root.source)
        .done();
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

Result<Outcome> ledger_audit(Context& context, const AuditOptions& options) {
    if (options.version.empty() == options.bundle.empty())
        return Error{ErrorCode::kInvalid, "name the version to audit, or give --bundle FILE"};
    if (!options.bundle.empty() && options.network.empty())
        return Error{ErrorCode::kInvalid, "a bundle is checked under the network's root key: give --network FILE"};
    std::optional<ledger::Policy> policy;
    if (!options.policy.empty()) {
        AIP_ASSIGN(policy, read_policy(options.policy));
    }
    auto given = evidence_for(context, options);
    if (!given) return given.error().code == ErrorCode::kCorrupt ? as_verdict(given.error()) : given.error();
    crypto::Verifier verifier(given->root.key);
    const auto lineage = audit_bundle(given->bundle, verifier, policy ? &*policy : nullptr, given->facts);
    if (!lineage) return as_verdict(lineage.error());
    if (!options.dot.empty()) AIP_TRY(write_file(options.dot, as_bytes(lineage_dot(*lineage))));
    if (!options.svg.empty()) AIP_TRY(write_file(options.svg, as_bytes(lineage_svg(*lineage))));
    Outcome outcome{lineage_table(*lineage), Layout::kTable, lineage->is_complete() ? Exit::kOk : Exit::kNotVerified};
    outcome.report.notes.push_back(given->root.source);
    return outcome;
}

Result<Outcome> ledger_export_lineage(Context& context, const std::string& version, const std::string& file) {
    AIP_ASSIGN(const VersionId id, version_from(version));
    AIP_ASSIGN(api::Connection connection, context.connect());
    AIP_ASSIGN(const Bytes bundle, LineageCollector(connection, id).collect());
    AIP_TRY(write_file(file, bundle));
    return Card("exported")
        .add("file", file)
        .add("version", id.hex())
        .add("bytes", bundle.size())
        .note("check it anywhere: aipctl ledger audit --bundle " + file + " --network NETWORK.pub")
        .done();
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
