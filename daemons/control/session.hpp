// One client of the ControlServer. It owns the socket, what was received and not yet understood, and what was queued
// and not yet sent, each bounded. It tells the server once, from the loop and never from within a call of the
// server's, that it has ended. Loop thread only.
#pragma once

#include <deque>

#include "api/fd_channel.hpp"
#include "api/frame.hpp"
#include "daemons/control/control_server.hpp"

namespace aip::daemons {

class ControlServer::Session : public std::enable_shared_from_this<Session> {
public:
    using Socket = boost::asio::local::stream_protocol::socket;

    Session(ControlServer& server, SessionId id, Socket socket)
        : server_(server), id_(id), socket_(std::move(socket)) {}

    void start() { read_next(); }
    void queue(Bytes frame, std::optional<OwnedFd> file);
    size_t queued() const { return out_.size(); }
    void close_when_sent();
    void abandon();  // the server goes: close, tell nobody

private:
    struct Outgoing {
        Bytes frame;
        size_t sent = 0;
        std::optional<OwnedFd> file;
    };

    void read_next();
    void on_readable();
    Result<void> take_frames();
    Result<void> take(ByteView frame);
    Result<void> check_hello(const api::Request& request);
    void garbage(const Error& error);
    void write_next();
    void on_writable();
    void end();

    ControlServer& server_;
    const SessionId id_;
    Socket socket_;
    api::FrameReader frames_;
    std::deque<OwnedFd> files_;
    std::deque<Outgoing> out_;
    size_t out_bytes_ = 0;
    bool greeted_ = false;
    bool writing_ = false;
    bool closing_ = false;  // nothing more is read or queued
    bool ended_ = false;
    bool abandoned_ = false;  // server_ is no more
};

}  // namespace aip::daemons
