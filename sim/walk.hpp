// Walks of a model without the model: every node has the daemon's own interest exchange and table, which fill by signed
// records sent over lossy simulated links; the model is a token with its journey record. At every stop the holder asks
// the policy with what is in its own table, and the token moves along a shortest path, one transmission per hop.
//
// What is real: records, signatures (each checked once for all nodes), gossip, journey record, candidates, policy. What
// is not: transfers, routes (path metrics are hops) and time spent on either. journey_scenario.hpp has whole nodes. One
// thread, one seed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "routing/interest.hpp"
#include "routing/next_stop.hpp"
#include "sim/event_queue.hpp"
#include "sim/scatter.hpp"
#include "sim/shared_verifier.hpp"

namespace aip::sim {

// Keys are dear to make and may serve many worlds, one after the other.
class WalkCast {
public:
    explicit WalkCast(size_t nodes);
    size_t size() const { return signers_.size(); }
    const crypto::Signer& signer(size_t i) const { return signers_[i]; }
    crypto::Verifier& verifier() { return verifier_; }

private:
    std::vector<crypto::Signer> signers_;
    SharedVerifier verifier_;
};

struct WalkPlan {
    std::string policy = "coverage";
    routing::RoutingWeights weights;
    size_t start = 0;
    std::vector<size_t> itinerary;  // of the policy itinerary
    uint32_t transmissions = 100;
    uint64_t seed = 1;
};

struct WalkStop {
    size_t node = 0;
    uint32_t sent = 0;  // transmissions until this stop
};

struct WalkOptions {
    Duration link_delay = Duration::milliseconds(5);
    double loss = 0.05;                                   // of each packet on each link
    Duration transmission = Duration::milliseconds(500);  // of the model, one hop
    uint64_t samples = 600;                               // a stop trains on
    double samples_per_second = 600;
    double epsilon = 0;  // of what nodes publish (rfc/0010 section 6)
};

class WalkNet {
public:
    // labels[i]: what node i says its data is, before any noise. Cast and world are borrowed.
    WalkNet(WalkCast& cast, const Scatter& world, const std::vector<std::vector<uint64_t>>& labels, uint64_t seed,
            WalkOptions options = {});
    ~WalkNet();

    void publish(size_t node, routing::LocalInterest interest);  // what it says from now on, true or not
    void run(Duration time);
    bool gossip(Duration limit);  // until every table holds every record; false if time ran out
    // All at once, each on its own. A walk ends before the stop that would take it beyond its transmissions.
    std::vector<std::vector<WalkStop>> walk(const std::vector<WalkPlan>& plans);

    const routing::InterestTable& table(size_t node) const;
    uint64_t packets() const { return packets_; }

private:
    struct Node;
    struct Token;

    void wake(size_t node);
    void send(size_t from, routing::InterestOut out);
    bool tables_are_full() const;
    void arrive(Token& token, size_t node);
    size_t index_of(const Address& address) const;

    WalkCast& cast_;
    const Scatter& world_;
    WalkOptions options_;
    EventQueue queue_;
    SeededRng rng_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::pair<Address, size_t>> by_address_;  // sorted
    uint64_t packets_ = 0;
    size_t walking_ = 0;
};

}  // namespace aip::sim
