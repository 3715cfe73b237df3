// The record that travels with a model (rfc/0003 section 4): what it has seen, where it was, what is left to spend, and
// why the last holder sent it on. Values and pure functions: each returns the next record, the holder seals it.
//
// Invariants: every list is bounded (the whole history is in the ledgers); `seen` grows by exactly the samples a
// stop used; parse_journey accepts canonical single-segment Cap'n Proto within the limits and nothing else; all
// numbers are finite. A node's visit counts the lap, so that one which joins late is not visited again and again to
// catch up. A budget is spent when nothing is left of its stops, its wire bytes or its time. Loop thread or any other.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/identity.hpp"
#include "routing/sketch.hpp"
#include "routing/visit_filter.hpp"

namespace aip::routing {

inline constexpr std::string_view kJourneyDomain = "journey";
inline constexpr uint32_t kStopsUnlimited = UINT32_MAX / 2;  // what a journey without a budget of stops has
inline constexpr Duration kTrainedMax = Duration::seconds(366 * 24 * 3600);  // at one stop

// The decision that sent the model to `node`.
struct Plan {
    Address node;
    uint32_t lap = 1;
    std::string why;  // one line for people, at most limits::kJourneyWhyMax bytes
    double divergence_before = 0;
    double divergence_after = 0;  // expected
    double cost = 0;
    bool operator==(const Plan&) const = default;
};

struct Loss {
    double before = 0;
    double after = 0;
    bool operator==(const Loss&) const = default;
};

struct Stop {
    Address node;
    uint32_t number = 0;  // from 1; add_stop sets it
    VersionId version;
    std::optional<Plan> plan;  // add_stop sets it; none if nobody planned this stop
    uint64_t samples = 0;
    uint64_t steps = 0;
    std::optional<Loss> loss;
    std::map<std::string, double> metrics;  // accuracy and the like, at most limits::kJourneyMetricsMax
    uint64_t wire_bytes = 0;                // of the transfer that brought the model here
    uint32_t hops = 0;
    WallTime arrived;
    Duration trained;     // whole milliseconds travel
    bool merged = false;  // two walkers met here, and this is their mean
    bool operator==(const Stop&) const = default;
};

struct Visit {
    uint32_t count = 0;
    uint32_t lap = 0;  // of the last visit
    bool operator==(const Visit&) const = default;
};

struct JourneyRecord {
    uint64_t id = 0;
    std::string task;  // its key
    std::string policy;
    Address origin;
    uint32_t stops = 0;
    uint32_t stops_left = 0;
    uint32_t lap = 1;
    uint32_t walker = 1;  // one that is lost and created again has the next number
    WallTime created;
    std::optional<uint64_t> bytes_left;  // on the wire; none: no limit
    std::optional<WallTime> expires;
    Sketch seen;  // of the samples trained on
    std::map<Address, Visit> visits;
    VisitFilter forgotten;           // of this lap, those `visits` has no room for
    std::vector<Stop> recent;        // the last limits::kJourneyStopsKept, oldest first
    std::vector<Address> itinerary;  // what is left of a planned journey
    std::optional<Plan> next;        // none while the model stays

    bool over() const { return stops_left == 0 || bytes_left == 0; }
    std::string_view spent(WallTime now) const;  // which budget: "stops", "wire bytes", "time"; empty: none yet
    Visit visit(const Address& node) const;      // of a forgotten one the lap, and that there was one
    bool operator==(const JourneyRecord&) const = default;
};

struct JourneyStart {
    uint64_t id = 0;
    std::string task;
    std::string policy;
    Address origin;
    uint32_t stops = 0;  // budget
    std::vector<Address> itinerary;
    uint64_t wire_bytes = 0;  // budget; 0: no limit
    Duration time = {};       // budget; 0: no limit
    WallTime created = {};
};
Result<JourneyRecord> start_journey(JourneyStart start);

// The holder sends the model to plan.node.
Result<JourneyRecord> depart(JourneyRecord record, Plan plan);

// A stop is over: it takes the plan that led to it, `seen` takes its samples with the shares of `data` (of that node;
// nothing if its shape is not that of `seen`), the budget pays. kInvalid if a number is not finite, a name too long or
// the budget spent.
Result<JourneyRecord> add_stop(JourneyRecord record, Stop stop, const Sketch& data);

// A version was rejected (rfc/0013), and the journey goes on from `instead`: stops that made it have made nothing,
// `seen` loses their samples (of `data`, which is the maker's), the budget gets them back. They stay visited and
// counted.
JourneyRecord disown(JourneyRecord record, const VersionId& rejected, const VersionId& instead, const Sketch& data);

// The budget pays for a transfer that led to no stop.
JourneyRecord pay(JourneyRecord record, uint64_t wire_bytes);

// Walkers of one task become one (rfc/0008 section 7): `walkers[0]` goes on, `stop` (merged) is the next of its stops
// and pays nothing. `seen` and visits are those of all; what is left to spend is, whole, that of the walker with most
// stops left, so nobody gets more than some walker had.
Result<JourneyRecord> merge_journeys(std::span<const JourneyRecord> walkers, Stop stop);

// `total` spread by the shares of `weights`, to whole numbers that add up to it (largest remainders, then lower index).
std::vector<uint64_t> spread(uint64_t total, std::span<const uint64_t> weights);

Result<void> check_journey(const JourneyRecord& record);
Bytes encode_journey(const JourneyRecord& record);  // of a record that passes check_journey
Result<JourneyRecord> parse_journey(ByteView body);

struct HeldJourney {
    JourneyRecord record;
    crypto::Principal holder;  // who sealed it
};
Bytes seal_journey(const JourneyRecord& record, const crypto::Signer& holder);
Result<HeldJourney> open_journey(ByteView sealed, crypto::Verifier& verifier, WallTime now);

}  // namespace aip::routing
