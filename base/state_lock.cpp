#include "base/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aip {
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
    OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd)
        return Error{errno == EACCES ? ErrorCode::kDenied : ErrorCode::kIo,
                     "cannot open " + path + ": " + std::strerror(errno)};
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return Error{ErrorCode::kExists, "aipacketd is already running with state directory " + state_dir +
                                                 " (pid " + holder(fd.get()) + ")"};
        return Error{ErrorCode::kIo, "cannot lock " + path + ": " + std::strerror(errno)};
    }
    if (!write_pid(fd.get())) return Error{ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(errno)};
    return StateLock(std::move(fd));
}

}  // namespace aip
