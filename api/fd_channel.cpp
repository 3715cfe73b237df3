#include "api/fd_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/limits.hpp"

namespace aip::api {
namespace {

constexpr size_t kFilesMax = limits::kControlFilesWaitingMax;

void take_files(msghdr& header, std::deque<OwnedFd>& files) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            files.emplace_back(fd);
        }
    }
}

Error gone(const char* what) {
    return {ErrorCode::kUnreachable, std::string("control socket: ") + what + ": " + std::strerror(errno)};
}

}  // namespace

Result<Received> receive_some(int socket, MutableBytes out, std::deque<OwnedFd>& files) {
    alignas(cmsghdr) char control[CMSG_SPACE(kFilesMax * sizeof(int))];
    iovec data{out.data(), out.size()};
    msghdr header{};
    ssize_t n = -1;
    do {
        header = {};
        header.msg_iov = &data;
        header.msg_iovlen = 1;
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        n = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Received{Io::kWouldBlock, 0};
    if (n < 0 && errno == ECONNRESET) return Received{Io::kClosed, 0};
    if (n < 0) return gone("cannot receive");
    take_files(header, files);
    if ((header.msg_flags & MSG_CTRUNC) != 0 || files.size() > kFilesMax)
        return Error{ErrorCode::kInvalid, "too many descriptors at once on the control socket"};
    if (n == 0) return Received{Io::kClosed, 0};
    return Received{Io::kDone, static_cast<size_t>(n)};
}

Result<size_t> send_some(int socket, ByteView bytes, int file) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec data{const_cast<uint8_t*>(bytes.data()), bytes.size()};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    if (file >= 0) {
        header.msg_control = control;
        header.msg_controllen = sizeof control;
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(c), &file, sizeof file);
    }
    ssize_t n = -1;
    do {
        n = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n >= 0) return static_cast<size_t>(n);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return size_t{0};
    return gone("cannot send");
}

Result<void> check_model_file(int file) {
    struct stat status {};
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
        return Error{ErrorCode::kInvalid, "a model must be a regular file"};
    const int flags = fcntl(file, F_GETFL);
    if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY)
        return Error{ErrorCode::kInvalid, "a model file must be open for reading"};
    return {};
}

}  // namespace aip::api
