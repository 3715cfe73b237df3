// The history of a version as aipctl collects and shows it: items from a daemon or from a bundle (rfc/0004 section
// 7.2), checked by ledger::LineageAudit, which believes neither; drawn as a table, as DOT or as SVG.
// Blocking, one thread.
#pragma once

#include <map>
#include <set>

#include "api/connection.hpp"
#include "cli/command.hpp"
#include "ledger/lineage.hpp"
#include "model/changes.hpp"

namespace aip::cli {

// Manifests that came along, each believed only for the version it hashes to, and weights that were hashed here.
class ManifestFacts final : public ledger::VersionFacts {
public:
    std::optional<VersionId> add_manifest(ByteView bytes) override;
    std::optional<Facts> of(const VersionId& version) const override;
    std::optional<Digest> weights(const VersionId& version) const override;
    std::optional<ledger::TensorChange> change(const VersionId& parent, const VersionId& child) const override;

    Result<void> add_weights(const VersionId& version, int file);

private:
    const model::Manifest* best(const VersionId& version) const;

    std::map<VersionId, model::Manifest> manifests_;
    std::map<VersionId, model::Manifest> hashed_;  // what the bytes at hand say; ids and parents are not theirs
};

// A bundle under way: asks the daemon for steps, key events, revocations and manifests until nothing more is to be had.
class LineageCollector {
public:
    LineageCollector(api::Connection& connection, const VersionId& version)
        : connection_(connection), version_(version), bundle_(ledger::bundle_head(version)) {}

    Result<Bytes> collect();
    // Has the daemon hand out the weights it holds of what was collected, and hashes them here.
    Result<void> hash_weights(ManifestFacts& facts);

private:
    Result<void> walk(const VersionId& from);
    void take(const api::AuditStep& step);
    void add(ledger::BundleKind kind, ByteView bytes);
    void add_key_events(const Address& node);
    Result<void> add_revocations();
    void add_manifest(const VersionId& version);

    api::Connection& connection_;
    VersionId version_;
    Bytes bundle_;
    std::set<std::pair<VersionId, Address>> taken_;
    std::set<VersionId> known_;  // somebody's entry about it is here, or nobody has one
    std::vector<VersionId> named_;
    std::set<Address> nodes_;
};

Result<ledger::Lineage> audit_bundle(ByteView bundle, crypto::Verifier& verifier, const ledger::Policy* policy,
                                     ManifestFacts& facts);

Report lineage_table(const ledger::Lineage& lineage);
std::string lineage_dot(const ledger::Lineage& lineage);
std::string lineage_svg(const ledger::Lineage& lineage);

}  // namespace aip::cli
