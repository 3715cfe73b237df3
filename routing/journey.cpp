#include "routing/journey.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "routing/interest_record.hpp"

namespace aip::routing {
namespace {

Error invalid(const std::string& why) { return {ErrorCode::kInvalid, "journey " + why}; }

bool is_text(std::string_view text) {  // one printable line; UTF-8 above ASCII is left alone
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

Result<void> check_plan(const Plan& plan) {
    if (!plan.node.is_node()) return invalid("plan names something that is no node address");
    if (plan.lap == 0) return invalid("plan has lap 0");
    if (plan.why.size() > limits::kJourneyWhyMax || !is_text(plan.why))
        return invalid("plan needs a reason in one line of at most 200 bytes");
    if (!std::isfinite(plan.divergence_before) || !std::isfinite(plan.divergence_after) || !std::isfinite(plan.cost))
        return invalid("plan has a number that is not finite");
    return {};
}

Result<void> check_stop(const Stop& stop) {
    if (!stop.node.is_node()) return invalid("stop is at something that is no node address");
    if (stop.plan) AIP_TRY(check_plan(*stop.plan));
    if (stop.plan && stop.plan->node != stop.node) return invalid("stop has the plan of another node");
    if (stop.samples > kCountMax || stop.steps > kCountMax || stop.wire_bytes > kCountMax)
        return invalid("stop has a count above 2^48");
    if (stop.loss && (!std::isfinite(stop.loss->before) || !std::isfinite(stop.loss->after)))
        return invalid("stop has a loss that is not finite; leave it out or refuse the model");
    if (stop.metrics.size() > limits::kJourneyMetricsMax) return invalid("stop has more than 8 metrics");
    for (const auto& [name, value] : stop.metrics) {
        if (name.empty() || name.size() > limits::kJourneyMetricNameMax || !is_text(name))
            return invalid("stop has a metric whose name is not 1 to 32 bytes");
        if (!std::isfinite(value)) return invalid("stop has a metric '" + name + "' that is not finite");
    }
    if (stop.arrived.unix_ms() < 0 || stop.trained < Duration{} || stop.trained > kTrainedMax)
        return invalid("stop has a time out of range");
    return {};
}

// A member that describes its data otherwise than the rest trains like any other, but nobody can tell on what.
bool fits(const Sketch& seen, const Sketch& data) {
    return seen.empty() || seen.same_shape(data) || (!seen.labels.empty() && data.moments.sum.empty());
}

void make_room(JourneyRecord& record) {
    const auto oldest = std::min_element(record.visits.begin(), record.visits.end(),
                                         [](const auto& a, const auto& b) { return a.second.lap < b.second.lap; });
    if (oldest->second.lap == record.lap) record.forgotten.add(oldest->first, record.lap);
    record.visits.erase(oldest);
}

// Laps are counted by each walker for itself; what they have in common is which lap is the present one.
void add_visits(JourneyRecord& record, const JourneyRecord& other) {
    const int64_t ahead = int64_t{record.lap} - other.lap;
    for (const auto& [node, visit] : other.visits) {
        if (!record.visits.contains(node) && record.visits.size() >= limits::kJourneyVisitsMax) make_room(record);
        Visit& sum = record.visits[node];
        sum.count = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{sum.count} + visit.count, UINT32_MAX));
        sum.lap = std::max({sum.lap, static_cast<uint32_t>(std::max<int64_t>(visit.lap + ahead, 1))});
    }
    if (ahead == 0) record.forgotten.merge(other.forgotten);  // salted with the lap: no other can be taken over
}

void keep_stop(JourneyRecord& record, Stop stop) {
    stop.number = ++record.stops;
    if (record.recent.size() >= limits::kJourneyStopsKept) record.recent.erase(record.recent.begin());
    record.recent.push_back(std::move(stop));
}

void begin_lap(JourneyRecord& record, uint32_t lap) {
    if (lap <= record.lap) return;
    record.lap = lap;
    record.forgotten.clear();
}

void count_visit(JourneyRecord& record, const Address& node) {
    if (!record.visits.contains(node) && record.visits.size() >= limits::kJourneyVisitsMax) make_room(record);
    Visit& visit = record.visits[node];
    ++visit.count;
    visit.lap = record.lap;
}

}  // namespace

Visit JourneyRecord::visit(const Address& node) const {
    const auto it = visits.find(node);
    if (it != visits.end()) return it->second;
    return forgotten.contains(node, lap) ? Visit{1, lap} : Visit{};
}

std::string_view JourneyRecord::spent(WallTime now) const {
    if (stops_left == 0) return "stops";
    if (bytes_left == 0) return "wire bytes";
    return expires && now >= *expires ? "time" : "";
}

Result<JourneyRecord> start_journey(JourneyStart start) {
    JourneyRecord record;
    record.id = start.id;
    record.task = std::move(start.task);
    record.policy = std::move(start.policy);
    record.origin = start.origin;
    record.stops_left = start.stops;
    record.itinerary = std::move(start.itinerary);
    record.created = start.created;
    if (start.wire_bytes > 0) record.bytes_left = start.wire_bytes;
    if (start.time > Duration{}) record.expires = start.created + start.time;
    if (record.over()) return invalid("needs a budget of at least one stop");
    AIP_TRY(check_journey(record));
    return record;
}

Result<JourneyRecord> depart(JourneyRecord record, Plan plan) {
    if (record.over()) return invalid("is over: its budget is spent");
    record.next = std::move(plan);
    AIP_TRY(check_journey(record));
    return record;
}

JourneyRecord pay(JourneyRecord record, uint64_t wire_bytes) {
    if (record.bytes_left) *record.bytes_left -= std::min(*record.bytes_left, wire_bytes);
    return record;
}

Result<JourneyRecord> add_stop(JourneyRecord record, Stop stop, const Sketch& data) {
    if (record.over()) return invalid("is over: its budget is spent");
    AIP_TRY(check_sketch(data));
    stop.plan = std::exchange(record.next, std::nullopt);
    if (stop.plan && stop.plan->node != stop.node) stop.plan.reset();
    AIP_TRY(check_stop(stop));
    if (stop.plan) begin_lap(record, stop.plan->lap);
    --record.stops_left;
    record = pay(std::move(record), stop.wire_bytes);
    if (stop.samples > 0 && fits(record.seen, data)) record.seen = merged(record.seen, data, stop.samples);
    count_visit(record, stop.node);
    if (!record.itinerary.empty() && record.itinerary.front() == stop.node)
        record.itinerary.erase(record.itinerary.begin());
    keep_stop(record, std::move(stop));
    AIP_TRY(check_journey(record));
    return record;
}

Result<JourneyRecord> merge_journeys(std::span<const JourneyRecord> walkers, Stop stop) {
    AIP_ASSERT(!walkers.empty());
    JourneyRecord record = walkers.front();
    const JourneyRecord& richest =
        *std::max_element(walkers.begin(), walkers.end(),
                          [](const JourneyRecord& a, const JourneyRecord& b) { return a.stops_left < b.stops_left; });
    for (const JourneyRecord& other : walkers.subspan(1)) {
        if (other.task != record.task) return invalid("of another task cannot be merged");
        if (fits(record.seen, other.seen)) record.seen = merged(record.seen, other.seen);
        add_visits(record, other);
    }
    record.stops_left = std::min(richest.stops_left, kStopsUnlimited);
    record.bytes_left = richest.bytes_left;
    record.expires = richest.expires;
    stop.merged = true;
    AIP_TRY(check_stop(stop));
    keep_stop(record, std::move(stop));
    AIP_TRY(check_journey(record));
    return record;
}

JourneyRecord disown(JourneyRecord record, const VersionId& rejected, const VersionId& instead, const Sketch& data) {
    for (Stop& stop : record.recent) {
        if (stop.version != rejected) continue;
        stop.version = instead;
        const uint64_t samples = std::exchange(stop.samples, 0);
        if (std::exchange(stop.steps, 0) > 0 || samples > 0)
            record.stops_left = std::min(record.stops_left + 1, kStopsUnlimited);
        stop.loss.reset();
        stop.metrics.clear();
        if (samples > 0 && record.seen.same_shape(data)) record.seen = without(record.seen, data, samples);
    }
    return record;
}

std::vector<uint64_t> spread(uint64_t total, std::span<const uint64_t> weights) {
    std::vector<uint64_t> out(weights.size());
    double sum = 0;
    for (const uint64_t weight : weights) sum += static_cast<double>(weight);
    if (sum <= 0 || total == 0) return out;
    std::vector<std::pair<double, size_t>> rest;  // (-remainder, index): most first, then the lower index
    uint64_t given = 0;
    for (size_t i = 0; i < weights.size(); ++i) {
        const double exact = static_cast<double>(total) * (static_cast<double>(weights[i]) / sum);
        out[i] = std::min(static_cast<uint64_t>(exact), total - given);
        given += out[i];
        if (weights[i] > 0) rest.emplace_back(static_cast<double>(out[i]) - exact, i);
    }
    std::sort(rest.begin(), rest.end());
    for (size_t i = 0; given < total; i = (i + 1) % rest.size(), ++given) ++out[rest[i].second];
    return out;
}

Result<void> check_journey(const JourneyRecord& record) {
    if (!is_task_key(record.task))
        return invalid("needs a task: a name of a-z 0-9 . _ -, or the key of a created task");
    if (!is_task_name(record.policy)) return invalid("needs the name of a next-stop policy");
    if (!record.origin.is_node()) return invalid("has an origin that is no node address");
    if (uint64_t{record.stops} + record.stops_left > UINT32_MAX) return invalid("has a budget over 2^32 stops");
    if (record.lap == 0 || record.lap - 1 > record.stops) return invalid("has more laps than stops");
    if (record.walker == 0) return invalid("has walker number 0");
    if (record.created.unix_ms() < 0 || (record.expires && record.expires->unix_ms() <= 0))
        return invalid("has a time before 1970");
    AIP_TRY(check_sketch(record.seen));
    if (record.visits.size() > limits::kJourneyVisitsMax) return invalid("counts visits of more than 512 nodes");
    for (const auto& [node, visit] : record.visits) {
        if (!node.is_node() || visit.count == 0 || visit.lap == 0 || visit.lap > record.lap)
            return invalid("has a visit that cannot be");
    }
    if (record.itinerary.size() > limits::kJourneyItineraryMax) return invalid("plans more than 256 stops ahead");
    for (const Address& node : record.itinerary) {
        if (!node.is_node()) return invalid("itinerary names something that is no node address");
    }
    const size_t kept = std::min<size_t>(record.stops, limits::kJourneyStopsKept);
    if (record.recent.size() != kept) return invalid("does not carry its last stops");
    for (size_t i = 0; i < kept; ++i) {
        if (record.recent[i].number != record.stops - kept + i + 1) return invalid("stops are out of order");
        AIP_TRY(check_stop(record.recent[i]));
    }
    if (!record.next) return {};
    if (record.next->lap - 1 > record.lap) return invalid("plan skips a lap");
    return check_plan(*record.next);
}

Bytes seal_journey(const JourneyRecord& record, const crypto::Signer& holder) {
    return holder.seal(kJourneyDomain, encode_journey(record));
}

Result<HeldJourney> open_journey(ByteView sealed, crypto::Verifier& verifier, WallTime now) {
    if (sealed.size() > limits::kJourneyBytesMax) return invalid("record is over 64 KiB");
    AIP_ASSIGN(const crypto::Opened opened, verifier.open(kJourneyDomain, sealed, now));
    AIP_ASSIGN(JourneyRecord record, parse_journey(opened.body));
    return HeldJourney{std::move(record), opened.signer};
}

}  // namespace aip::routing
