// StateLock: one daemon per state directory. Holds flock() on STATE_DIR/lock for as long as it lives; the kernel lets
// go when the process ends, however it ends, so a lock is never stale. The file's text is the holder's pid, for people.
// Programs that change a stopped daemon's directory hold it as well.
#pragma once

#include <string>

#include "base/owned_fd.hpp"
#include "base/result.hpp"

namespace aip {

class StateLock {
public:
    // kExists with the holder's pid if another process has it. The directory must be there.
    static Result<StateLock> take(const std::string& state_dir);

private:
    explicit StateLock(OwnedFd fd) : fd_(std::move(fd)) {}
    OwnedFd fd_;
};

}  // namespace aip
