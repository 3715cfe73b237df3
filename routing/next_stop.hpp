// Which node should train this model next (rfc/0003 section 5). A policy is a pure function of the journey so far and
// the members of its task; it says why in one line.
//
// `coverage` (the default): members not yet visited in this lap come first; when there are none the next lap begins.
// While the divergence of the global mix from what the model has seen is above a threshold, it goes where that falls
// most per unit of cost, over the whole table and not just among neighbours; below it, to the nearest, equals by the
// divergence left. `itinerary`: the fixed list in the journey record.
// Invariants: an unreachable node is never chosen; coverage never chooses the node it is on unless that is the only
// member; the same input gives the same choice. Interest never enters a path metric. Any thread.
// Not here: random walks, `compute`, escape jumps and age bonus (a new policy is one class and one line in
// make_policy).
#pragma once

#include <memory>
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

namespace aip::routing {

struct Candidate {  // a member of the task; the node that decides is one too
    Address node;
    std::vector<uint64_t> label_counts;
    uint64_t samples = 0;
    double samples_per_second = 0;  // 0: unknown
    double path_cost = 0;           // metric of the route
    uint32_t visits = 0;
    uint32_t last_lap = 0;  // 0: never visited
    bool reachable = false;
};

struct Scored {
    Address node;
    double divergence_after = 0;
    double cost = 0;
    double value = 0;  // what the policy compares; higher is better
    uint32_t visits = 0;
    bool reachable = false;
    bool due = false;  // not yet visited in this lap
};

struct Choice {
    Address node;
    uint32_t lap = 1;
    double divergence_before = 0;
    double divergence_after = 0;
    double cost = 0;
    std::string why;
    std::vector<Scored> scores;  // of every candidate, in the order given

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

struct CoverageOptions {
    double theta = 0.03;  // nats; above it the gain decides, below it the distance
    double cost_per_training_second = 0.02;
    double training_cost_max = 0.5;  // bounded, so that a slow (or lying) node cannot outweigh the path
};

class CoveragePolicy final : public NextStopPolicy {
public:
    explicit CoveragePolicy(CoverageOptions options = {}) : options_(options) {}
    std::string_view name() const override { return "coverage"; }
    Result<Choice> choose(const JourneyRecord& journey, const Address& here, std::span<const Candidate> candidates,
                          Rng& rng) const override;

private:
    CoverageOptions options_;
};

class ItineraryPolicy final : public NextStopPolicy {
public:
    std::string_view name() const override { return "itinerary"; }
    Result<Choice> choose(const JourneyRecord& journey, const Address& here, std::span<const Candidate> candidates,
                          Rng& rng) const override;
};

// kNotFound names the policies there are.
Result<std::unique_ptr<NextStopPolicy>> make_policy(std::string_view name);

// The members of the journey's task as the tables know them, in address order.
std::vector<Candidate> candidates_of(const JourneyRecord& journey, const InterestTable& interest, const Routes& routes,
                                     const Address& here);

}  // namespace aip::routing
