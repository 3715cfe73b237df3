// The next-stop policies (rfc/0003 section 5). All but the itinerary see the same survey of the members: who may be
// chosen, who is due in this lap, the divergence after a stop there, the cost, the age; each then judges it its own
// way. The survey is also where no walk is trapped: with probability weights.jump the model escapes to a random
// reachable member, and weights.age_bonus grows with every lap a member was not visited, for members further than one
// hop too.
//
// Laps: a member is due until it was visited in the journey's lap; when none that can be reached is due the next
// begins. Where a policy never ends its lap, a lap counts as over for the age after as many stops as there are members.
// Values without state of their own: any thread.
#pragma once

#include "routing/next_stop.hpp"

namespace aip::routing {

struct Survey {
    const JourneyRecord& journey;
    const Address& here;
    std::span<const Candidate> candidates;
    double expected_samples = 0;  // of a stop: the mean of the last ones; 0 before the first: all the member has
    size_t open = 0;              // members that may be chosen
    size_t due = 0;
    bool new_lap = false;
    Choice choice;  // everything but the node and why

    size_t here_index() const;  // candidates.size() if this node is no member
};

class SurveyPolicy : public NextStopPolicy {
public:
    explicit SurveyPolicy(const RoutingWeights& weights) : weights_(weights) {}
    Result<Choice> choose(const JourneyRecord& journey, const Address& here, std::span<const Candidate> candidates,
                          Rng& rng) const final;

protected:
    struct Pick {
        size_t index;
        const char* rule;  // "largest gain per cost"
    };
    // Sets ground and value of the scores and picks one of those that are open, of which there is at least one.
    virtual Pick pick(Survey& survey, Rng& rng) const = 0;

    double expected_seconds(const Survey& survey, const Candidate& candidate) const;  // of training; 0: unknown
    const RoutingWeights& weights() const { return weights_; }

private:
    Result<Survey> look(const JourneyRecord& journey, const Address& here, std::span<const Candidate> candidates) const;
    void score(Survey& survey) const;
    double cost_of(const Survey& survey, const Candidate& candidate) const;

    RoutingWeights weights_;
};

// Members not yet visited in this lap. While D(global || seen) is above weights.theta: the largest gain per cost, over
// the whole table and not just among neighbours; below it the nearest, equals by the divergence left.
class CoveragePolicy final : public SurveyPolicy {
public:
    explicit CoveragePolicy(const RoutingWeights& weights = {}) : SurveyPolicy(weights) {}
    std::string_view name() const override { return "coverage"; }

private:
    Pick pick(Survey& survey, Rng& rng) const override;
};

// Of the members due in this lap the one that will have trained first: delay, then whoever waits there, then itself.
class ComputePolicy final : public SurveyPolicy {
public:
    explicit ComputePolicy(const RoutingWeights& weights = {}) : SurveyPolicy(weights) {}
    std::string_view name() const override { return "compute"; }

private:
    Pick pick(Survey& survey, Rng& rng) const override;
};

// The policies that look one hop far: members that are neighbours, all reachable ones if none is; with an age bonus
// also those further away that are due.
class NeighbourPolicy : public SurveyPolicy {
public:
    using SurveyPolicy::SurveyPolicy;

protected:
    // Grounds of those it looks at; `base` is the value of a candidate but for its age.
    template <class Base>
    void judge(Survey& survey, Ground ground, Base base) const;
};

// The literal rule of the white paper, "the neighbour with the shortest divergence". A TRAP, kept to be compared with:
// two nodes that are alike send the model to and fro for ever, and what it has seen never comes near the global mix.
// With an age bonus or jumps it gets out.
class KlNearestPolicy final : public NeighbourPolicy {
public:
    explicit KlNearestPolicy(const RoutingWeights& weights = {}) : NeighbourPolicy(weights) {}
    std::string_view name() const override { return "kl-nearest"; }

private:
    Pick pick(Survey& survey, Rng& rng) const override;
};

class RandomWalkPolicy final : public NeighbourPolicy {
public:
    explicit RandomWalkPolicy(const RoutingWeights& weights = {}) : NeighbourPolicy(weights) {}
    std::string_view name() const override { return "random-walk"; }

private:
    Pick pick(Survey& survey, Rng& rng) const override;
};

// A random walk proposes; the model goes with probability min(1, degree here / degree there) and otherwise trains here
// once more, so that in the long run every member is visited equally often. A member that does not say its degree
// counts as one with ours.
class MetropolisHastingsPolicy final : public NeighbourPolicy {
public:
    explicit MetropolisHastingsPolicy(const RoutingWeights& weights = {}) : NeighbourPolicy(weights) {}
    std::string_view name() const override { return "metropolis-hastings"; }

private:
    Pick pick(Survey& survey, Rng& rng) const override;
};

class ItineraryPolicy final : public NextStopPolicy {
public:
    std::string_view name() const override { return "itinerary"; }
    Result<Choice> choose(const JourneyRecord& journey, const Address& here, std::span<const Candidate> candidates,
                          Rng& rng) const override;
};

}  // namespace aip::routing
