// The reading half of control.hpp. Inside the try of parse(), a malformed message throws: kj::Exception from Cap'n
// Proto's own checks, Malformed from ours; parse() is the edge where both become an Error.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include "api/control.capnp.h"
#include "api/control.hpp"
#include "base/limits.hpp"

namespace aip::api {
namespace {

struct Malformed {
    const char* what;
};

std::string text(capnp::Text::Reader value) { return {value.begin(), value.size()}; }
ByteView view(capnp::Data::Reader value) { return {value.begin(), value.size()}; }

template <class Id>
Id id(capnp::Data::Reader value, const char* what) {
    const auto parsed = Id::from(view(value));
    if (!parsed) throw Malformed{what};
    return Id(*parsed);
}
VersionId version(capnp::Data::Reader value) { return id<VersionId>(value, "a version id is not 32 bytes"); }
Address address(capnp::Data::Reader value) { return id<Address>(value, "an address is not 16 bytes"); }

template <class T, class List>
std::vector<T> numbers(const List& list) {
    std::vector<T> out;
    out.reserve(list.size());
    for (const auto value : list) out.push_back(value);
    return out;
}

constexpr uint64_t kJourneyTimeMax = uint64_t{100} * 366 * 24 * 3600 * 1000;  // milliseconds

Destination destination(schema::Destination::Reader in) {
    if (in.isAddress()) return address(in.getAddress());
    if (!in.isNextStop()) throw Malformed{"a destination is neither an address nor a next stop"};
    const auto next = in.getNextStop();
    if (next.getTimeMs() > kJourneyTimeMax) throw Malformed{"a journey may take a hundred years at most"};
    if (next.getItinerary().size() > limits::kJourneyItineraryMax)
        throw Malformed{"an itinerary has 256 stops at most"};
    NextStop out{next.getStops(), text(next.getPolicy()), next.getWireBytes(),
                 Duration::milliseconds(static_cast<int64_t>(next.getTimeMs()))};
    for (const auto stop : next.getItinerary()) out.itinerary.push_back(address(stop));
    return out;
}

Work work(schema::Work::Reader in) {
    Work out;
    out.what = text(in.getWhat());
    out.samples = in.getSamples();
    out.steps = in.getSteps();
    out.loss_before = in.getLossBefore();
    out.loss_after = in.getLossAfter();
    for (const auto metric : in.getMetrics()) out.metrics.emplace_back(text(metric.getName()), metric.getValue());
    for (const auto p : in.getParameters()) out.parameters.emplace_back(text(p.getName()), text(p.getValue()));
    return out;
}

Measured measured(schema::Measured::Reader in) {
    if (in.getClasses().size() > limits::kClassFiguresMax) throw Malformed{"figures of more than 1,024 classes"};
    Measured out{in.getDelivery(), {}};
    for (const auto one : in.getClasses())
        out.classes.push_back({one.getLabel(), one.getSamples(), one.getLoss(), one.getAccuracy()});
    return out;
}

LedgerEntry ledger_entry(schema::LedgerEntry::Reader in) {
    LedgerEntry out;
    if (in.getNode().size() != 0) out.node = address(in.getNode());
    out.size = in.getSize();
    switch (in.which()) {
        case schema::LedgerEntry::INDEX: out.which = in.getIndex(); return out;
        case schema::LedgerEntry::VERSION: out.which = version(in.getVersion()); return out;
    }
    throw Malformed{"a ledger entry is named neither by index nor by version"};
}

PublishInterest interest(schema::PublishInterest::Reader in) {
    const auto counts = in.getLabelCounts();
    if (counts.size() > limits::kSketchBinsMax) throw Malformed{"an interest has too many labels"};
    return {text(in.getTask()), numbers<uint64_t>(counts), in.getSamples(), in.getSamplesPerSecond()};
}

ReportQuery report_query(schema::ReportQuery::Reader in) {
    ReportQuery out{text(in.getName()), {}};
    for (const auto arg : in.getArgs()) out.args.push_back(text(arg));
    return out;
}

TaskCreate task_create(schema::TaskRules::Reader in) {
    if (in.getMembers().size() > limits::kTaskMembersMax) throw Malformed{"a task names too many members"};
    TaskCreate out;
    out.name = text(in.getName());
    if (in.getBase().size() != 0) out.base = version(in.getBase());
    out.features = in.getFeatures();
    out.sketch_size = in.getSketchSize();
    out.model_bytes_max = in.getModelBytesMax();
    for (const auto member : in.getMembers()) out.members.push_back(address(member));
    out.policy = text(in.getPolicy());
    for (const auto weight : in.getWeights()) out.weights.emplace_back(text(weight.getName()), weight.getValue());
    out.accuracy = in.getAccuracy();
    out.loss = in.getLoss();
    out.steps = in.getSteps();
    out.stops = in.getStops();
    out.wire_bytes = in.getWireBytes();
    out.time_ms = in.getTimeMs();
    out.walkers = in.getWalkers();
    out.late_ms = in.getLateMs();
    return out;
}

RequestBody request_body(schema::Request::Reader in) {
    using R = schema::Request;
    switch (in.which()) {
        case R::HELLO: return Hello{in.getHello().getProtocol(), text(in.getHello().getProgram())};
        case R::BIND: return Bind{text(in.getBind())};
        case R::BIND_MEASURING: return Bind{text(in.getBindMeasuring()), true};
        case R::PUBLISH_INTEREST: return interest(in.getPublishInterest());
        case R::SEND: {
            const auto send = in.getSend();
            return Send{text(send.getTask()), text(send.getName()), destination(send.getDestination())};
        }
        case R::RECEIVE: return Receive{text(in.getReceive().getTask()), in.getReceive().getWait()};
        case R::FINISH: {
            const auto finish = in.getFinish();
            return Finish{finish.getDelivery(), work(finish.getWork()), destination(finish.getDestination())};
        }
        case R::RELEASE: return Release{in.getRelease()};
        case R::MEASURED: return measured(in.getMeasured());
        case R::CANCEL: return Cancel{text(in.getCancel())};
        case R::CANCEL_REQUEST: return CancelRequest{in.getCancelRequest()};
        case R::REPORT: return report_query(in.getReport());
        case R::LEDGER_ENTRY: return ledger_entry(in.getLedgerEntry());
        case R::LEDGER_CHECKPOINT: return LedgerCheckpoint{in.getLedgerCheckpoint()};
        case R::LEDGER_CONSISTENCY:
            return LedgerConsistency{in.getLedgerConsistency().getFrom(), in.getLedgerConsistency().getTo()};
        case R::LEDGER_AUDIT: return LedgerAudit{version(in.getLedgerAudit())};
        case R::TASK_CREATE: return task_create(in.getTaskCreate());
        case R::TASK_JOIN: return TaskJoin{text(in.getTaskJoin())};
        case R::TASK_LEAVE: return TaskLeave{text(in.getTaskLeave())};
        case R::ORDER: {
            ReportQuery named = report_query(in.getOrder());
            return Order{std::move(named.name), std::move(named.args)};
        }
        case R::EXPORT_VERSION: return ExportVersion{version(in.getExportVersion())};
    }
    throw Malformed{"an unknown kind of request"};
}

Cell cell(schema::Cell::Reader in) {
    switch (in.which()) {
        case schema::Cell::NONE: return std::monostate{};
        case schema::Cell::TEXT: return text(in.getText());
        case schema::Cell::INTEGER: return static_cast<int64_t>(in.getInteger());
        case schema::Cell::REAL: return in.getReal();
        case schema::Cell::BOOLEAN: return in.getBoolean();
    }
    throw Malformed{"a cell of an unknown type"};
}

Report report(schema::Report::Reader in) {
    Report out{text(in.getTitle()), {}, {}, {}};
    for (const auto column : in.getColumns()) {
        if (column.getType() > schema::Column::Type::BOOLEAN) throw Malformed{"a column of an unknown type"};
        out.columns.push_back({text(column.getName()), static_cast<ColumnType>(column.getType())});
    }
    for (const auto row : in.getRows()) {
        if (row.getCells().size() != out.columns.size()) throw Malformed{"a row is not as wide as its table"};
        std::vector<Cell> cells;
        for (const auto c : row.getCells()) {
            cells.push_back(cell(c));
            const size_t type = cells.back().index();
            const auto& column = out.columns[cells.size() - 1];
            if (type != 0 && type != static_cast<size_t>(column.type) + 1)
                throw Malformed{"a cell is not of its column's type"};
        }
        out.rows.push_back(std::move(cells));
    }
    for (const auto note : in.getNotes()) out.notes.push_back(text(note));
    return out;
}

Audit audit(schema::Audit::Reader in) {
    Audit out;
    for (const auto step : in.getSteps())
        out.steps.push_back({version(step.getVersion()), address(step.getNode()), to_bytes(view(step.getProof())),
                             text(step.getNote())});
    return out;
}

Sent sent(schema::Sent::Reader in) {
    Sent out;
    out.version = version(in.getVersion());
    out.journey = text(in.getJourney());
    out.peer = address(in.getPeer());
    out.receipt = to_bytes(view(in.getReceipt()));
    out.bytes = in.getBytes();
    out.wire_bytes = in.getWireBytes();
    out.elapsed_ms = in.getElapsedMs();
    if (in.getSha256().size() != 0) out.sha256 = id<Digest>(in.getSha256(), "a digest is not 32 bytes");
    return out;
}

Finished finished(schema::Finished::Reader in) {
    Finished out{version(in.getVersion()), std::nullopt, text(in.getWhy())};
    if (in.getNextStop().size() != 0) out.next_stop = address(in.getNextStop());
    return out;
}

Failure failure(schema::Reply::Error::Reader in) {
    const auto code = static_cast<ErrorCode>(in.getCode());
    if (error_code_name(code) == "unknown") throw Malformed{"an unknown error code"};
    return {code, text(in.getText())};
}

ReplyBody reply_body(schema::Reply::Reader in) {
    using R = schema::Reply;
    switch (in.which()) {
        case R::OK: return Ok{};
        case R::ERROR: return failure(in.getError());
        case R::HELLO: {
            const auto hello = in.getHello();
            return Welcome{hello.getProtocol(), text(hello.getSoftware()), address(hello.getAddress()),
                           id<crypto::PublicKey>(hello.getNetwork(), "a public key is not 32 bytes")};
        }
        case R::SENT: return sent(in.getSent());
        case R::FINISHED: return finished(in.getFinished());
        case R::REPORT: return report(in.getReport());
        case R::BYTES: return Blob{to_bytes(view(in.getBytes()))};
        case R::AUDIT: return audit(in.getAudit());
        case R::TASK: return Task{text(in.getTask())};
        case R::FILE: return File{in.getFile().getSize()};
    }
    throw Malformed{"an unknown kind of reply"};
}

Stay stay(schema::Stay::Reader in) {
    Stay out;
    if (in.getHasAccuracy()) out.accuracy = in.getAccuracy();
    if (in.getHasLoss()) out.loss = in.getLoss();
    out.steps = in.getSteps();
    return out;
}

Delivery delivery(schema::Delivery::Reader in) {
    if (in.getParents().size() > limits::kParentsMax) throw Malformed{"a delivery has too many parents"};
    Delivery out;
    out.id = in.getId();
    out.version = version(in.getVersion());
    for (const auto parent : in.getParents()) out.parents.push_back(version(parent));
    out.task = text(in.getTask());
    out.name = text(in.getName());
    out.journey = text(in.getJourney());
    out.stop = in.getStop();
    out.stops_left = in.getStopsLeft();
    out.from = address(in.getFrom());
    out.bytes = in.getBytes();
    out.labels_seen = numbers<uint64_t>(in.getLabelsSeen());
    out.why = text(in.getWhy());
    out.stay = stay(in.getStay());
    out.measure = in.getMeasure();
    return out;
}

Message message(schema::Message::Reader in) {
    using M = schema::Message;
    switch (in.which()) {
        case M::REQUEST: {
            const auto request = in.getRequest();
            if (request.getId() == 0) throw Malformed{"a request has no id"};
            return Request{request.getId(), request_body(request)};
        }
        case M::REPLY: return Reply{in.getReply().getId(), reply_body(in.getReply())};
        case M::PROGRESS: {
            const auto p = in.getProgress();
            return Progress{p.getId(), p.getDone(), p.getTotal(), text(p.getTransfer()), text(p.getNote())};
        }
        case M::DELIVERY: return delivery(in.getDelivery());
    }
    throw Malformed{"an unknown kind of message"};
}

}  // namespace

Result<Message> parse(ByteView bytes) {
    const auto malformed = [](const std::string& what) {
        return Error{ErrorCode::kInvalid, "malformed control message: " + what};
    };
    if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0 || bytes.size() > limits::kControlMessageMax)
        return malformed("its length is " + std::to_string(bytes.size()));
    try {
        auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
        std::memcpy(words.asBytes().begin(), bytes.data(), bytes.size());
        const kj::ArrayPtr<const capnp::word> segment(words.begin(), words.size());
        capnp::ReaderOptions options;
        options.traversalLimitInWords = 2 * words.size() + 64;
        options.nestingLimit = 8;
        capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1), options);
        const auto root = reader.getRoot<schema::Message>();
        Message out = message(root);
        if (root.getHasFile() != has_file(out)) return malformed("a file where none belongs, or none where one does");
        return out;
    } catch (const Malformed& e) {
        return malformed(e.what);
    } catch (const kj::Exception& e) {
        return malformed(e.getDescription().cStr());
    }
}

}  // namespace aip::api
