#include "daemons/bridge.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "crypto/keys.hpp"
#include "model/source.hpp"

namespace aip::daemons {
namespace {

constexpr mode_t kDeliveryMode = 0444;  // rfc/0005 3.4: its receiver may be another user, and open it again to read

std::string hex_id(uint64_t id) {
    if (id == 0) return {};
    Bytes raw;
    Writer(raw).u64(id);
    return to_hex(raw);
}

// A delivered model: a file without a name, gone when the last descriptor is.
class UnlinkedFile final : public node::DeliveryFile {
public:
    explicit UnlinkedFile(OwnedFd fd) : fd_(std::move(fd)), sink_(fd_.get()) {}
    Result<void> write(ByteView bytes) override { return sink_.write(bytes); }

    // Another descriptor of the same file that cannot write.
    Result<OwnedFd> read_only() const {
        const std::string path = "/proc/self/fd/" + std::to_string(fd_.get());
        OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd) return Error{ErrorCode::kIo, "cannot reopen a delivered file: " + std::string(std::strerror(errno))};
        return fd;
    }

private:
    OwnedFd fd_;
    model::FdSink sink_;
};

class OwnedSource final : public model::Source {
public:
    OwnedSource(OwnedFd fd, model::FdSource source) : fd_(std::move(fd)), source_(std::move(source)) {}
    uint64_t size() const override { return source_.size(); }
    Result<void> read(uint64_t offset, MutableBytes out) override { return source_.read(offset, out); }

private:
    OwnedFd fd_;
    model::FdSource source_;
};

Result<std::unique_ptr<model::Source>> source_of(std::optional<OwnedFd> file) {
    if (!file) return Error{ErrorCode::kInvalid, "the request brings no file"};
    AIP_ASSIGN(model::FdSource source, model::FdSource::open(file->get()));
    return std::unique_ptr<model::Source>(std::make_unique<OwnedSource>(std::move(*file), std::move(source)));
}

node::NextDestination destination_of(const api::Destination& to) {
    if (const auto* address = std::get_if<Address>(&to)) return *address;
    const auto& next = std::get<api::NextStop>(to);
    return node::OnJourney{next.stops, next.policy, next.wire_bytes, next.time, next.itinerary};
}

node::WorkDone work_of(api::Work& work) {
    node::WorkDone done;
    done.what = std::move(work.what);
    done.samples = work.samples;
    done.steps = work.steps;
    if (std::isfinite(work.loss_before)) done.loss_before = work.loss_before;
    if (std::isfinite(work.loss_after)) done.loss_after = work.loss_after;
    for (auto& [name, value] : work.metrics)
        if (std::isfinite(value)) done.metrics[name] = value;
    for (auto& [name, value] : work.parameters) done.parameters[name] = std::move(value);
    return done;
}

}  // namespace

void Bridge::on_open(SessionId, uid_t) {}

void Bridge::on_close(SessionId session) {
    std::erase_if(sends_, [session](const auto& item) { return item.first.first == session; });
    node_->close_session(session);
}

void Bridge::on_request(SessionId session, api::Request request, std::optional<OwnedFd> file) {
    const Call call{session, request.id};
    std::visit([&](auto& body) { handle(call, body, std::move(file)); }, request.body);
}

void Bridge::answer(const Call& call, api::ReplyBody body, std::optional<OwnedFd> file) {
    server_->reply(call.session, {call.id, std::move(body)}, std::move(file));
}

void Bridge::answer(const Call& call, const Result<void>& result) {
    result ? answer(call, api::Ok{}) : fail(call, result.error());
}

void Bridge::handle(const Call& call, api::Hello&, std::optional<OwnedFd>) {
    api::Welcome welcome;
    welcome.software = "aipacketd/0.1.0";
    welcome.address = node_->self();
    welcome.network = network_;
    answer(call, std::move(welcome));
}

void Bridge::handle(const Call& call, api::Bind& request, std::optional<OwnedFd>) {
    answer(call, node_->bind(call.session, request.task, request.measures));
}

void Bridge::handle(const Call& call, api::PublishInterest& request, std::optional<OwnedFd>) {
    answer(call, node_->publish_interest(
                     call.session, request.task,
                     {{std::move(request.label_counts), {}}, request.samples, request.samples_per_second}));
}

void Bridge::handle(const Call& call, api::Send& request, std::optional<OwnedFd> file) {
    auto source = source_of(std::move(file));
    if (!source) return fail(call, source.error());
    const auto key = std::pair{call.session, call.id};
    sends_[key] = 0;
    node_->send(
        call.session, {request.task, request.name, destination_of(request.destination)}, std::move(*source),
        [this, call, key](uint64_t done, uint64_t total, uint64_t transfer, std::string_view note) {
            if (const auto it = sends_.find(key); it != sends_.end()) it->second = transfer;
            server_->progress(call.session, {call.id, done, total, hex_id(transfer), std::string(note)});
        },
        [this, call, key](Result<node::SentModel> sent) {
            sends_.erase(key);
            if (!sent) return fail(call, sent.error());
            api::Sent reply;
            reply.version = sent->version;
            reply.journey = hex_id(sent->journey);
            reply.peer = sent->peer;
            reply.receipt = std::move(sent->receipt);
            reply.bytes = sent->bytes;
            reply.wire_bytes = sent->wire_bytes;
            reply.elapsed_ms = static_cast<uint64_t>(sent->elapsed.count_ms());
            answer(call, std::move(reply));
        });
}

void Bridge::handle(const Call& call, api::Receive& request, std::optional<OwnedFd>) {
    answer(call, node_->receive(call.session, request.task, request.wait));
}

void Bridge::handle(const Call& call, api::Finish& request, std::optional<OwnedFd> file) {
    auto source = source_of(std::move(file));
    if (!source) return fail(call, source.error());
    node_->finish(call.session, request.delivery, work_of(request.work), destination_of(request.destination),
                  std::move(*source), [this, call](const Result<node::FinishedStop>& finished) {
                      if (!finished) return fail(call, finished.error());
                      answer(call, api::Finished{finished->version, finished->next, finished->why});
                  });
}

void Bridge::handle(const Call& call, api::Measured& request, std::optional<OwnedFd>) {
    std::vector<node::ClassFigures> figures;
    for (const api::ClassFigures& one : request.classes)
        figures.push_back({one.label, one.samples, one.loss, one.accuracy});
    answer(call, node_->measured(call.session, request.delivery, std::move(figures)));
}

void Bridge::handle(const Call& call, api::Release& request, std::optional<OwnedFd>) {
    node_->release(call.session, request.delivery,
                   [this, call](const Result<void>& released) { answer(call, released); });
}

void Bridge::handle(const Call& call, api::Cancel& request, std::optional<OwnedFd>) {
    uint64_t transfer = 0;
    const std::string& text = request.transfer;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), transfer, 16);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(call, {ErrorCode::kInvalid, "'" + text + "' is no transfer; see 'aipctl transfers'"});
    answer(call, node_->cancel(transfer));
}

void Bridge::handle(const Call& call, api::CancelRequest& request, std::optional<OwnedFd>) {
    const auto it = sends_.find({call.session, request.request});
    if (it == sends_.end() || it->second == 0)
        return fail(call, {ErrorCode::kNotFound, "nothing of that request can be cancelled now"});
    answer(call, node_->cancel(it->second));
}

void Bridge::handle(const Call& call, api::ReportQuery& request, std::optional<OwnedFd>) {
    if (request.name == "ping" || request.name == "trace") return echo(call, request);
    node_->report(request.name, request.args, [this, call, all = request.name == "counters"](Result<Report> report) {
        if (report && all) add_control_counters(*report);
        report ? answer(call, std::move(*report)) : fail(call, report.error());
    });
}

void Bridge::handle(const Call& call, api::Order& request, std::optional<OwnedFd>) {
    node_->order(request.name, request.args, [this, call](Result<Report> report) {
        report ? answer(call, std::move(*report)) : fail(call, report.error());
    });
}

void Bridge::echo(const Call& call, const api::ReportQuery& request) {
    const auto order = node::parse_echo_order(request.name, request.args);
    if (!order) return fail(call, order.error());
    node_->echo(
        call.session, *order,
        [this, call](uint64_t done, uint64_t total, std::string_view line) {
            server_->progress(call.session, {call.id, done, total, {}, std::string(line)});
        },
        [this, call](Result<Report> report) {
            report ? answer(call, std::move(*report)) : fail(call, report.error());
        });
}

void Bridge::add_control_counters(Report& counters) const {
    const ControlCounters& c = server_->counters();
    const auto add = [&counters](const char* name, uint64_t value) {
        counters.rows.push_back({std::string("control.") + name, static_cast<int64_t>(value)});
    };
    add("sessions", c.opened);
    add("requests", c.requests);
    add("refused_peer", c.refused_peer);
    add("refused_full", c.refused_full);
    add("garbage", c.garbage);
    add("slow", c.slow);
}

void Bridge::handle(const Call& call, api::LedgerEntry& request, std::optional<OwnedFd>) {
    node_->entry_proof({request.which, request.size}, request.node, [this, call](Result<Bytes> proof) {
        proof ? answer(call, api::Blob{std::move(*proof)}) : fail(call, proof.error());
    });
}

void Bridge::handle(const Call& call, api::LedgerCheckpoint& request, std::optional<OwnedFd>) {
    node_->checkpoint(request.size, [this, call](Result<Bytes> text) {
        text ? answer(call, api::Blob{std::move(*text)}) : fail(call, text.error());
    });
}

void Bridge::handle(const Call& call, api::LedgerConsistency& request, std::optional<OwnedFd>) {
    node_->consistency(request.from, request.to, [this, call](Result<Bytes> hashes) {
        hashes ? answer(call, api::Blob{std::move(*hashes)}) : fail(call, hashes.error());
    });
}

void Bridge::handle(const Call& call, api::LedgerAudit& request, std::optional<OwnedFd>) {
    node_->audit(request.version, [this, call](std::vector<node::AuditStep> steps) {
        api::Audit audit;
        for (node::AuditStep& step : steps)
            audit.steps.push_back({step.version, step.node, std::move(step.proof), std::move(step.note)});
        answer(call, std::move(audit));
    });
}

void Bridge::handle(const Call& call, api::ExportVersion& request, std::optional<OwnedFd>) {
    node_->export_version(request.version, [this, call](Result<std::unique_ptr<node::DeliveryFile>> file) {
        if (!file) return fail(call, file.error());
        auto fd = static_cast<UnlinkedFile&>(**file).read_only();
        if (!fd) return fail(call, fd.error());
        struct stat info {};
        static_cast<void>(fstat(fd->get(), &info));
        answer(call, api::File{static_cast<uint64_t>(info.st_size)}, std::move(*fd));
    });
}

Result<std::unique_ptr<node::DeliveryFile>> Bridge::open_delivery() {
    OwnedFd fd(open(delivery_dir_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, kDeliveryMode));
    if (!fd || fchmod(fd.get(), kDeliveryMode) != 0)  // whatever the umask
        return Error{errno == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo,
                     "cannot make a file in " + delivery_dir_ + ": " + std::strerror(errno)};
    return std::unique_ptr<node::DeliveryFile>(std::make_unique<UnlinkedFile>(std::move(fd)));
}

Result<void> Bridge::keep_file(const std::string& name, std::string_view text) {
    const std::string directory = delivery_dir_ + "/forks";
    static_cast<void>(mkdir(directory.c_str(), 0755));  // if it is not there, writing says why
    auto written = crypto::write_new_file(directory + "/" + name, as_bytes(text), 0644);
    return !written && written.error().code == ErrorCode::kExists ? Result<void>() : written;
}

void Bridge::deliver(node::SessionId session, const node::Delivery& delivery,
                     std::unique_ptr<node::DeliveryFile> file) {
    auto fd = static_cast<UnlinkedFile&>(*file).read_only();
    if (!fd) return log_(fd.error().text);
    api::Delivery event;
    event.id = delivery.id;
    event.version = delivery.version;
    event.parents = delivery.parents;
    event.task = delivery.task;
    event.name = delivery.name;
    event.journey = hex_id(delivery.journey);
    event.stop = delivery.stop;
    event.stops_left = delivery.stops_left;
    event.from = delivery.from;
    event.bytes = delivery.bytes;
    event.labels_seen = delivery.labels_seen;
    event.why = delivery.why;
    event.stay = {delivery.stay.accuracy, delivery.stay.loss, delivery.stay.steps};
    event.measure = delivery.measure;
    server_->event(session, event, std::move(*fd));
}

}  // namespace aip::daemons
