// The half of the C ABI that moves models: send, receive, finish, release.
#include "api/client.hpp"
#include "base/limits.hpp"

using namespace aip;
using namespace aip::api;

namespace {

Connection::OnProgress report_to(Connection& connection, aip_progress progress, void* context) {
    if (progress == nullptr) return {};
    return [&connection, progress, context](const Progress& p) {
        if (progress(p.done, p.total, p.note.c_str(), context) != 0) connection.interrupt();
    };
}

void fill(aip_sent& out, const Sent& sent) {
    copy_text(out.version, sizeof out.version, sent.version.hex());
    copy_text(out.peer, sizeof out.peer, sent.peer.text());
    copy_text(out.journey, sizeof out.journey, sent.journey);
    out.bytes = sent.bytes;
    out.wire_bytes = sent.wire_bytes;
    out.elapsed_ms = sent.elapsed_ms;
}

void fill(aip_finished& out, const Finished& finished) {
    copy_text(out.version, sizeof out.version, finished.version.hex());
    copy_text(out.next_stop, sizeof out.next_stop, finished.next_stop ? finished.next_stop->text() : "");
    copy_text(out.why, sizeof out.why, finished.why);
}

Error not_in_custody() { return {ErrorCode::kInvalid, "the model was finished or released already"}; }

}  // namespace

aip_status aip_send(aip_socket* socket, int file, const char* task, const char* name, const aip_destination* to,
                    aip_progress progress, void* context, aip_sent* sent) {
    if (socket == nullptr || task == nullptr) return AIP_INVALID;
    return guarded(*socket, [&]() -> Result<void> {
        AIP_TRY(check_model_file(file));
        AIP_ASSIGN(Destination destination, destination_from(to));
        Send request{task, name == nullptr ? "" : name, std::move(destination)};
        AIP_ASSIGN(const Sent reply, expect<Sent>(socket->connection.call(
                                         std::move(request), file, report_to(socket->connection, progress, context))));
        if (sent != nullptr) fill(*sent, reply);
        return {};
    });
}

aip_status aip_receive(aip_socket* socket, const char* task) {
    if (socket == nullptr) return AIP_INVALID;
    return guarded(*socket, [&]() -> Result<void> {
        AIP_TRY(expect<Ok>(socket->connection.call(Receive{task == nullptr ? "" : task, true})));
        return {};
    });
}

aip_status aip_recv(aip_socket* socket, int timeout_ms, aip_model** model) {
    if (socket == nullptr || model == nullptr) return AIP_INVALID;
    *model = nullptr;
    return guarded(*socket, [&]() -> Result<void> {
        std::optional<Duration> timeout;
        if (timeout_ms >= 0) timeout = Duration::milliseconds(timeout_ms);
        AIP_ASSIGN(auto arrival, socket->connection.wait_delivery(timeout));
        if (arrival) {
            *model = new aip_model{*socket, std::move(*arrival)};
            return {};
        }
        if (socket->connection.interrupted()) return Error{ErrorCode::kCancelled, "cancelled"};
        return Error{ErrorCode::kTimeout, "no model came in " + std::to_string(timeout_ms) + " ms"};
    });
}

aip_status aip_model_get_info(const aip_model* model, aip_model_info* info) {
    if (model == nullptr || info == nullptr) return AIP_INVALID;
    const Delivery& d = model->arrival.delivery;
    *info = {model->version.c_str(), d.task.c_str(), d.name.c_str(), d.journey.c_str(), model->from.c_str(),
             d.why.c_str(),          d.stop,         d.stops_left,   d.bytes,           d.labels_seen.data(),
             d.labels_seen.size()};
    return AIP_OK;
}

aip_status aip_model_get_stay(const aip_model* model, aip_stay* stay) {
    if (model == nullptr || stay == nullptr) return AIP_INVALID;
    const Stay& asked = model->arrival.delivery.stay;
    *stay = {asked.accuracy.value_or(NAN), asked.loss.value_or(NAN), asked.steps};
    return AIP_OK;
}

int aip_model_is_to_measure(const aip_model* model) { return model != nullptr && model->arrival.delivery.measure; }

aip_status aip_measured(aip_model* model, const aip_class_figures* classes, size_t count) {
    if (model == nullptr || (classes == nullptr && count != 0)) return AIP_INVALID;
    return guarded(model->socket, [&]() -> Result<void> {
        if (!model->in_custody) return not_in_custody();
        if (count > limits::kClassFiguresMax)
            return Error{ErrorCode::kInvalid, "figures of more than 1,024 classes; leave the rarest out"};
        Measured request{model->arrival.delivery.id, {}};
        for (size_t i = 0; i < count; ++i)
            request.classes.push_back({classes[i].label, classes[i].samples, classes[i].loss, classes[i].accuracy});
        AIP_TRY(expect<Ok>(model->socket.connection.call(std::move(request))));
        model->in_custody = false;
        return {};
    });
}

int aip_model_file(const aip_model* model) { return model == nullptr ? -1 : model->arrival.file.get(); }

const char* aip_model_path(const aip_model* model) { return model == nullptr ? "" : model->path.c_str(); }

aip_status aip_finish(aip_model* model, int file, const aip_work* work, const aip_destination* to,
                      aip_finished* finished) {
    if (model == nullptr) return AIP_INVALID;
    return guarded(model->socket, [&]() -> Result<void> {
        if (!model->in_custody) return not_in_custody();
        AIP_TRY(check_model_file(file));
        AIP_ASSIGN(Work done, work_from(work));
        AIP_ASSIGN(Destination destination, destination_from(to));
        Finish request{model->arrival.delivery.id, std::move(done), std::move(destination)};
        AIP_ASSIGN(const Finished reply, expect<Finished>(model->socket.connection.call(std::move(request), file)));
        model->in_custody = false;
        if (finished != nullptr) fill(*finished, reply);
        return {};
    });
}

aip_status aip_release(aip_model* model) {
    if (model == nullptr) return AIP_INVALID;
    return guarded(model->socket, [&]() -> Result<void> {
        if (!model->in_custody) return not_in_custody();
        AIP_TRY(expect<Ok>(model->socket.connection.call(Release{model->arrival.delivery.id})));
        model->in_custody = false;
        return {};
    });
}

void aip_model_close(aip_model* model) { delete model; }
