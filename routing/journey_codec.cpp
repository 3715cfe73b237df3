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
    return stop;
}

void put_lists(schema::Journey::Builder out, const JourneyRecord& record) {
    out.setSeen(kj::arrayPtr(record.seen.data(), record.seen.size()));
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
    if (in.getSeen().size() > limits::kSketchBinsMax || in.getVisits().size() > limits::kJourneyVisitsMax ||
        in.getRecent().size() > limits::kJourneyStopsKept || in.getItinerary().size() > limits::kJourneyItineraryMax)
        return invalid("has a list that is too long");
    for (const uint64_t count : in.getSeen()) record.seen.push_back(count);
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
    if (in.getTask().size() > limits::kTaskNameMax || in.getPolicy().size() > limits::kTaskNameMax)
        return invalid("has a name over 64 bytes");
    record.id = in.getId();
    record.task = text_of(in.getTask());
    record.policy = text_of(in.getPolicy());
    record.origin = get(in.getOrigin());
    record.stops = in.getStops();
    record.stops_left = in.getStopsLeft();
    record.lap = in.getLap();
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
        out.setStopsLeft(record.stops_left);
        out.setLap(record.lap);
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
