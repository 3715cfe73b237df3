#include "daemons/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace aip::daemons {
namespace {

std::string holder(int fd) {
    char text[32] = {};
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);
    std::string pid(text, n > 0 ? static_cast<size_t>(n) : 0);
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    return pid.empty() ? "unknown" : pid;
}

bool write_pid(int fd) {
    const std::string pid = std::to_string(getpid()) + "\n";
    return ftruncate(fd, 0) == 0 && pwrite(fd, pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& state_dir) {
    const std::string path = state_dir + "/lock";
    StateLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.fd_ < 0)
        return Error{errno == EACCES ? ErrorCode::kDenied : ErrorCode::kIo,
                     "cannot open " + path + ": " + std::strerror(errno)};
    if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return Error{ErrorCode::kExists, "aipacketd is already running with state directory " + state_dir +
                                                 " (pid " + holder(lock.fd_) + ")"};
        return Error{ErrorCode::kIo, "cannot lock " + path + ": " + std::strerror(errno)};
    }
    if (!write_pid(lock.fd_)) return Error{ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(errno)};
    return lock;
}

StateLock::~StateLock() {
    if (fd_ >= 0) close(fd_);
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock& StateLock::operator=(StateLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

}  // namespace aip::daemons
