// Connection: one session with the daemon, blocking. The C ABI (aip/aip.h) and aipctl are thin layers over it.
// One thread uses it at a time; only interrupt() may be called from another thread or a signal handler. Deliveries that
// arrive while a reply is awaited are kept, in order, and keep poll_fd() readable.
// After kUnreachable the session is over: every later call fails the same way.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "api/control.hpp"
#include "api/fd_channel.hpp"
#include "api/frame.hpp"
#include "base/owned_fd.hpp"
#include "base/time.hpp"

namespace aip::api {

inline constexpr const char* kDefaultSocket = "/run/aipacket/aipacketd.sock";

struct Answer {
    ReplyBody body;  // never a Failure: that is the Result's error
    std::optional<OwnedFd> file;
};
struct Arrival {
    Delivery delivery;
    OwnedFd file;
};

class Connection {
public:
    using OnProgress = std::function<void(const Progress&)>;

    // Connects and says hello as `program`. kUnreachable and kDenied name the path and what to do.
    static Result<Connection> open(const std::string& path, const std::string& program);

    // Sends one request (with `file` if it brings one, borrowed) and waits for its reply. After interrupt() the
    // daemon is asked to cancel it, and the answer is whatever the daemon says: kCancelled, or done already.
    Result<Answer> call(RequestBody body, int file = -1, const OnProgress& on_progress = {});

    // The next delivery; none if `timeout` passed (no timeout: wait for ever), or, with interrupted(), interrupt() was
    // called.
    Result<std::optional<Arrival>> wait_delivery(std::optional<Duration> timeout);
    bool interrupted() const { return interrupted_; }

    int poll_fd() const { return poll_.get(); }  // readable: wait_delivery would probably give one at once
    void interrupt();                            // async-signal-safe
    const Welcome& welcome() const { return welcome_; }

private:
    Connection() = default;
    Result<void> prepare(const std::string& path);
    Result<void> start(RequestBody body, int file);
    Result<Answer> take_reply();
    Result<void> write_all(ByteView frame, int file);
    Result<void> read_some();
    Result<void> take(Message message);
    Result<bool> wait(int timeout_ms, bool for_writing);  // false: timed out
    bool take_interrupt();

    OwnedFd socket_;
    OwnedFd interrupt_;  // eventfd
    OwnedFd pending_;    // eventfd, readable while arrivals_ is not empty
    OwnedFd poll_;       // epoll over socket_ and pending_
    FrameReader frames_;
    std::deque<OwnedFd> files_;
    std::deque<Arrival> arrivals_;
    std::deque<Progress> progress_;
    std::optional<Reply> reply_;
    std::optional<OwnedFd> reply_file_;
    bool interrupted_ = false;
    uint64_t last_id_ = 0;
    uint64_t awaited_ = 1;  // whose reply call() waits for; the first is Hello
    Welcome welcome_;
};

// The value of the kind the request is answered with; kCorrupt if the daemon answered with another.
template <class T>
Result<T> expect(Result<Answer> answer) {
    if (!answer) return std::move(answer).error();
    if (auto* body = std::get_if<T>(&answer->body)) return std::move(*body);
    return Error{ErrorCode::kCorrupt, "the daemon answered with another kind of reply; are both of one version?"};
}

}  // namespace aip::api
