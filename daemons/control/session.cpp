#include "daemons/control/session.hpp"

#include <array>
#include <boost/asio/post.hpp>

#include "base/limits.hpp"

namespace aip::daemons {
namespace {
constexpr size_t kReadBytes = 64u << 10;
}

void ControlServer::Session::queue(Bytes frame, std::optional<OwnedFd> file) {
    if (closing_ || ended_) return;
    out_bytes_ += frame.size();
    out_.push_back({std::move(frame), 0, std::move(file)});
    if (out_.size() > limits::kControlQueueMessagesMax || out_bytes_ > limits::kControlQueueBytesMax) {
        ++server_.counters_.slow;
        end();
        return;
    }
    write_next();
}

void ControlServer::Session::close_when_sent() {
    closing_ = true;
    if (out_.empty()) end();
}

void ControlServer::Session::abandon() {
    abandoned_ = true;
    ended_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
}

void ControlServer::Session::read_next() {
    socket_.async_wait(Socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
        if (self->ended_ || self->closing_) return;
        error ? self->end() : self->on_readable();
    });
}

void ControlServer::Session::on_readable() {
    std::array<uint8_t, kReadBytes> buffer;
    const auto received = api::receive_some(socket_.native_handle(), buffer, files_);
    if (!received) return garbage(received.error());
    if (received->state == api::Io::kClosed) return end();
    frames_.push(ByteView(buffer).first(received->bytes));
    const auto taken = take_frames();
    if (!taken) return garbage(taken.error());
    if (!ended_ && !closing_) read_next();
}

Result<void> ControlServer::Session::take_frames() {
    while (!ended_ && !closing_) {
        AIP_ASSIGN(const auto frame, frames_.next());
        if (!frame) break;
        AIP_TRY(take(*frame));
    }
    if (frames_.empty() && !files_.empty()) return Error{ErrorCode::kInvalid, "a descriptor that no message brings"};
    return {};
}

Result<void> ControlServer::Session::take(ByteView frame) {
    AIP_ASSIGN(api::Message message, api::parse(frame));
    auto* request = std::get_if<api::Request>(&message);
    if (request == nullptr) return Error{ErrorCode::kInvalid, "only requests are taken on the control socket"};
    std::optional<OwnedFd> file;
    if (api::has_file(message)) {
        if (files_.empty()) return Error{ErrorCode::kInvalid, "the request brings no descriptor"};
        file = std::move(files_.front());
        files_.pop_front();
    }
    if (!greeted_) AIP_TRY(check_hello(*request));
    greeted_ = true;
    ++server_.counters_.requests;
    if (file) {
        if (const auto fit = api::check_model_file(file->get()); !fit) {
            server_.reply(id_, {request->id, api::Failure{fit.error().code, fit.error().text}});
            return {};
        }
    }
    server_.handler_.on_request(id_, std::move(*request), std::move(file));
    return {};
}

Result<void> ControlServer::Session::check_hello(const api::Request& request) {
    const auto* hello = std::get_if<api::Hello>(&request.body);
    if (hello == nullptr) return Error{ErrorCode::kInvalid, "the first request must be hello"};
    if (hello->protocol != api::kProtocolVersion)
        return Error{ErrorCode::kInvalid, "the daemon speaks control protocol " +
                                              std::to_string(api::kProtocolVersion) + ", the program " +
                                              std::to_string(hello->protocol) + "; install one version of both"};
    return {};
}

void ControlServer::Session::garbage(const Error& error) {
    ++server_.counters_.garbage;
    server_.reply(id_, {0, api::Failure{ErrorCode::kInvalid, error.text}});
    close_when_sent();
}

void ControlServer::Session::write_next() {
    if (writing_ || out_.empty() || ended_) return;
    writing_ = true;
    socket_.async_wait(Socket::wait_write, [self = shared_from_this()](boost::system::error_code error) {
        self->writing_ = false;
        if (self->ended_) return;
        error ? self->end() : self->on_writable();
    });
}

void ControlServer::Session::on_writable() {
    while (!out_.empty()) {
        Outgoing& next = out_.front();
        const ByteView rest = ByteView(next.frame).subspan(next.sent);
        const auto sent = api::send_some(socket_.native_handle(), rest, next.file ? next.file->get() : -1);
        if (!sent) return end();
        if (*sent == 0) return write_next();
        next.file.reset();
        next.sent += *sent;
        out_bytes_ -= *sent;
        if (next.sent == next.frame.size()) out_.pop_front();
    }
    if (closing_) end();
}

void ControlServer::Session::end() {
    if (ended_) return;
    ended_ = true;
    out_.clear();
    boost::system::error_code ignored;
    socket_.close(ignored);
    boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
        if (!self->abandoned_) self->server_.ended(self->id_);
    });
}

}  // namespace aip::daemons
