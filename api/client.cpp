#include "api/client.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/limits.hpp"

namespace aip::api {
namespace {

const char* default_path() {
    const char* configured = std::getenv("AIPACKET_SOCKET");
    return configured != nullptr ? configured : kDefaultSocket;
}

}  // namespace

aip_status guarded(Handle& handle, const std::function<Result<void>()>& work) {
    try {
        handle.error.clear();
        const auto result = work();
        if (result) return AIP_OK;
        handle.error = result.error().text;
        return static_cast<aip_status>(result.error().code);
    } catch (const std::exception& e) {
        handle.error = e.what();
        return AIP_NO_SPACE;
    }
}

Result<Destination> destination_from(const aip_destination* to) {
    if (to == nullptr) return Error{ErrorCode::kInvalid, "no destination given"};
    if (to->address == nullptr) return Destination(NextStop{to->stops, to->policy == nullptr ? "" : to->policy, 0, {}});
    const auto address = Address::parse(to->address);
    if (!address) return Error{ErrorCode::kInvalid, std::string(to->address) + " is no node address (fd..)"};
    return Destination(*address);
}

Result<Work> work_from(const aip_work* work) {
    if (work == nullptr || work->what == nullptr || (work->metrics == nullptr && work->metrics_count != 0) ||
        (work->parameters == nullptr && work->parameters_count != 0))
        return Error{ErrorCode::kInvalid, "no work given: say at least what was done"};
    Work out{work->what, work->samples, work->steps, work->loss_before, work->loss_after, {}, {}};
    for (size_t i = 0; i < work->metrics_count; ++i) {
        if (work->metrics[i].name == nullptr) return Error{ErrorCode::kInvalid, "a metric has no name"};
        out.metrics.emplace_back(work->metrics[i].name, work->metrics[i].value);
    }
    for (size_t i = 0; i < work->parameters_count; ++i) {
        const aip_parameter& parameter = work->parameters[i];
        if (parameter.name == nullptr || parameter.value == nullptr)
            return Error{ErrorCode::kInvalid, "a parameter has no name or no value"};
        out.parameters.emplace_back(parameter.name, parameter.value);
    }
    return out;
}

void copy_text(char* out, size_t size, const std::string& text) {
    const size_t length = std::min(size - 1, text.size());
    std::memcpy(out, text.data(), length);
    out[length] = '\0';
}

}  // namespace aip::api

using namespace aip;
using namespace aip::api;

const char* aip_last_error(const void* client_or_socket) {
    if (client_or_socket == nullptr) return "out of memory";
    return static_cast<const Handle*>(client_or_socket)->error.c_str();
}

aip_status aip_client_connect(const char* socket_path, aip_client** client) {
    if (client == nullptr) return AIP_INVALID;
    *client = new (std::nothrow) aip_client;
    if (*client == nullptr) return AIP_NO_SPACE;
    return guarded(**client, [&]() -> Result<void> {
        (*client)->path = std::string(socket_path != nullptr ? socket_path : default_path());
        AIP_ASSIGN(const Connection connection, Connection::open((*client)->path, "libaip"));
        (*client)->address = connection.welcome().address.text();
        return {};
    });
}

void aip_client_close(aip_client* client) { delete client; }

const char* aip_client_address(const aip_client* client) { return client == nullptr ? "" : client->address.c_str(); }

aip_status aip_socket_open(aip_client* client, aip_socket** socket) {
    if (client == nullptr || socket == nullptr) return AIP_INVALID;
    *socket = nullptr;
    return guarded(*client, [&]() -> Result<void> {
        AIP_ASSIGN(Connection connection, Connection::open(client->path, "libaip"));
        *socket = new aip_socket{{}, std::move(connection)};
        return {};
    });
}

void aip_socket_close(aip_socket* socket) { delete socket; }

int aip_fd(const aip_socket* socket) { return socket == nullptr ? -1 : socket->connection.poll_fd(); }

void aip_cancel(aip_socket* socket) {
    if (socket != nullptr) socket->connection.interrupt();
}

namespace {

aip_status bind(aip_socket* socket, const char* task, bool measures) {
    if (socket == nullptr || task == nullptr) return AIP_INVALID;
    return guarded(*socket, [&]() -> Result<void> {
        AIP_TRY(expect<Ok>(socket->connection.call(Bind{task, measures})));
        return {};
    });
}

}  // namespace

aip_status aip_bind(aip_socket* socket, const char* task) { return bind(socket, task, false); }

aip_status aip_bind_measuring(aip_socket* socket, const char* task) { return bind(socket, task, true); }

aip_status aip_publish_interest(aip_socket* socket, const char* task, const uint64_t* label_counts, size_t labels,
                                uint64_t samples, double samples_per_second) {
    if (socket == nullptr || task == nullptr || (label_counts == nullptr && labels != 0)) return AIP_INVALID;
    return guarded(*socket, [&]() -> Result<void> {
        if (labels > limits::kSketchBinsMax)
            return Error{ErrorCode::kInvalid, "an interest has too many labels; merge the rare ones"};
        AIP_TRY(expect<Ok>(socket->connection.call(PublishInterest{
            task, std::vector<uint64_t>(label_counts, label_counts + labels), samples, samples_per_second})));
        return {};
    });
}
