// A ControlServer on a thread of its own with a node behind it that knows just enough to answer every request: what the
// client library and aipctl are tried against. "Models" are any bytes; a version is their SHA-256.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "crypto/sha256.hpp"
#include "daemons/control/control_server.hpp"

namespace aip::daemons {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "aipacket-test-XXXXXX").string();
        AIP_ASSERT(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline OwnedFd memory_file(std::string_view content) {
    OwnedFd file(memfd_create("model", MFD_CLOEXEC));
    AIP_ASSERT(write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    return file;
}

inline std::string content_of(int file) {
    struct stat status {};
    AIP_ASSERT(fstat(file, &status) == 0);
    std::string content(static_cast<size_t>(status.st_size), '\0');
    AIP_ASSERT(pread(file, content.data(), content.size(), 0) == status.st_size);
    return content;
}

class FakeNode final : public ControlHandler {
public:
    static inline const Address kAddress = *Address::parse("fd12:3456:789a::1");
    static inline const Address kPeer = *Address::parse("fd12:3456:789a::2");

    explicit FakeNode(const std::string& path) {
        auto listening = ControlServer::listen(io_, {path, std::nullopt}, *this);
        AIP_ASSERT(listening.has_value());
        server_ = std::move(*listening);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~FakeNode() override {
        boost::asio::post(io_, [this] {
            server_.reset();
            io_.stop();
        });
        thread_.join();
    }

    // A model that the next session bound to its task, or asking to receive, gets.
    void put_model(std::string content) {
        const std::lock_guard lock(mutex_);
        models_.push_back(std::move(content));
    }

    // Waits until the node has seen so much.
    template <class Condition>
    void wait_until(Condition condition) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return condition(*this); });
    }
    ControlCounters counters() {
        const std::lock_guard lock(mutex_);
        return counters_;
    }

    // To be set before a client connects.
    api::Welcome welcome{api::kProtocolVersion, "fake", kAddress, {}};
    Report revocations{"Revocations", {{"identity", ColumnType::kText}, {"word", ColumnType::kText}}, {}, {}};
    std::function<api::ReplyBody(const api::RequestBody&)> ledger = [](const api::RequestBody&) {
        return api::Failure{ErrorCode::kNotFound, "the ledger is empty"};
    };

    // Guarded: read inside wait_until.
    int opened = 0;
    int closed = 0;
    std::vector<api::RequestBody> seen;
    std::vector<std::string> files;

private:
    void on_open(SessionId, uid_t uid) override {
        AIP_ASSERT(uid == geteuid());
        note([&] { ++opened; });
    }
    void on_close(SessionId) override {
        note([&] { ++closed; });
    }
    void on_request(SessionId session, api::Request request, std::optional<OwnedFd> file) override {
        note([&] {
            seen.push_back(request.body);
            if (file) files.push_back(content_of(file->get()));
        });
        session_ = session;
        id_ = request.id;
        std::visit([&](const auto& body) { answer(body); }, request.body);
    }

    template <class F>
    void note(F change) {
        const std::lock_guard lock(mutex_);
        change();
        counters_ = server_ ? server_->counters() : counters_;
        changed_.notify_all();
    }
    void reply(api::ReplyBody body, std::optional<OwnedFd> file = std::nullopt) {
        server_->reply(session_, {id_, std::move(body)}, std::move(file));
    }
    VersionId last_version() const { return *VersionId::from(crypto::sha256(as_bytes(files.back())).view()); }
    void deliver(const std::string& task) {
        if (models_.empty()) return;
        api::Delivery delivery{++last_delivery_,
                               {},
                               {},
                               task,
                               "mlp",
                               "12ab",
                               3,
                               7,
                               kPeer,
                               models_.front().size(),
                               {1, 2},
                               "most to learn",
                               {0.9, std::nullopt, 100},
                               task == "measured"};
        delivery.version = *VersionId::from(crypto::sha256(as_bytes(models_.front())).view());
        server_->event(session_, delivery, memory_file(models_.front()));
        models_.erase(models_.begin());
    }

    void answer(const api::Hello&) { reply(welcome); }

    void answer(const api::Bind& m) {
        reply(api::Ok{});
        deliver(m.task);
    }
    void answer(const api::PublishInterest&) { reply(api::Ok{}); }
    void answer(const api::Receive& m) {
        if (!m.wait && models_.empty()) return reply(api::Failure{ErrorCode::kNotFound, "no model is waiting here"});
        reply(api::Ok{});
        deliver(m.task.empty() ? "any" : m.task);
    }
    void answer(const api::Send& m) {
        const uint64_t size = files.back().size();
        server_->progress(session_, {id_, size / 2, size, "00ff", "sending"});
        if (m.task == "slow") {
            slow_ = id_;
            return;
        }
        if (m.task == "unserved") return reply(api::Failure{ErrorCode::kNotFound, "no node serves task 'unserved'"});
        server_->progress(session_, {id_, size, size, "00ff", "waiting for the receipt"});
        const bool journey = std::holds_alternative<api::NextStop>(m.destination);
        reply(api::Sent{last_version(), journey ? "12ab" : "", kPeer, {1, 2, 3}, size, size + 48, 5, std::nullopt});
    }
    void answer(const api::CancelRequest& m) {
        if (m.request == slow_) server_->reply(session_, {slow_, api::Failure{ErrorCode::kCancelled, "cancelled"}});
        reply(api::Ok{});
    }
    void answer(const api::Finish& m) {
        if (m.delivery != last_delivery_) return reply(api::Failure{ErrorCode::kNotFound, "no such delivery"});
        reply(api::Finished{last_version(), kPeer, "most to learn"});
    }
    void answer(const api::Release& m) {
        if (m.delivery != last_delivery_) return reply(api::Failure{ErrorCode::kNotFound, "no such delivery"});
        reply(api::Ok{});
    }
    void answer(const api::Measured& m) {
        if (m.delivery != last_delivery_) return reply(api::Failure{ErrorCode::kNotFound, "no such delivery"});
        reply(api::Ok{});
    }
    void answer(const api::Cancel&) { reply(api::Ok{}); }
    void answer(const api::Order& m) { reply(Report{m.name, {{"order", ColumnType::kText}}, {{m.name}}, {}}); }
    void answer(const api::ReportQuery& m) {
        if (m.name == "flood") return flood();
        if (m.name == "revocations") return reply(revocations);
        Report report{m.name, {{"argument", ColumnType::kText}, {"length", ColumnType::kInteger}}, {}, {"a note"}};
        for (const std::string& arg : m.args) report.rows.push_back({arg, static_cast<int64_t>(arg.size())});
        reply(std::move(report));
    }
    void flood() {
        for (int i = 0; i < 64; ++i) reply(api::Blob{Bytes(1u << 20)});
    }
    void answer(const api::LedgerEntry& m) { reply(ledger(m)); }
    void answer(const api::LedgerCheckpoint& m) { reply(ledger(m)); }
    void answer(const api::LedgerConsistency& m) { reply(ledger(m)); }
    void answer(const api::LedgerAudit& m) { reply(ledger(m)); }
    void answer(const api::TaskCreate& m) {
        if (m.name == "taken") return reply(api::Failure{ErrorCode::kInvalid, "task record: jump is 2"});
        reply(api::Task{m.name + "@0123456789abcdef0123456789abcdef"});
    }
    void answer(const api::TaskJoin& m) { reply(api::Task{m.task + "@0123456789abcdef0123456789abcdef"}); }
    void answer(const api::TaskLeave& m) {
        reply(api::Failure{ErrorCode::kInvalid, "this node has not joined task '" + m.task + "'"});
    }
    void answer(const api::ExportVersion&) { reply(api::File{5}, memory_file("model")); }

    boost::asio::io_context io_;
    std::unique_ptr<ControlServer> server_;
    std::mutex mutex_;
    std::condition_variable changed_;
    ControlCounters counters_;
    std::vector<std::string> models_;
    SessionId session_ = 0;
    uint64_t id_ = 0;
    uint64_t slow_ = 0;
    uint64_t last_delivery_ = 40;
    std::thread thread_;
};

}  // namespace aip::daemons
