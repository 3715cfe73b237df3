#include "node/new_version.hpp"

#include "ledger/statement.hpp"
#include "model/changes.hpp"
#include "node/head.hpp"

namespace aip::node {

ledger::HopStatement describe(const WorkDone& work) {
    ledger::HopStatement s;
    s.what = work.what.empty() ? "trained" : work.what;
    s.samples = work.samples;
    s.steps = work.steps;
    s.loss_before = work.loss_before;
    s.loss_after = work.loss_after;
    s.metrics = work.metrics;
    for (const auto& [name, value] : work.parameters) s.parameters.emplace(name, value);
    return s;
}

namespace {

// What is different from the first parent, if that is still here.
Result<std::optional<ledger::TensorChange>> change_of(const Services& services, const model::Manifest& manifest) {
    if (manifest.parents().empty()) return std::optional<ledger::TensorChange>();
    AIP_ASSIGN(const auto parent, services.versions.get(manifest.parents().front()));
    if (!parent) return std::optional<ledger::TensorChange>();
    model::Changes changes = model::changed_tensors(parent->manifest, manifest);
    return std::optional(ledger::tensor_change(std::move(changes.names), changes.of));
}

}  // namespace

Result<NewVersion> make_version(const Services& services, model::Source& file, const model::ManifestFields& fields,
                                ledger::HopStatement statement, const model::Progress& progress) {
    AIP_ASSIGN(model::Manifest manifest, model::import_model(file, services.blocks, fields, progress, services.cores));
    const Bytes sealed = services.signer.seal(kManifestDomain, manifest.bytes());
    AIP_TRY(services.versions.put(manifest, sealed, services.clock.wall(), true));
    statement.version = manifest.id();
    statement.content = manifest.content();
    statement.parents = manifest.parents();
    AIP_ASSIGN(statement.changed, change_of(services, manifest));
    AIP_ASSIGN(Bytes leaf, ledger::make_leaf(statement, services.signer));
    return NewVersion{std::move(manifest), {statement.version, std::move(leaf)}};
}

}  // namespace aip::node
