// ControlServer: the daemon's end of the control socket (rfc/0005). It accepts, checks who is there, cuts frames,
// passes descriptors and keeps queues bounded; what a request means is the ControlHandler's business.
//
// Invariants: a handler sees on_open before a session's first request and exactly one on_close after its last, never
// from within one of its own calls to the server; only valid messages reach it, the first of them Hello of our
// protocol version, and a file exactly where the request brings one (a regular file, open for reading).
// Garbage, a refused peer, a client that does not read: counted, told where possible, and hung up on.
// Everything runs on the io_context's thread. No timers.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/control.hpp"
#include "base/owned_fd.hpp"

namespace aip::daemons {

using SessionId = uint64_t;

class ControlHandler {
public:
    virtual ~ControlHandler() = default;
    virtual void on_open(SessionId session, uid_t uid) = 0;
    // Every request gets exactly one reply(), now or later; progress() before it where it takes long.
    virtual void on_request(SessionId session, api::Request request, std::optional<OwnedFd> file) = 0;
    virtual void on_close(SessionId session) = 0;
};

struct PeerCredentials {
    uid_t uid = 0;
    std::vector<gid_t> groups;  // primary and supplementary
};
// Root, the daemon's own user, and the members of `group` where one is configured.
bool peer_is_allowed(const PeerCredentials& peer, uid_t own_uid, std::optional<gid_t> group);

struct ControlOptions {
    std::string path;
    std::optional<gid_t> group;  // owns the socket file and may use it
};

struct ControlCounters {
    uint64_t opened = 0;
    uint64_t refused_peer = 0;
    uint64_t refused_full = 0;
    uint64_t garbage = 0;  // sessions closed for what they sent
    uint64_t slow = 0;     // sessions closed for what they did not read
    uint64_t requests = 0;
};

class ControlServer {
public:
    // Listens at once, mode 0660. The socket file of a dead daemon is replaced; kExists if a live one answers there.
    static Result<std::unique_ptr<ControlServer>> listen(boost::asio::io_context& io, ControlOptions options,
                                                         ControlHandler& handler);
    ~ControlServer();  // hangs up on everyone without on_close, removes its socket file

    // To a session that is gone: nothing happens.
    void reply(SessionId session, api::Reply reply, std::optional<OwnedFd> file = std::nullopt);
    void progress(SessionId session, const api::Progress& progress);  // dropped while the client is behind
    void event(SessionId session, const api::Delivery& delivery, OwnedFd file);
    void close(SessionId session);  // after what is queued for it was sent

    const ControlCounters& counters() const { return counters_; }
    size_t sessions() const { return sessions_.size(); }

private:
    class Session;
    using Acceptor = boost::asio::local::stream_protocol::acceptor;

    ControlServer(boost::asio::io_context& io, ControlOptions options, ControlHandler& handler);
    void accept_next();
    void admit(boost::asio::local::stream_protocol::socket socket);
    void queue(SessionId session, const api::Message& message, std::optional<OwnedFd> file);
    void ended(SessionId session);

    boost::asio::io_context& io_;
    ControlOptions options_;
    ControlHandler& handler_;
    Acceptor acceptor_;
    ControlCounters counters_;
    SessionId next_session_ = 1;
    std::shared_ptr<ControlServer*> alive_ = std::make_shared<ControlServer*>(this);  // for completions after the end
    std::unordered_map<SessionId, std::shared_ptr<Session>> sessions_;
    std::pair<uint64_t, uint64_t> socket_inode_{};  // device, inode: whether the file there is still ours
};

}  // namespace aip::daemons
