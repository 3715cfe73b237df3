// StateLock: one daemon per state directory. Holds flock() on STATE_DIR/lock for as long as it lives; the kernel lets
// go when the process ends, however it ends, so a lock is never stale. The file's text is the holder's pid, for people.
#pragma once

#include <string>

#include "base/result.hpp"

namespace aip::daemons {

class StateLock {
public:
    // kExists with the holder's pid if another process has it. The directory must be there.
    static Result<StateLock> take(const std::string& state_dir);
    ~StateLock();
    StateLock(StateLock&& other) noexcept;
    StateLock& operator=(StateLock&& other) noexcept;

private:
    explicit StateLock(int fd) : fd_(fd) {}
    int fd_;
};

}  // namespace aip::daemons
