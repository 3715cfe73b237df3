// Which node should train this model next (rfc/0003 section 5). A policy is a function of the journey so far, the
// members of its task and injected randomness; it says why in one line, and explain() says the same of every member.
//
//   coverage             (default) the largest fall of D(global || seen) per cost, over the whole table; then the
//   nearest compute              the least time until trained: strong compute, short delay random-walk          any
//   member one hop away metropolis-hastings  the same, and stays so often that every member is visited equally often
//   kl-nearest           the member one hop away whose data is most like this node's. A trap: see policies.hpp
//   itinerary            the fixed list in the journey record
//
// Invariants: an unreachable node is never chosen; the node itself only by metropolis-hastings, by an itinerary, or as
// the sole member; the same input and random numbers give the same choice. Interest never enters a path metric.
// Values and functions; any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "routing/interest_table.hpp"
#include "routing/journey.hpp"
#include "routing/routes.hpp"
#include "routing/sketch.hpp"
#include "routing/task.hpp"

namespace aip::routing {

struct Candidate {  // a member of the task; the node that decides is one too
    Address node;
    Sketch sketch;  // of its data, as it published it
    uint64_t samples = 0;
    double samples_per_second = 0;  // 0: unknown
    double path_cost = 0;           // hop-equivalents: RouteView::hops()
    double delay_s = 0;             // round trip; 0: unknown
    uint32_t queue = 0;             // models that wait there
    uint32_t degree = 0;            // members one hop from it; 0: unknown
    uint32_t visits = 0;
    uint32_t last_lap = 0;  // 0: never visited
    bool neighbour = false;
    bool reachable = false;
};

// What `value` of a score measures, or why there is none.
enum class Ground : uint8_t {
    kNone,         // not yet judged
    kHere,         // the node that decides
    kUnreachable,  //
    kVisited,      // in this lap already
    kFar,          // the policy looks one hop far
    kGain,         // fall of the divergence per cost
    kNearest,      // minus the path cost
    kTime,         // minus the seconds until it has trained
    kAlike,        // minus the divergence of its data from this node's
    kChance,       // weight of the draw
};

struct Scored {
    Address node;
    double divergence_after = 0;
    double gain = 0;  // divergence now less divergence_after
    double cost = 0;
    double training_s = 0;  // expected of a stop there; 0: unknown
    double value = 0;       // what the policy compares; higher is better
    double age = 0;         // laps it was not visited; 0 if it is not due
    uint32_t visits = 0;
    bool reachable = false;
    bool due = false;  // not yet visited in this lap
    Ground ground = Ground::kNone;
};
std::string explain(const Scored& scored);  // one line

struct Choice {
    Address node;
    uint32_t lap = 1;
    double divergence_before = 0;
    double divergence_after = 0;
    double cost = 0;
    std::string why;             // one line
    std::vector<Scored> scores;  // of every candidate, in the order given; none from an itinerary

    Plan plan() const { return {node, lap, why, divergence_before, divergence_after, cost}; }
};

class NextStopPolicy {
public:
    virtual ~NextStopPolicy() = default;
    virtual std::string_view name() const = 0;
    // kUnreachable: nobody can be reached now, ask again later. kNotFound: the journey is over.
    virtual Result<Choice> choose(const JourneyRecord& journey, const Address& here,
                                  std::span<const Candidate> candidates, Rng& rng) const = 0;
};

// kNotFound names the policies there are.
Result<std::unique_ptr<NextStopPolicy>> make_policy(std::string_view name, const RoutingWeights& weights = {});

inline constexpr double kDelayPerHop = 0.01;  // seconds of round trip, where nobody has measured

// How the packets would go there.
struct Path {
    double cost = 0;     // hop-equivalents
    double delay_s = 0;  // round trip; 0: unknown
    bool neighbour = false;
};
using PathTo = std::function<std::optional<Path>(const Address&)>;

// The members of the journey's task as the tables know them, in address order.
std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const PathTo& path_to,
                                     const Address& here);
// The delay is that of the first link, as measured, and kDelayPerHop for each further hop.
std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const Routes& routes,
                                     const Address& here);

}  // namespace aip::routing
