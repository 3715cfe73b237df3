// Bridge: control messages (rfc/0005) to calls of the node and back. It owns nothing but the correspondence: a request
// becomes one call, its callback one reply; a delivery's file is an unlinked file of the state directory, handed to the
// program read-only. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "daemons/control/control_server.hpp"
#include "node/node.hpp"

namespace aip::daemons {

class Bridge final : public ControlHandler, public node::Host {
public:
    using LogLine = std::function<void(std::string_view)>;
    using Fatal = std::function<void(const Error&)>;

    Bridge(std::string delivery_dir, crypto::PublicKey network, LogLine log, Fatal fatal)
        : delivery_dir_(std::move(delivery_dir)), network_(network), log_(std::move(log)), fatal_(std::move(fatal)) {}
    // Both before the loop runs.
    void attach(ControlServer& server) { server_ = &server; }
    void attach(node::Node& node) { node_ = &node; }

    // ControlHandler
    void on_open(SessionId session, uid_t uid) override;
    void on_request(SessionId session, api::Request request, std::optional<OwnedFd> file) override;
    void on_close(SessionId session) override;
    // node::Host
    Result<std::unique_ptr<node::DeliveryFile>> open_delivery() override;
    void deliver(node::SessionId session, const node::Delivery& delivery,
                 std::unique_ptr<node::DeliveryFile> file) override;
    void log(std::string_view line) override { log_(line); }
    Result<void> keep_file(const std::string& name, std::string_view text) override;
    void fatal(const Error& error) override { fatal_(error); }

private:
    struct Call {  // whom to answer
        SessionId session;
        uint64_t id;
    };
    void handle(const Call& call, api::Hello& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Bind& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::PublishInterest& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Send& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Receive& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Finish& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Release& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Measured& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Cancel& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::CancelRequest& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::ReportQuery& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::Order& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::LedgerEntry& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::LedgerCheckpoint& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::LedgerConsistency& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::LedgerAudit& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::ExportVersion& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::TaskCreate& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::TaskJoin& request, std::optional<OwnedFd> file);
    void handle(const Call& call, api::TaskLeave& request, std::optional<OwnedFd> file);

    void echo(const Call& call, const api::ReportQuery& request);
    void add_control_counters(Report& counters) const;
    void answer(const Call& call, api::ReplyBody body, std::optional<OwnedFd> file = std::nullopt);
    void answer(const Call& call, const Result<void>& result);
    std::function<void(Result<std::string>)> answer_task(const Call& call);
    void fail(const Call& call, const Error& error) { answer(call, api::Failure{error.code, error.text}); }

    std::string delivery_dir_;
    crypto::PublicKey network_;
    LogLine log_;
    Fatal fatal_;
    ControlServer* server_ = nullptr;
    node::Node* node_ = nullptr;
    std::map<std::pair<SessionId, uint64_t>, uint64_t> sends_;  // open send requests and their transfers
};

}  // namespace aip::daemons
