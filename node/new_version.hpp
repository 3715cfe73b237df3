// How a file becomes a version of this node: blocks, signed manifest, ledger entry.
#pragma once

#include "model/import.hpp"
#include "node/requests.hpp"
#include "node/services.hpp"

namespace aip::node {

// The part of a statement that does not depend on the file.
ledger::HopStatement describe(const WorkDone& work);

// All durable when it returns. Storage thread.
Result<model::Manifest> record_version(const Services& services, model::Source& file,
                                       const model::ManifestFields& fields, ledger::HopStatement statement,
                                       const model::Progress& progress);

}  // namespace aip::node
