// How a file becomes a version of this node: blocks, signed manifest, and the leaf that says what was done. A version
// whose leaf is not in the ledger yet is nobody's: after a power cut between the two it is pruned like an old one.
#pragma once

#include "ledger/group_commit.hpp"
#include "model/import.hpp"
#include "node/requests.hpp"
#include "node/services.hpp"

namespace aip::node {

// The part of a statement that does not depend on the file.
ledger::HopStatement describe(const WorkDone& work);

struct NewVersion {
    model::Manifest manifest;
    ledger::NewLeaf leaf;
};

// All durable when it returns, but the leaf: that is for ledger::GroupCommit::record(). Storage thread.
Result<NewVersion> make_version(const Services& services, model::Source& file, const model::ManifestFields& fields,
                                ledger::HopStatement statement, const model::Progress& progress);

}  // namespace aip::node
