// aip.hpp: model sockets for C++ (C++17 and later), header only over the C ABI beside it; link with aip_api.
//
//     aip::Client client = aip::Client::connect();
//     aip::Socket s = client.socket();
//     s.bind("fashion");                                  // I can train this
//     s.publish_interest(label_counts, samples, per_second);  // what my data looks like, how fast I train
//     while (auto m = s.recv()) {                         // a read-only safetensors file and its journey
//         auto result = train(m->path());
//         m->finish(result.file, {.what = "sgd", .loss_before = a, .loss_after = b}, aip::next_stop());
//     }
//
// Every failure is an aip::ApiError: its code (aip_status) to decide by, what() to show. Units, ownership and threads
// are as aip.h says: one thread uses a Socket and its Models, which must not outlive it; cancel() from anywhere.
#pragma once

#include <aip/aip.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace aip {

class ApiError : public std::runtime_error {
public:
    ApiError(aip_status code, const std::string& text) : std::runtime_error(text), code_(code) {}
    aip_status code() const { return code_; }

private:
    aip_status code_;
};

namespace detail {

inline void check(aip_status status, const void* handle) {
    if (status != AIP_OK) throw ApiError(status, aip_last_error(handle));
}

class ReadOnlyFile {
public:
    explicit ReadOnlyFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (fd_ < 0)
            throw ApiError(errno == ENOENT ? AIP_NOT_FOUND : AIP_IO,
                           "cannot open " + path + ": " + std::strerror(errno));
    }
    ~ReadOnlyFile() { ::close(fd_); }
    ReadOnlyFile(const ReadOnlyFile&) = delete;
    ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

inline const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace detail

// Where a model goes: aip::to("fd..") or aip::next_stop().
struct Destination {
    std::string address;  // empty: wherever a node can learn most
    uint32_t stops = 0;
    std::string policy;

    aip_destination c() const { return {detail::or_null(address), stops, detail::or_null(policy)}; }
};
inline Destination to(std::string address) { return {std::move(address), 0, {}}; }
// A journey of so many training stops; on finish, 0: as many as it has left. policy empty: the journey's or the node's.
inline Destination next_stop(uint32_t stops = 0, std::string policy = {}) { return {{}, stops, std::move(policy)}; }

// What was done, for the ledger. NAN: not measured.
struct Work {
    std::string what;
    uint64_t samples = 0;
    uint64_t steps = 0;
    double loss_before = NAN;
    double loss_after = NAN;
    std::map<std::string, double> metrics = {};
    std::map<std::string, std::string> parameters = {};  // e.g. {"learning_rate", "0.05"}
};

struct Sent {
    std::string version;  // hex
    std::string peer;     // address of the node that signed the receipt
    std::string journey;  // id, empty for a model sent to an address
    uint64_t bytes = 0;
    uint64_t wire_bytes = 0;
    std::chrono::milliseconds elapsed{};
};

struct Finished {
    std::string version;    // hex, of the child
    std::string next_stop;  // address, empty if the journey ends here
    std::string why;
};

// What the task asks of a stop before the model may leave; NAN or 0: nothing.
struct Stay {
    double accuracy = NAN;
    double loss = NAN;
    uint64_t steps = 0;  // left
    // Whether `work`, all that was done since recv(), is too little.
    bool asks_for_more(const Work& work) const {
        if ((std::isnan(accuracy) && std::isnan(loss) && steps == 0) || (steps > 0 && work.steps >= steps))
            return false;
        const auto reached = work.metrics.find("accuracy");
        const bool accurate = reached != work.metrics.end() && reached->second >= accuracy;
        return !accurate && !(work.loss_after <= loss);
    }
};

// A received model, in custody until finish() or release().
class Model {
public:
    // The safetensors file, read-only; the path is good in this process while the Model lives.
    std::string path() const { return aip_model_path(model_.get()); }
    int fd() const { return aip_model_file(model_.get()); }

    std::string version() const { return info().version; }
    std::string task() const { return info().task; }
    std::string name() const { return info().name; }
    std::string journey() const { return info().journey; }
    std::string from() const { return info().from; }
    std::string why() const { return info().why; }
    uint32_t stop() const { return info().stop; }
    uint32_t stops_left() const { return info().stops_left; }
    uint64_t bytes() const { return info().bytes; }
    std::vector<uint64_t> labels_seen() const { return {info().labels_seen, info().labels_seen + info().labels}; }

    Stay stay() const {
        aip_stay stay{};
        aip_model_get_stay(model_.get(), &stay);
        return {stay.accuracy, stay.loss, stay.steps};
    }

    Finished finish(int file, const Work& work, const Destination& destination = next_stop()) {
        std::vector<aip_metric> metrics;
        for (const auto& [name, value] : work.metrics) metrics.push_back({name.c_str(), value});
        std::vector<aip_parameter> parameters;
        for (const auto& [name, value] : work.parameters) parameters.push_back({name.c_str(), value.c_str()});
        const aip_work w{work.what.c_str(), work.samples,   work.steps,        work.loss_before, work.loss_after,
                         metrics.data(),    metrics.size(), parameters.data(), parameters.size()};
        const aip_destination d = destination.c();
        aip_finished f{};
        detail::check(aip_finish(model_.get(), file, &w, &d, &f), socket_);
        return {f.version, f.next_stop, f.why};
    }
    Finished finish(const std::string& file, const Work& work, const Destination& destination = next_stop()) {
        return finish(detail::ReadOnlyFile(file).fd(), work, destination);
    }
    // Not to be trained: measured() says how good it is on data held back; nothing if that cannot be said.
    bool to_measure() const { return aip_model_is_to_measure(model_.get()) != 0; }
    void measured(const std::vector<aip_class_figures>& classes) {
        detail::check(aip_measured(model_.get(), classes.data(), classes.size()), socket_);
    }
    void release() { detail::check(aip_release(model_.get()), socket_); }

private:
    friend class Socket;
    struct Close {
        void operator()(aip_model* model) const { aip_model_close(model); }
    };
    Model(aip_model* model, aip_socket* socket) : model_(model), socket_(socket) {}
    aip_model_info info() const {
        aip_model_info info{};
        aip_model_get_info(model_.get(), &info);
        return info;
    }

    std::unique_ptr<aip_model, Close> model_;
    aip_socket* socket_;
};

class Socket {
public:
    // Bytes done, bytes in all, what is going on; false cancels the send.
    using Progress = std::function<bool(uint64_t, uint64_t, const char*)>;

    // measures: models that are to_measure() may come too.
    void bind(const std::string& task, bool measures = false) {
        detail::check((measures ? aip_bind_measuring : aip_bind)(socket_.get(), task.c_str()), socket_.get());
        task_ = task;
    }
    // For the task bound last.
    void publish_interest(const std::vector<uint64_t>& label_counts, uint64_t samples, double samples_per_second) {
        detail::check(aip_publish_interest(socket_.get(), task_.c_str(), label_counts.data(), label_counts.size(),
                                           samples, samples_per_second),
                      socket_.get());
    }

    // A new model of the task (empty: the one bound last). Returns with the receiver's signed receipt.
    Sent send(const std::string& file, const Destination& destination, const std::string& task = {},
              const std::string& name = {}, const Progress& progress = {}) {
        const detail::ReadOnlyFile model(file);
        const aip_destination d = destination.c();
        aip_sent s{};
        const auto forward = [](uint64_t done, uint64_t total, const char* note, void* context) {
            return (*static_cast<const Progress*>(context))(done, total, note) ? 0 : 1;
        };
        detail::check(
            aip_send(socket_.get(), model.fd(), task.empty() ? task_.c_str() : task.c_str(), detail::or_null(name), &d,
                     progress ? +forward : nullptr, const_cast<Progress*>(&progress), &s),
            socket_.get());
        return {s.version, s.peer, s.journey, s.bytes, s.wire_bytes, std::chrono::milliseconds(s.elapsed_ms)};
    }

    // Asks for one model sent to this node's address, of a task (empty: any); recv() gives it.
    void receive(const std::string& task = {}) {
        detail::check(aip_receive(socket_.get(), detail::or_null(task)), socket_.get());
    }
    // Nothing after cancel() or when the time is up; negative: no limit.
    std::optional<Model> recv(std::chrono::milliseconds timeout = std::chrono::milliseconds(-1)) {
        aip_model* model = nullptr;
        const aip_status status = aip_recv(socket_.get(), static_cast<int>(timeout.count()), &model);
        if (status == AIP_TIMEOUT || status == AIP_CANCELLED) return std::nullopt;
        detail::check(status, socket_.get());
        return Model(model, socket_.get());
    }

    int fd() const { return aip_fd(socket_.get()); }    // for poll()
    void cancel() const { aip_cancel(socket_.get()); }  // any thread, any signal handler

private:
    friend class Client;
    struct Close {
        void operator()(aip_socket* socket) const { aip_socket_close(socket); }
    };
    explicit Socket(aip_socket* socket) : socket_(socket) {}

    std::unique_ptr<aip_socket, Close> socket_;
    std::string task_;
};

class Client {
public:
    // Empty: $AIPACKET_SOCKET, else /run/aipacket/aipacketd.sock.
    static Client connect(const std::string& socket_path = {}) {
        aip_client* client = nullptr;
        const aip_status status = aip_client_connect(detail::or_null(socket_path), &client);
        Client owner(client);
        detail::check(status, client);
        return owner;
    }
    Socket socket() {
        aip_socket* socket = nullptr;
        detail::check(aip_socket_open(client_.get(), &socket), client_.get());
        return Socket(socket);
    }
    std::string address() const { return aip_client_address(client_.get()); }

private:
    struct Close {
        void operator()(aip_client* client) const { aip_client_close(client); }
    };
    explicit Client(aip_client* client) : client_(client) {}

    std::unique_ptr<aip_client, Close> client_;
};

}  // namespace aip
