// Which tensors of a version are not its parent's: what a ledger entry says was changed, and what an auditor compares
// that with (rfc/0004 section 4.2). Two tensors are the same if name, dtype, shape and the digests of their blocks are;
// no weights are read. Pure; any thread.
#pragma once

#include "model/manifest.hpp"

namespace aip::model {

struct Changes {
    std::vector<std::string> names;  // in byte order: differ, or stand in only one of the two
    uint64_t of = 0;                 // names in both together
};

Changes changed_tensors(const Manifest& parent, const Manifest& child);

}  // namespace aip::model
