// TilesKeeper: keeps a directory of tlog-tiles (tiles.hpp, rfc/0004 section 8) up with a log that grows, so that any
// web server can serve it to monitors while the node runs. Once in kEvery it looks whether there is a newer checkpoint,
// or newer cosignatures of it, reads what is new and writes it.
//
// Invariant: nothing waits for it. Reading (kReadEntries at a time) is the storage executor's, the only thread that
// touches the log; files are written by another, so that a slow or full file system delays no append. A failure is said
// once, until it works again; the log itself is never touched. A step writes no more than one append may hold.
// Timer: next_wakeup(). poll() and `say` belong to the loop.
#pragma once

#include <functional>

#include "base/executor.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "ledger/tiles.hpp"

namespace aip::ledger {

class TilesKeeper {
public:
    static constexpr Duration kEvery = Duration::seconds(1);
    static constexpr Duration kAfterFailure = Duration::seconds(60);
    static constexpr size_t kReadEntries = 256;
    static constexpr size_t kStepEntries = limits::kAppendLeavesMax;
    static constexpr size_t kStepBytes = limits::kAppendBytesMax;

    // The cosignature lines of the checkpoint of this size; called on `storage`.
    using Cosignatures = std::function<Result<std::string>(uint64_t size)>;

    TilesKeeper(const Log& log, std::string directory, Executor& storage, Executor& files, Cosignatures cosignatures,
                std::function<void(std::string_view)> say);

    size_t poll(Instant now);  // 1 if it began a step
    Instant next_wakeup() const { return next_; }

private:
    class Batch;
    void look();
    void read(std::shared_ptr<Batch> batch);
    void write(std::shared_ptr<Batch> batch);
    void wait(Duration time) { next_ = began_ + time; }
    void failed(const Error& error);

    const Log& log_;
    std::string directory_;
    Executor& storage_;
    Executor& files_;
    Cosignatures cosignatures_;
    std::function<void(std::string_view)> say_;
    Instant next_;
    Instant began_;
    std::optional<uint64_t> have_;  // entries in the directory
    std::string checkpoint_;        // written last
    bool failing_ = false;
};

}  // namespace aip::ledger
