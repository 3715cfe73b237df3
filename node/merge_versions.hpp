// The versions of walkers that met become one version of this node (rfc/0008 section 7): by the rule of the task,
// signed, durable, with the leaf that has yet to enter the ledger. What cannot be merged with the rest, being of
// another architecture or holding numbers that are not finite, is left out and named. Storage thread.
#pragma once

#include "ledger/group_commit.hpp"
#include "model/merge.hpp"
#include "node/services.hpp"

namespace aip::node {

struct Walker {
    uint64_t journey = 0;
    VersionId version;
    uint64_t samples = 0;  // trained on so far
};

struct MergedVersions {
    std::vector<uint64_t> journeys;                          // that were merged; none: not two fit each other
    std::vector<std::pair<uint64_t, std::string>> left_out;  // and why
    std::optional<model::Manifest> manifest;
    ledger::NewLeaf leaf;  // about it
    std::string instead;   // why the rule is not the one asked for
};

// `walkers`: the one that goes on first. `statement`: all but what the merge decides.
Result<MergedVersions> merge_versions(const Services& services, const std::vector<Walker>& walkers,
                                      const model::MergeOrder& order, ledger::HopStatement statement);

}  // namespace aip::node
