// GroupCommit: many callers, one sync (rfc/0004 section 5.1). A leaf that comes while nothing is to be written is
// handed to the storage executor at once; when its turn comes, all that wait by then go together, and those that come
// meanwhile go together after it. So one caller never waits for a window, and under load the window is as long as the
// disk takes: batches grow until they keep up.
//
// append(), record() and every `done` belong to the loop; the Log is touched only by jobs on the storage executor, and
// the leaves that wait pass from one to the other under a lock. `done` comes in the order of append(), after the leaf
// is durable, or with the error of the whole batch. One GroupCommit for a Log: nobody else appends while it is in use.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/executor.hpp"
#include "ledger/log.hpp"

namespace aip::ledger {

// An entry to be. Without bytes: there is nothing to say.
struct NewLeaf {
    VersionId version;
    Bytes bytes;
};

class GroupCommit {
public:
    using Done = std::function<void(const Result<uint64_t>& index)>;

    GroupCommit(Log& log, Executor& storage) : log_(log), storage_(storage) {}

    void append(Bytes leaf, const VersionId& version, Done done);

    // The same for a leaf that a storage job makes first: a member `leaf` of what it returns, a NewLeaf. `done` gets
    // what was made, without the leaf, once that is durable, or the error of whichever failed.
    template <class Made>
    void record(std::function<Result<Made>()> make, std::function<void(Result<Made>)> done) {
        submit(storage_, std::move(make), [this, done = std::move(done)](Result<Made> made) {
            if (!made || made->leaf.bytes.empty()) return done(std::move(made));
            NewLeaf leaf = std::exchange(made->leaf, {});
            append(std::move(leaf.bytes), leaf.version,
                   [kept = std::make_shared<Made>(*std::move(made)), done](const Result<uint64_t>& index) {
                       done(index ? Result<Made>(std::move(*kept)) : index.error());
                   });
        });
    }

private:
    struct Batch {
        std::vector<Bytes> leaves;
        std::vector<VersionId> versions;
        std::vector<Done> done;
    };
    struct Written {
        Batch batch;
        Result<Appended> appended;
    };

    void write_next();
    Batch take();

    Log& log_;
    Executor& storage_;
    std::mutex mutex_;
    Batch waiting_;         // guarded by mutex_
    bool writing_ = false;  // the loop's: a job is queued or at work
};

}  // namespace aip::ledger
