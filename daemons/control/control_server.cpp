#include "daemons/control/control_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/limits.hpp"
#include "daemons/control/session.hpp"

namespace aip::daemons {
namespace {

using Protocol = boost::asio::local::stream_protocol;
constexpr mode_t kSocketMode = 0660;
constexpr size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;

Error io_error(const std::string& what, int error) {
    const ErrorCode code = error == EACCES || error == EPERM || error == EROFS ? ErrorCode::kDenied
                           : error == ENOENT                                   ? ErrorCode::kNotFound
                                                                               : ErrorCode::kIo;
    return {code, what + ": " + std::strerror(error)};
}

// Whether a daemon answers at `path`: its socket file outlives one that was killed.
bool answers(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const OwnedFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

Result<void> remove_stale(const std::string& path) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return errno == ENOENT ? Result<void>() : io_error(path, errno);
    if (!S_ISSOCK(status.st_mode))
        return Error{ErrorCode::kExists, path + " exists and is not a socket; remove it or configure another path"};
    if (answers(path)) return Error{ErrorCode::kExists, "aipacketd is already running on " + path};
    if (unlink(path.c_str()) != 0) return io_error("cannot remove the stale socket " + path, errno);
    return {};
}

Result<PeerCredentials> peer_of(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return io_error("cannot tell who connects", errno);
    PeerCredentials peer{credentials.uid, {credentials.gid}};
    std::vector<gid_t> groups(NGROUPS_MAX);
    length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0) {
        groups.resize(length / sizeof(gid_t));
        peer.groups.insert(peer.groups.end(), groups.begin(), groups.end());
    }
    return peer;
}

// A last word to a client that gets no session: best effort, never blocks.
void refuse(Protocol::socket& socket, ErrorCode code, const std::string& text) {
    if (const auto frame = api::encode(api::Reply{0, api::Failure{code, text}}))
        static_cast<void>(api::send_some(socket.native_handle(), *frame, -1).has_value());
}

}  // namespace

bool peer_is_allowed(const PeerCredentials& peer, uid_t own_uid, std::optional<gid_t> group) {
    if (peer.uid == 0 || peer.uid == own_uid) return true;
    return group && std::find(peer.groups.begin(), peer.groups.end(), *group) != peer.groups.end();
}

ControlServer::ControlServer(boost::asio::io_context& io, ControlOptions options, ControlHandler& handler)
    : io_(io), options_(std::move(options)), handler_(handler), acceptor_(io) {}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(boost::asio::io_context& io, ControlOptions options,
                                                             ControlHandler& handler) {
    const std::string path = options.path;
    if (path.empty() || path.size() > kPathMax)
        return Error{ErrorCode::kInvalid, "control socket path '" + path + "' is empty or longer than 107 bytes"};
    AIP_TRY(remove_stale(path));
    std::unique_ptr<ControlServer> server(new ControlServer(io, std::move(options), handler));
    const std::string what = "cannot listen on " + path;
    boost::system::error_code error;
    server->acceptor_.open(Protocol(), error);
    if (!error) server->acceptor_.bind(Protocol::endpoint(path), error);
    if (error == boost::system::errc::no_such_file_or_directory)
        return Error{ErrorCode::kNotFound, what + ": there is no such directory; make it, or change [control] socket"};
    if (error) return io_error(what, error.value());
    struct stat status {};
    if (chmod(path.c_str(), kSocketMode) != 0 || lstat(path.c_str(), &status) != 0) return io_error(what, errno);
    server->socket_inode_ = {status.st_dev, status.st_ino};
    if (server->options_.group && chown(path.c_str(), static_cast<uid_t>(-1), *server->options_.group) != 0)
        return io_error("cannot give " + path + " to its group", errno);
    server->acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return io_error(what, error.value());
    server->accept_next();
    return server;
}

ControlServer::~ControlServer() {
    for (auto& [id, session] : sessions_) session->abandon();
    struct stat status {};
    if (lstat(options_.path.c_str(), &status) == 0 &&
        socket_inode_ == std::pair<uint64_t, uint64_t>{status.st_dev, status.st_ino})
        unlink(options_.path.c_str());
}

void ControlServer::accept_next() {
    acceptor_.async_accept([alive = std::weak_ptr(alive_)](boost::system::error_code error, Protocol::socket socket) {
        const auto server = alive.lock();
        if (!server) return;
        if (!error) (*server)->admit(std::move(socket));
        (*server)->accept_next();
    });
}

void ControlServer::admit(Protocol::socket socket) {
    const auto peer = peer_of(socket.native_handle());
    if (!peer || !peer_is_allowed(*peer, geteuid(), options_.group)) {
        ++counters_.refused_peer;
        return refuse(socket, ErrorCode::kDenied,
                      "this user may not use " + options_.path + "; be root or a member of its group");
    }
    if (sessions_.size() >= limits::kControlClientsMax) {
        ++counters_.refused_full;
        return refuse(socket, ErrorCode::kBusy, "the daemon serves as many programs as it can; close one");
    }
    const SessionId id = next_session_++;
    const auto session = std::make_shared<Session>(*this, id, std::move(socket));
    sessions_.emplace(id, session);
    ++counters_.opened;
    handler_.on_open(id, peer->uid);
    session->start();
}

void ControlServer::queue(SessionId session, const api::Message& message, std::optional<OwnedFd> file) {
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return;
    AIP_ASSERT(api::has_file(message) == file.has_value());
    auto frame = api::encode(message);
    if (frame) return it->second->queue(std::move(*frame), std::move(file));
    const auto* reply = std::get_if<api::Reply>(&message);
    if (reply == nullptr) return;
    if (const auto failure = api::encode(api::Reply{reply->id, api::Failure{frame.error().code, frame.error().text}}))
        it->second->queue(*failure, std::nullopt);
}

void ControlServer::reply(SessionId session, api::Reply reply, std::optional<OwnedFd> file) {
    queue(session, std::move(reply), std::move(file));
}

void ControlServer::progress(SessionId session, const api::Progress& progress) {
    const auto it = sessions_.find(session);
    if (it != sessions_.end() && it->second->queued() < limits::kControlProgressQueueMax)
        queue(session, progress, std::nullopt);
}

void ControlServer::event(SessionId session, const api::Delivery& delivery, OwnedFd file) {
    queue(session, delivery, std::move(file));
}

void ControlServer::close(SessionId session) {
    const auto it = sessions_.find(session);
    if (it != sessions_.end()) it->second->close_when_sent();
}

void ControlServer::ended(SessionId session) {
    if (sessions_.erase(session) != 0) handler_.on_close(session);
}

}  // namespace aip::daemons
