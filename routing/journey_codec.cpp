// The journey record as canonical Cap'n Proto, both ways.
#include "base/limits.hpp"
#include "routing/canonical.hpp"
#include "routing/journey.capnp.h"
#include "routing/journey.hpp"

namespace aip::routing {
namespace {

constexpr size_t kBodyBytesMax = limits::kJourneyBytesMax - 512;  // what is left beside the envelope

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("journey ") + why}; }

std::string text_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }

void put(schema::Node::Builder out, const Address& node) {
    out.setHigh(high_half(node));
    out.setLow(low_half(node));
}

Address get(schema::Node::Reader in) { return join_address(in.getHigh(), in.getLow()); }

void put(schema::Journey::Plan::Builder out, const Plan& plan) {
    put(out.initNode(), plan.node);
    out.setLap(plan.lap);
    out.setWhy(plan.why.c_str());
    out.setDivergenceBefore(plan.divergence_before);
    out.setDivergenceAfter(plan.divergence_after);
    out.setCost(plan.cost);
}

Result<Plan> get(schema::Journey::Plan::Reader in) {
    if (in.getWhy().size() > limits::kJourneyWhyMax) return invalid("plan has a reason over 200 bytes");
    return Plan{get(in.getNode()),       in.getLap(), text_of(in.getWhy()), in.getDivergenceBefore(),
                in.getDivergenceAfter(), in.getCost()};
}

void put(schema::Journey::Stop::Builder out, const Stop& stop) {
    put(out.initNode(), stop.node);
    out.setNumber(stop.number);
    out.setVersion(kj::arrayPtr(stop.version.bytes.data(), stop.version.bytes.size()));
    if (stop.plan) put(out.initPlan(), *stop.plan);
    out.setSamples(stop.samples);
    out.setSteps(stop.steps);
    out.setHasLoss(stop.loss.has_value());
    out.setLossBefore(stop.loss ? stop.loss->before : 0);
    out.setLossAfter(stop.loss ? stop.loss->after : 0);
    auto metrics = out.initMetrics(static_cast<unsigned>(stop.metrics.size()));
    unsigned i = 0;
    for (const auto& [name, value] : stop.metrics) {
        metrics[i].setName(name.c_str());
        metrics[i++].setValue(value);
    }
    out.setWireBytes(stop.wire_bytes);
    out.setHops(stop.hops);
    out.setArrivedMs(stop.arrived.unix_ms());
    out.setTrainedMs(static_cast<uint64_t>(stop.trained.count_ms()));
    out.setMerged(stop.merged);
}

Result<void> get_metrics(schema::Journey::Stop::Reader in, Stop& stop) {
    if (in.getMetrics().size() > limits::kJourneyMetricsMax) return invalid("stop has more than 8 metrics");
    for (const auto metric : in.getMetrics()) {
        if (metric.getName().size() > limits::kJourneyMetricNameMax) return invalid("metric has a name over 32 bytes");
        std::string name = text_of(metric.getName());
        if (!stop.metrics.empty() && name <= stop.metrics.rbegin()->first) return invalid("metrics are out of order");
        stop.metrics.emplace(std::move(name), metric.getValue());
    }
    return {};
}

Result<Stop> get(schema::Journey::Stop::Reader in) {
    Stop stop;
    const auto version = in.getVersion();
    const auto id = VersionId::from({version.begin(), version.size()});
    if (!id) return invalid("stop has a version id that is not 32 bytes");
    if (!in.getHasLoss() && (in.getLossBefore() != 0 || in.getLossAfter() != 0))
        return invalid("stop has a loss and says it has none");
    if (in.getTrainedMs() > kTrainedMax.count_ms()) return invalid("stop trained for longer than a year");
    stop.node = get(in.getNode());
    stop.number = in.getNumber();
    stop.version = *id;
    if (in.hasPlan()) {
        AIP_ASSIGN(stop.plan, get(in.getPlan()));
    }
    stop.samples = in.getSamples();
    stop.steps = in.getSteps();
    if (in.getHasLoss()) stop.loss = Loss{in.getLossBefore(), in.getLossAfter()};
    AIP_TRY(get_metrics(in, stop));
    stop.wire_bytes = in.getWireBytes();
    stop.hops = in.getHops();
    stop.arrived = WallTime::from_unix_ms(in.getArrivedMs());
    stop.trained = Duration::milliseconds(static_cast<int64_t>(in.getTrainedMs()));
    stop.merged = in.getMerged();
    return stop;
}

void put_seen(schema::Journey::Builder out, const Sketch& seen) {
    out.setSeen(kj::arrayPtr(seen.labels.data(), seen.labels.size()));
    out.setSeenCount(seen.moments.count);
    out.setSeenSums(kj::arrayPtr(seen.moments.sum.data(), seen.moments.sum.size()));
    out.setSeenSquares(kj::arrayPtr(seen.moments.squares.data(), seen.moments.squares.size()));
}

Result<Sketch> get_seen(schema::Journey::Reader in) {
    if (in.getSeen().size() > limits::kSketchBinsMax || in.getSeenSums().size() > limits::kSketchBinsMax ||
        in.getSeenSquares().size() > limits::kSketchBinsMax)
        return invalid("has seen more than 64 labels or features");
    Sketch seen;
    for (const uint64_t count : in.getSeen()) seen.labels.push_back(count);
    seen.moments.count = in.getSeenCount();
    for (const double sum : in.getSeenSums()) seen.moments.sum.push_back(sum);
    for (const double square : in.getSeenSquares()) seen.moments.squares.push_back(square);
    return seen;
}

void put_budget(schema::Journey::Builder out, const JourneyRecord& record) {
    out.setStopsLeft(record.stops_left);
    out.setBytesLimited(record.bytes_left.has_value());
    out.setBytesLeft(record.bytes_left.value_or(0));
    out.setExpiresMs(record.expires ? record.expires->unix_ms() : 0);
}

Result<void> get_budget(schema::Journey::Reader in, JourneyRecord& record) {
    record.stops_left = in.getStopsLeft();
    if (in.getBytesLimited()) record.bytes_left = in.getBytesLeft();
    if (!in.getBytesLimited() && in.getBytesLeft() != 0) return invalid("has a budget of bytes and says it has none");
    if (in.getExpiresMs() != 0) record.expires = WallTime::from_unix_ms(in.getExpiresMs());
    return {};
}

void put_lists(schema::Journey::Builder out, const JourneyRecord& record) {
    put_seen(out, record.seen);
    const ByteView forgotten = record.forgotten.bytes();
    if (!forgotten.empty()) out.setForgotten(kj::arrayPtr(forgotten.data(), forgotten.size()));
    auto visits = out.initVisits(static_cast<unsigned>(record.visits.size()));
    unsigned at = 0;
    for (const auto& [node, visit] : record.visits) {
        put(visits[at].initNode(), node);
        visits[at].setCount(visit.count);
        visits[at++].setLap(visit.lap);
    }
    auto recent = out.initRecent(static_cast<unsigned>(record.recent.size()));
    for (unsigned i = 0; i < recent.size(); ++i) put(recent[i], record.recent[i]);
    auto itinerary = out.initItinerary(static_cast<unsigned>(record.itinerary.size()));
    for (unsigned i = 0; i < itinerary.size(); ++i) put(itinerary[i], record.itinerary[i]);
}

Result<void> get_lists(schema::Journey::Reader in, JourneyRecord& record) {
    if (in.getVisits().size() > limits::kJourneyVisitsMax || in.getRecent().size() > limits::kJourneyStopsKept ||
        in.getItinerary().size() > limits::kJourneyItineraryMax)
        return invalid("has a list that is too long");
    AIP_ASSIGN(record.seen, get_seen(in));
    const auto forgotten = in.getForgotten();
    if (in.hasForgotten() && forgotten.size() != VisitFilter::kBytes) return invalid("has a filter of another size");
    record.forgotten = VisitFilter::from({forgotten.begin(), forgotten.size()});
    for (const auto visit : in.getVisits()) {
        const Address node = get(visit.getNode());
        if (!record.visits.empty() && node <= record.visits.rbegin()->first) return invalid("visits are out of order");
        record.visits.emplace(node, Visit{visit.getCount(), visit.getLap()});
    }
    for (const auto entry : in.getRecent()) {
        AIP_ASSIGN(Stop stop, get(entry));
        record.recent.push_back(std::move(stop));
    }
    for (const auto node : in.getItinerary()) record.itinerary.push_back(get(node));
    return {};
}

Result<JourneyRecord> read_journey(schema::Journey::Reader in) {
    JourneyRecord record;
    if (in.getTask().size() > limits::kTaskKeyMax || in.getPolicy().size() > limits::kTaskNameMax)
        return invalid("has a name that is too long");
    record.id = in.getId();
    record.task = text_of(in.getTask());
    record.policy = text_of(in.getPolicy());
    record.origin = get(in.getOrigin());
    record.stops = in.getStops();
    record.lap = in.getLap();
    record.walker = in.getWalker();
    record.created = WallTime::from_unix_ms(in.getCreatedMs());
    AIP_TRY(get_budget(in, record));
    AIP_TRY(get_lists(in, record));
    if (in.hasNext()) {
        AIP_ASSIGN(record.next, get(in.getNext()));
    }
    AIP_TRY(check_journey(record));
    return record;
}

}  // namespace

Bytes encode_journey(const JourneyRecord& record) {
    AIP_ASSERT(check_journey(record));
    Bytes body = encode_canonical<schema::Journey>([&](schema::Journey::Builder out) {
        out.setId(record.id);
        out.setTask(record.task.c_str());
        out.setPolicy(record.policy.c_str());
        put(out.initOrigin(), record.origin);
        out.setStops(record.stops);
        out.setLap(record.lap);
        out.setWalker(record.walker);
        out.setCreatedMs(record.created.unix_ms());
        put_budget(out, record);
        put_lists(out, record);
        if (record.next) put(out.initNext(), *record.next);
    });
    AIP_ASSERT(body.size() <= kBodyBytesMax);
    return body;
}

Result<JourneyRecord> parse_journey(ByteView body) {
    return parse_canonical<schema::Journey, JourneyRecord>(body, kBodyBytesMax, "journey", read_journey);
}

}  // namespace aip::routing
