#include <capnp/message.h>
#include <capnp/serialize.h>

#include "api/control.capnp.h"
#include "api/control.hpp"
#include "base/limits.hpp"

namespace aip::api {
namespace {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

capnp::Data::Reader blob(ByteView bytes) { return {bytes.data(), bytes.size()}; }
capnp::Text::Reader text(const std::string& value) { return {value.c_str(), value.size()}; }
unsigned count(size_t n) { return static_cast<unsigned>(n); }

template <class ListBuilder, class Values>
void fill(ListBuilder list, const Values& values) {
    for (unsigned i = 0; i < list.size(); ++i) list.set(i, values[i]);
}

void put(schema::Destination::Builder out, const Destination& destination) {
    if (const auto* address = std::get_if<Address>(&destination)) {
        out.setAddress(blob(address->view()));
        return;
    }
    const auto& next = std::get<NextStop>(destination);
    auto stop = out.initNextStop();
    stop.setStops(next.stops);
    stop.setPolicy(text(next.policy));
    stop.setWireBytes(next.wire_bytes);
    stop.setTimeMs(static_cast<uint64_t>(next.time.count_ms()));
    if (next.itinerary.empty()) return;
    auto itinerary = stop.initItinerary(count(next.itinerary.size()));
    for (unsigned i = 0; i < itinerary.size(); ++i) itinerary.set(i, blob(next.itinerary[i].view()));
}

void put(capnp::List<schema::Metric>::Builder out, const std::vector<std::pair<std::string, double>>& metrics) {
    for (unsigned i = 0; i < out.size(); ++i) {
        out[i].setName(text(metrics[i].first));
        out[i].setValue(metrics[i].second);
    }
}

void put(schema::TaskRules::Builder out, const TaskCreate& m) {
    out.setName(text(m.name));
    if (m.base) out.setBase(blob(m.base->view()));
    out.setFeatures(m.features);
    out.setSketchSize(m.sketch_size);
    out.setModelBytesMax(m.model_bytes_max);
    auto members = out.initMembers(count(m.members.size()));
    for (unsigned i = 0; i < members.size(); ++i) members.set(i, blob(m.members[i].view()));
    out.setPolicy(text(m.policy));
    put(out.initWeights(count(m.weights.size())), m.weights);
    out.setAccuracy(m.accuracy);
    out.setLoss(m.loss);
    out.setSteps(m.steps);
    out.setStops(m.stops);
    out.setWireBytes(m.wire_bytes);
    out.setTimeMs(m.time_ms);
    out.setWalkers(m.walkers);
    out.setLateMs(m.late_ms);
}

void put(schema::Work::Builder out, const Work& work) {
    out.setWhat(text(work.what));
    out.setSamples(work.samples);
    out.setSteps(work.steps);
    out.setLossBefore(work.loss_before);
    out.setLossAfter(work.loss_after);
    put(out.initMetrics(count(work.metrics.size())), work.metrics);
    auto parameters = out.initParameters(count(work.parameters.size()));
    for (unsigned i = 0; i < parameters.size(); ++i) {
        parameters[i].setName(text(work.parameters[i].first));
        parameters[i].setValue(text(work.parameters[i].second));
    }
}

struct PutRequest {
    schema::Request::Builder out;

    void operator()(const Hello& m) {
        auto hello = out.initHello();
        hello.setProtocol(m.protocol);
        hello.setProgram(text(m.program));
    }
    void operator()(const Bind& m) { m.measures ? out.setBindMeasuring(text(m.task)) : out.setBind(text(m.task)); }
    void operator()(const PublishInterest& m) {
        auto interest = out.initPublishInterest();
        interest.setTask(text(m.task));
        fill(interest.initLabelCounts(count(m.label_counts.size())), m.label_counts);
        interest.setSamples(m.samples);
        interest.setSamplesPerSecond(m.samples_per_second);
    }
    void operator()(const Send& m) {
        auto send = out.initSend();
        send.setTask(text(m.task));
        send.setName(text(m.name));
        put(send.initDestination(), m.destination);
    }
    void operator()(const Receive& m) {
        auto receive = out.initReceive();
        receive.setTask(text(m.task));
        receive.setWait(m.wait);
    }
    void operator()(const Finish& m) {
        auto finish = out.initFinish();
        finish.setDelivery(m.delivery);
        put(finish.initWork(), m.work);
        put(finish.initDestination(), m.destination);
    }
    void operator()(const Release& m) { out.setRelease(m.delivery); }
    void operator()(const Measured& m) {
        auto measured = out.initMeasured();
        measured.setDelivery(m.delivery);
        auto classes = measured.initClasses(count(m.classes.size()));
        for (unsigned i = 0; i < classes.size(); ++i) {
            classes[i].setLabel(m.classes[i].label);
            classes[i].setSamples(m.classes[i].samples);
            classes[i].setLoss(m.classes[i].loss);
            classes[i].setAccuracy(m.classes[i].accuracy);
        }
    }
    void operator()(const Cancel& m) { out.setCancel(text(m.transfer)); }
    void operator()(const CancelRequest& m) { out.setCancelRequest(m.request); }
    template <class Named>
    static void put_named(schema::ReportQuery::Builder query, const Named& m) {
        query.setName(text(m.name));
        auto args = query.initArgs(count(m.args.size()));
        for (unsigned i = 0; i < args.size(); ++i) args.set(i, text(m.args[i]));
    }
    void operator()(const ReportQuery& m) { put_named(out.initReport(), m); }
    void operator()(const Order& m) { put_named(out.initOrder(), m); }
    void operator()(const LedgerEntry& m) {
        auto entry = out.initLedgerEntry();
        if (m.node) entry.setNode(blob(m.node->view()));
        entry.setSize(m.size);
        if (const auto* index = std::get_if<uint64_t>(&m.which)) {
            entry.setIndex(*index);
        } else {
            entry.setVersion(blob(std::get<VersionId>(m.which).view()));
        }
    }
    void operator()(const LedgerCheckpoint& m) { out.setLedgerCheckpoint(m.size); }
    void operator()(const LedgerConsistency& m) {
        auto consistency = out.initLedgerConsistency();
        consistency.setFrom(m.from);
        consistency.setTo(m.to);
    }
    void operator()(const LedgerAudit& m) { out.setLedgerAudit(blob(m.version.view())); }
    void operator()(const TaskCreate& m) { put(out.initTaskCreate(), m); }
    void operator()(const TaskJoin& m) { out.setTaskJoin(text(m.task)); }
    void operator()(const TaskLeave& m) { out.setTaskLeave(text(m.task)); }
    void operator()(const ExportVersion& m) { out.setExportVersion(blob(m.version.view())); }
};

void put(schema::Cell::Builder out, const Cell& cell) {
    std::visit(Overloaded{[&](std::monostate) { out.setNone(); }, [&](const std::string& v) { out.setText(text(v)); },
                          [&](int64_t v) { out.setInteger(v); }, [&](double v) { out.setReal(v); },
                          [&](bool v) { out.setBoolean(v); }},
               cell);
}

void put(schema::Report::Builder out, const Report& report) {
    out.setTitle(text(report.title));
    auto columns = out.initColumns(count(report.columns.size()));
    for (unsigned i = 0; i < columns.size(); ++i) {
        columns[i].setName(text(report.columns[i].name));
        columns[i].setType(static_cast<schema::Column::Type>(report.columns[i].type));
    }
    auto rows = out.initRows(count(report.rows.size()));
    for (unsigned i = 0; i < rows.size(); ++i) {
        AIP_ASSERT(report.rows[i].size() == report.columns.size());
        auto cells = rows[i].initCells(count(report.rows[i].size()));
        for (unsigned k = 0; k < cells.size(); ++k) put(cells[k], report.rows[i][k]);
    }
    auto notes = out.initNotes(count(report.notes.size()));
    for (unsigned i = 0; i < notes.size(); ++i) notes.set(i, text(report.notes[i]));
}

struct PutReply {
    schema::Reply::Builder out;

    void operator()(const Ok&) { out.setOk(); }
    void operator()(const Failure& m) {
        auto error = out.initError();
        error.setCode(static_cast<uint8_t>(m.code));
        error.setText(text(m.text));
    }
    void operator()(const Welcome& m) {
        auto hello = out.initHello();
        hello.setProtocol(m.protocol);
        hello.setSoftware(text(m.software));
        hello.setAddress(blob(m.address.view()));
        hello.setNetwork(blob(m.network.view()));
    }
    void operator()(const Sent& m) {
        auto sent = out.initSent();
        sent.setVersion(blob(m.version.view()));
        sent.setJourney(text(m.journey));
        sent.setPeer(blob(m.peer.view()));
        sent.setReceipt(blob(m.receipt));
        sent.setBytes(m.bytes);
        sent.setWireBytes(m.wire_bytes);
        sent.setElapsedMs(m.elapsed_ms);
        if (m.sha256) sent.setSha256(blob(m.sha256->view()));
    }
    void operator()(const Finished& m) {
        auto finished = out.initFinished();
        finished.setVersion(blob(m.version.view()));
        if (m.next_stop) finished.setNextStop(blob(m.next_stop->view()));
        finished.setWhy(text(m.why));
    }
    void operator()(const Report& m) { put(out.initReport(), m); }
    void operator()(const Blob& m) { out.setBytes(blob(m.bytes)); }
    void operator()(const Audit& m) {
        auto audit = out.initAudit();
        auto steps = audit.initSteps(count(m.steps.size()));
        for (unsigned i = 0; i < steps.size(); ++i) {
            steps[i].setVersion(blob(m.steps[i].version.view()));
            steps[i].setNode(blob(m.steps[i].node.view()));
            steps[i].setProof(blob(m.steps[i].proof));
            steps[i].setNote(text(m.steps[i].note));
        }
    }
    void operator()(const File& m) { out.initFile().setSize(m.size); }
    void operator()(const Task& m) { out.setTask(text(m.key)); }
};

void put(schema::Delivery::Builder out, const Delivery& m) {
    out.setId(m.id);
    out.setVersion(blob(m.version.view()));
    auto parents = out.initParents(count(m.parents.size()));
    for (unsigned i = 0; i < parents.size(); ++i) parents.set(i, blob(m.parents[i].view()));
    out.setTask(text(m.task));
    out.setName(text(m.name));
    out.setJourney(text(m.journey));
    out.setStop(m.stop);
    out.setStopsLeft(m.stops_left);
    out.setFrom(blob(m.from.view()));
    out.setBytes(m.bytes);
    fill(out.initLabelsSeen(count(m.labels_seen.size())), m.labels_seen);
    out.setWhy(text(m.why));
    out.setMeasure(m.measure);
    if (m.stay == Stay{}) return;
    auto stay = out.initStay();
    stay.setHasAccuracy(m.stay.accuracy.has_value());
    stay.setAccuracy(m.stay.accuracy.value_or(0));
    stay.setHasLoss(m.stay.loss.has_value());
    stay.setLoss(m.stay.loss.value_or(0));
    stay.setSteps(m.stay.steps);
}

void put(schema::Progress::Builder out, const Progress& m) {
    out.setId(m.id);
    out.setDone(m.done);
    out.setTotal(m.total);
    out.setTransfer(text(m.transfer));
    out.setNote(text(m.note));
}

void put(schema::Message::Builder out, const Message& message) {
    out.setHasFile(has_file(message));
    std::visit(Overloaded{[&](const Request& m) {
                              auto request = out.initRequest();
                              request.setId(m.id);
                              std::visit(PutRequest{request}, m.body);
                          },
                          [&](const Reply& m) {
                              auto reply = out.initReply();
                              reply.setId(m.id);
                              std::visit(PutReply{reply}, m.body);
                          },
                          [&](const Progress& m) { put(out.initProgress(), m); },
                          [&](const Delivery& m) { put(out.initDelivery(), m); }},
               message);
}

}  // namespace

bool has_file(const Message& message) {
    if (const auto* request = std::get_if<Request>(&message))
        return std::holds_alternative<Send>(request->body) || std::holds_alternative<Finish>(request->body);
    if (const auto* reply = std::get_if<Reply>(&message)) return std::holds_alternative<File>(reply->body);
    return std::holds_alternative<Delivery>(message);
}

Result<Bytes> encode(const Message& message) {
    try {
        capnp::MallocMessageBuilder builder;
        put(builder.initRoot<schema::Message>(), message);
        const auto words = capnp::canonicalize(builder.getRoot<schema::Message>().asReader());
        const auto bytes = words.asBytes();
        if (bytes.size() > limits::kControlMessageMax)
            return Error{ErrorCode::kNoSpace, "message of " + std::to_string(bytes.size()) +
                                                  " bytes is too long for the control socket; ask for less at once"};
        Bytes frame;
        frame.reserve(4 + bytes.size());
        Writer(frame).u32(static_cast<uint32_t>(bytes.size())).put(ByteView(bytes.begin(), bytes.size()));
        return frame;
    } catch (const kj::Exception& e) {
        return Error{ErrorCode::kInvalid, std::string("message cannot be encoded: ") + e.getDescription().cStr()};
    }
}

}  // namespace aip::api
