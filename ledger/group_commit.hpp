// GroupCommit: many callers, one sync (rfc/0004 section 5.1). A leaf that comes while nothing is being written is
// written at once; those that come meanwhile wait for that write and then go together. So one caller never waits for a
// window, and under load the window is as long as the disk takes: batches grow until they keep up.
//
// append() and every `done` belong to the loop; the Log is touched only by jobs on the storage executor. `done` comes
// in the order of append(), after the leaf is durable, or with the error of the whole batch.
#pragma once

#include <functional>

#include "base/executor.hpp"
#include "ledger/log.hpp"

namespace aip::ledger {

class GroupCommit {
public:
    using Done = std::function<void(const Result<uint64_t>& index)>;

    GroupCommit(Log& log, Executor& storage) : log_(log), storage_(storage) {}

    void append(Bytes leaf, const VersionId& version, Done done);
    size_t waiting() const { return waiting_.leaves.size(); }  // not counting those being written

private:
    struct Batch {
        std::vector<Bytes> leaves;
        std::vector<VersionId> versions;
        std::vector<Done> done;
    };

    void write_next();
    Batch take();

    Log& log_;
    Executor& storage_;
    Batch waiting_;
    bool writing_ = false;
};

}  // namespace aip::ledger
