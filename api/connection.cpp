#include "api/connection.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace aip::api {
namespace {

constexpr int kForEver = -1;
constexpr int kHelloTimeoutMs = 10'000;
constexpr size_t kReadBytes = 64u << 10;

Error connect_error(const std::string& path, int error) {
    switch (error) {
        case EACCES:
        case EPERM:
            return {ErrorCode::kDenied,
                    "no permission to use " + path + "; be root or a member of the group configured for it"};
        case ENOENT: return {ErrorCode::kUnreachable, "no daemon at " + path + "; start aipacketd or give its socket"};
        case ECONNREFUSED: return {ErrorCode::kUnreachable, "nobody listens at " + path + "; start aipacketd"};
        case EAGAIN: return {ErrorCode::kBusy, "the daemon at " + path + " is busy; try again"};
        default: return {ErrorCode::kUnreachable, "cannot connect to " + path + ": " + std::strerror(error)};
    }
}

Result<OwnedFd> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        return Error{ErrorCode::kInvalid, "socket path '" + path + "' is empty or longer than 107 bytes"};
    std::memcpy(address.sun_path, path.data(), path.size());
    OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error{ErrorCode::kIo, std::string("cannot make a socket: ") + std::strerror(errno)};
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return connect_error(path, errno);
    return fd;
}

bool watch(int poll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool drain(int event_fd) {
    uint64_t value = 0;
    return read(event_fd, &value, sizeof value) == sizeof value;
}

void raise_event(int event_fd) {
    const uint64_t one = 1;
    static_cast<void>(!write(event_fd, &one, sizeof one));  // fails only if it is raised already
}

Error daemon_gone() { return {ErrorCode::kUnreachable, "the daemon closed the connection; see its log"}; }

// Milliseconds left until a point in time; a client program has a clock of its own.
class Deadline {
public:
    explicit Deadline(std::optional<Duration> timeout) {
        if (timeout) end_ = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout->count_ns());
    }
    int left_ms() const {
        if (!end_) return kForEver;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end_ - std::chrono::steady_clock::now());
        return static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT32_MAX));
    }

private:
    std::optional<std::chrono::steady_clock::time_point> end_;
};

}  // namespace

Result<Connection> Connection::open(const std::string& path, const std::string& program) {
    Connection connection;
    AIP_TRY(connection.prepare(path));
    AIP_TRY(connection.start(Hello{kProtocolVersion, program}, -1));
    const Deadline deadline(Duration::milliseconds(kHelloTimeoutMs));
    while (!connection.reply_) {
        AIP_ASSIGN(const bool ready, connection.wait(deadline.left_ms(), false));
        if (!ready) return Error{ErrorCode::kTimeout, "the daemon at " + path + " does not answer; see its log"};
        AIP_TRY(connection.read_some());
    }
    AIP_ASSIGN(connection.welcome_, expect<Welcome>(connection.take_reply()));
    return connection;
}

Result<void> Connection::prepare(const std::string& path) {
    AIP_ASSIGN(socket_, connect_to(path));
    interrupt_ = OwnedFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    pending_ = OwnedFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    poll_ = OwnedFd(epoll_create1(EPOLL_CLOEXEC));
    if (!interrupt_ || !pending_ || !poll_ || !watch(poll_.get(), socket_.get()) || !watch(poll_.get(), pending_.get()))
        return Error{ErrorCode::kIo, std::string("cannot prepare to wait: ") + std::strerror(errno)};
    return {};
}

Result<void> Connection::start(RequestBody body, int file) {
    const Message message = Request{++last_id_, std::move(body)};
    AIP_ASSERT(has_file(message) == (file >= 0));
    AIP_ASSIGN(const Bytes frame, encode(message));
    return write_all(frame, file);
}

Result<Answer> Connection::call(RequestBody body, int file, const OnProgress& on_progress) {
    AIP_TRY(start(std::move(body), file));
    awaited_ = last_id_;
    while (!reply_) {
        AIP_TRY(wait(kForEver, false));
        if (take_interrupt()) AIP_TRY(start(CancelRequest{awaited_}, -1));
        AIP_TRY(read_some());
        while (!progress_.empty()) {
            if (on_progress) on_progress(progress_.front());
            progress_.pop_front();
        }
    }
    return take_reply();
}

Result<std::optional<Arrival>> Connection::wait_delivery(std::optional<Duration> timeout) {
    const Deadline deadline(timeout);
    for (;;) {
        interrupted_ = take_interrupt();
        if (interrupted_) return std::optional<Arrival>();
        if (arrivals_.empty()) AIP_TRY(read_some());
        if (!arrivals_.empty()) break;
        if (reply_) AIP_TRY(take_reply());  // why the daemon hangs up
        AIP_ASSIGN(const bool ready, wait(deadline.left_ms(), false));
        if (!ready) return std::optional<Arrival>();
    }
    std::optional<Arrival> arrival(std::move(arrivals_.front()));
    arrivals_.pop_front();
    if (arrivals_.empty()) drain(pending_.get());
    return arrival;
}

void Connection::interrupt() { raise_event(interrupt_.get()); }

bool Connection::take_interrupt() { return drain(interrupt_.get()); }

Result<Answer> Connection::take_reply() {
    Reply reply = std::move(*reply_);
    reply_.reset();
    std::optional<OwnedFd> file = std::exchange(reply_file_, std::nullopt);
    if (auto* failure = std::get_if<Failure>(&reply.body)) return Error{failure->code, std::move(failure->text)};
    return Answer{std::move(reply.body), std::move(file)};
}

// While writing, what the daemon says is read too, so that two full buffers never wait for each other.
Result<void> Connection::write_all(ByteView frame, int file) {
    while (!frame.empty()) {
        const auto sent = send_some(socket_.get(), frame, file);
        if (!sent) {
            AIP_TRY(read_some());  // it may have said why it hung up
            return reply_ ? Result<void>() : Result<void>(sent.error());
        }
        if (*sent > 0) file = -1;
        frame = frame.subspan(*sent);
        if (frame.empty()) break;
        AIP_TRY(wait(kForEver, true));
        AIP_TRY(read_some());
    }
    return {};
}

Result<bool> Connection::wait(int timeout_ms, bool for_writing) {
    std::array<pollfd, 2> fds{};
    fds[0] = {socket_.get(), static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN), 0};
    fds[1] = {interrupt_.get(), static_cast<short>(for_writing ? 0 : POLLIN), 0};
    const int n = poll(fds.data(), fds.size(), timeout_ms);
    if (n < 0 && errno != EINTR) return Error{ErrorCode::kIo, std::string("cannot wait: ") + std::strerror(errno)};
    return n != 0;
}

Result<void> Connection::read_some() {
    std::array<uint8_t, kReadBytes> buffer;
    AIP_ASSIGN(const Received received, receive_some(socket_.get(), buffer, files_));
    if (received.state == Io::kWouldBlock) return {};
    if (received.state == Io::kClosed) return reply_ ? Result<void>() : Result<void>(daemon_gone());
    frames_.push(ByteView(buffer).first(received.bytes));
    for (;;) {
        AIP_ASSIGN(const auto frame, frames_.next());
        if (!frame) return {};
        AIP_ASSIGN(Message message, parse(*frame));
        AIP_TRY(take(std::move(message)));
    }
}

Result<void> Connection::take(Message message) {
    std::optional<OwnedFd> file;
    if (has_file(message)) {
        if (files_.empty()) return Error{ErrorCode::kCorrupt, "the daemon announced a file and sent none"};
        file = std::move(files_.front());
        files_.pop_front();
    }
    if (auto* delivery = std::get_if<Delivery>(&message)) {
        arrivals_.push_back({std::move(*delivery), std::move(*file)});
        raise_event(pending_.get());
    } else if (auto* progress = std::get_if<Progress>(&message)) {
        if (progress->id == awaited_) progress_.push_back(std::move(*progress));
    } else if (auto* reply = std::get_if<Reply>(&message)) {
        if (reply->id != awaited_ && reply->id != 0) return {};  // to a CancelRequest
        reply_ = std::move(*reply);
        reply_file_ = std::move(file);
    }
    return {};
}

}  // namespace aip::api
