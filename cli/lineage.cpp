#include "cli/lineage.hpp"

#include "cli/ledger_source.hpp"
#include "model/import.hpp"

namespace aip::cli {
namespace {

constexpr std::string_view kManifestColumn = "manifest";
constexpr std::string_view kAnyTask = "audit";  // the digest of weights does not depend on it

// The manifest in the daemon's report of that name.
std::optional<Bytes> manifest_in(const Report& report) {
    for (size_t i = 0; i < report.columns.size(); ++i) {
        if (report.columns[i].name != kManifestColumn || report.rows.empty()) continue;
        const auto* text = std::get_if<std::string>(&report.rows[0][i]);
        return text != nullptr ? from_hex(*text) : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

std::optional<VersionId> ManifestFacts::add_manifest(ByteView bytes) {
    auto manifest = model::Manifest::parse(to_bytes(bytes));
    if (!manifest) return std::nullopt;
    const VersionId id = manifest->id();
    manifests_.emplace(id, std::move(*manifest));
    return id;
}

std::optional<ledger::VersionFacts::Facts> ManifestFacts::of(const VersionId& version) const {
    const auto it = manifests_.find(version);
    if (it == manifests_.end()) return std::nullopt;
    return Facts{it->second.content(), it->second.parents()};
}

Result<void> ManifestFacts::add_weights(const VersionId& version, int file) {
    AIP_ASSIGN(model::FdSource source, model::FdSource::open(file));
    Serial core;
    AIP_ASSIGN(model::Manifest hashed, model::hash_model(source, {{}, std::string(kAnyTask), {}}, core));
    hashed_.insert_or_assign(version, std::move(hashed));
    return {};
}

std::optional<Digest> ManifestFacts::weights(const VersionId& version) const {
    const auto it = hashed_.find(version);
    return it == hashed_.end() ? std::nullopt : std::optional(it->second.content());
}

// The bytes themselves where they are at hand, else the manifest.
const model::Manifest* ManifestFacts::best(const VersionId& version) const {
    for (const auto* known : {&hashed_, &manifests_})
        if (const auto it = known->find(version); it != known->end()) return &it->second;
    return nullptr;
}

std::optional<ledger::TensorChange> ManifestFacts::change(const VersionId& parent, const VersionId& child) const {
    const model::Manifest* before = best(parent);
    const model::Manifest* after = best(child);
    if (before == nullptr || after == nullptr) return std::nullopt;
    model::Changes changes = model::changed_tensors(*before, *after);
    return ledger::tensor_change(std::move(changes.names), changes.of);
}

void LineageCollector::add(ledger::BundleKind kind, ByteView bytes) {
    const Bytes item = ledger::bundle_item(kind, bytes);
    bundle_.insert(bundle_.end(), item.begin(), item.end());
}

void LineageCollector::take(const api::AuditStep& step) {
    known_.insert(step.version);
    if (step.proof.empty()) {
        const Bytes item = ledger::bundle_missing(step.version, step.note);
        bundle_.insert(bundle_.end(), item.begin(), item.end());
        return;
    }
    if (!taken_.insert({step.version, step.node}).second) return;
    add(ledger::BundleKind::kStop, step.proof);
    const auto proof = ledger::EntryProof::parse(step.proof);
    const auto says = proof ? ledger::read_leaf(proof->leaf) : Result<ledger::HopStatement>(proof.error());
    if (!says) return;
    nodes_.insert(says->node);
    named_.insert(named_.end(), says->parents.begin(), says->parents.end());
}

Result<void> LineageCollector::walk(const VersionId& from) {
    AIP_ASSIGN(const api::Audit audit, api::expect<api::Audit>(connection_.call(api::LedgerAudit{from})));
    for (const api::AuditStep& step : audit.steps) take(step);
    known_.insert(from);
    return {};
}

// What is not to be had, the audit says is missing.
void LineageCollector::add_key_events(const Address& node) {
    static_cast<void>(each_key_event(connection_, node, [this](ByteView proof) -> Result<void> {
        add(ledger::BundleKind::kKeyEvent, proof);
        return {};
    }));
}

// Whom the network root has put out, as far as the daemon knows.
Result<void> LineageCollector::add_revocations() {
    AIP_ASSIGN(const Report report, api::expect<Report>(connection_.call(api::ReportQuery{"revocations", {}})));
    for (const auto& row : report.rows) {
        const auto* text = row.empty() ? nullptr : std::get_if<std::string>(&row.back());
        const auto word = text != nullptr ? from_hex(*text) : std::nullopt;
        if (!word) return Error{ErrorCode::kCorrupt, "the daemon answered with a malformed revocation"};
        add(ledger::BundleKind::kRevoked, *word);
    }
    return {};
}

void LineageCollector::add_manifest(const VersionId& version) {
    const auto report =
        api::expect<Report>(connection_.call(api::ReportQuery{std::string(kManifestColumn), {version.hex()}}));
    const auto manifest = report ? manifest_in(*report) : std::nullopt;
    if (manifest) add(ledger::BundleKind::kManifest, *manifest);
}

Result<void> LineageCollector::hash_weights(ManifestFacts& facts) {
    for (const VersionId& version : known_) {
        const auto answer = connection_.call(api::ExportVersion{version});
        if (!answer && answer.error().code == ErrorCode::kNotFound) continue;
        const auto hashed = !answer        ? Result<void>(answer.error())
                            : answer->file ? facts.add_weights(version, answer->file->get())
                                           : Error{ErrorCode::kCorrupt, "the daemon answered without a file"};
        if (!hashed) return hashed.error().within("version " + version.hex());
    }
    return {};
}

Result<Bytes> LineageCollector::collect() {
    named_.push_back(version_);
    while (!named_.empty()) {  // one answer of the daemon holds so much; what it named beyond is asked for again
        const VersionId next = named_.back();
        named_.pop_back();
        if (!known_.contains(next)) AIP_TRY(walk(next));
        if (bundle_.size() > ledger::kBundleBytesMax)
            return Error{ErrorCode::kNoSpace, "the history of this version is too long for one bundle"};
    }
    for (const Address& node : nodes_) add_key_events(node);
    AIP_TRY(add_revocations());
    for (const VersionId& version : known_) add_manifest(version);
    const Digest end = ledger::bundle_end(bundle_);
    bundle_.insert(bundle_.end(), end.bytes.begin(), end.bytes.end());
    return std::move(bundle_);
}

Result<ledger::Lineage> audit_bundle(ByteView bundle, crypto::Verifier& verifier, const ledger::Policy* policy,
                                     ManifestFacts& facts) {
    AIP_ASSIGN(ledger::BundleReader reader, ledger::BundleReader::open(bundle));
    ledger::LineageAudit audit(verifier, facts, policy);
    for (;;) {
        AIP_ASSIGN(const auto item, reader.next());
        if (!item) return audit.finish(reader.version());
        audit.add(*item);
    }
}

}  // namespace aip::cli
