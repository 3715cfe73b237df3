#include "node/merge_versions.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "node/new_version.hpp"

namespace aip::node {
namespace {

std::string hex(uint64_t journey) {
    Bytes raw;
    Writer(raw).u64(journey);
    return to_hex(raw);
}

static_assert(limits::kParametersMax >= limits::kParentsMax + 2, "a weight each, the rule, the rule asked for");

struct Candidates {
    std::vector<Walker> walkers;
    std::vector<model::MergeInput> models;
};

// Those that fit the first of them that is sound.
Result<Candidates> sound_ones(const Services& services, const std::vector<Walker>& walkers, MergedVersions& merged) {
    Candidates sound;
    for (const Walker& walker : walkers) {
        AIP_ASSIGN(const auto stored, services.versions.get(walker.version));
        if (!stored)
            return Error{ErrorCode::kCorrupt,
                         "version " + walker.version.hex() + " is in custody but not in the store"};
        Result<void> fits = model::check_finite(stored->manifest, services.blocks);
        if (fits && !sound.models.empty())
            fits = model::check_same_architecture(sound.models.front().manifest, stored->manifest);
        if (!fits && fits.error().code != ErrorCode::kInvalid) return fits.error();
        if (!fits) {
            merged.left_out.push_back({walker.journey, fits.error().text});
            continue;
        }
        sound.walkers.push_back(walker);
        sound.models.push_back({stored->manifest, walker.samples});
    }
    return sound;
}

}  // namespace

Result<MergedVersions> merge_versions(const Services& services, const std::vector<Walker>& walkers,
                                      const model::MergeOrder& order, ledger::HopStatement statement) {
    MergedVersions merged;
    AIP_ASSIGN(Candidates sound, sound_ones(services, walkers, merged));
    if (sound.models.size() < 2) return merged;
    model::ManifestFields fields{{}, statement.task, {}};
    for (const Walker& walker : sound.walkers) {
        merged.journeys.push_back(walker.journey);
        if (std::find(fields.parents.begin(), fields.parents.end(), walker.version) == fields.parents.end())
            fields.parents.push_back(walker.version);
    }
    AIP_ASSIGN(auto picked, model::pick_merge_rule(order, sound.models.size()));
    AIP_ASSIGN(auto source, model::MergedModel::open(std::move(sound.models), *picked.rule, services.blocks));
    const bool instead = picked.rule->name() != order.rule;
    statement.what = "merged";
    statement.journey = merged.journeys.front();
    statement.parameters["rule"] = std::string(picked.rule->name());
    if (instead) statement.parameters["asked"] = order.rule;
    for (size_t i = 0; i < merged.journeys.size(); ++i)
        statement.parameters["weight." + hex(merged.journeys[i])] = source.weights()[i];
    AIP_ASSIGN(NewVersion made, make_version(services, source, fields, std::move(statement), {}));
    merged.manifest = std::move(made.manifest);
    merged.leaf = std::move(made.leaf);
    merged.instead = std::move(picked.instead);
    return merged;
}

}  // namespace aip::node
