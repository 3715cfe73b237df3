#include "sim/walk.hpp"

#include <algorithm>

#include "sim/keys.hpp"

namespace aip::sim {
namespace {

constexpr const char* kTask = "walk";
constexpr uint64_t kRootSeed = 1;
constexpr uint32_t kStopsMax = 10'000;  // of one walk: more is a policy that never leaves

}  // namespace

WalkCast::WalkCast(size_t nodes) : verifier_(make_root(kRootSeed).public_key()) {
    for (size_t i = 0; i < nodes; ++i) signers_.push_back(make_signer(i, make_root(kRootSeed)));
}

struct WalkNet::Node {
    Node(WalkCast& cast, size_t index, uint64_t seed, const routing::InterestOptions& options)
        : rng(seed), interest(cast.signer(index), cast.verifier(), rng, options) {}
    SeededRng rng;
    routing::InterestExchange interest;
    Instant wake_at = Instant::never();
};

struct WalkNet::Token {
    Token(const WalkPlan& p, std::unique_ptr<routing::NextStopPolicy> by, routing::JourneyRecord start)
        : plan(p), policy(std::move(by)), journey(std::move(start)), rng(p.seed) {}
    const WalkPlan& plan;
    std::unique_ptr<routing::NextStopPolicy> policy;
    routing::JourneyRecord journey;
    SeededRng rng;
    uint32_t sent = 0;
    std::vector<WalkStop> stops;
};

WalkNet::WalkNet(WalkCast& cast, const Scatter& world, const std::vector<std::vector<uint64_t>>& labels, uint64_t seed,
                 WalkOptions options)
    : cast_(cast), world_(world), options_(options), rng_(seed) {
    AIP_ASSERT(labels.size() == world.near.size() && labels.size() <= cast.size());
    routing::InterestOptions publishing;
    publishing.epsilon = options.epsilon;
    std::vector<Address> members;
    for (size_t i = 0; i < labels.size(); ++i) members.push_back(cast.signer(i).self().address);
    for (size_t i = 0; i < labels.size(); ++i) {
        by_address_.emplace_back(members[i], i);
        nodes_.push_back(std::make_unique<Node>(cast, i, rng_.next(), publishing));
        auto& interest = nodes_.back()->interest;
        std::vector<routing::Reach> reach;
        for (size_t j = 0; j < members.size(); ++j)
            reach.push_back({members[j], static_cast<double>(world.hops[i][j]), world.hops[i][j] == 1});
        interest.set_reachable(reach, queue_.now());
        const auto set =
            interest.set(kTask, {{labels[i], {}}, options.samples, options.samples_per_second}, queue_.now());
        AIP_ASSERT(set.has_value());
        queue_.after({}, [this, i] { wake(i); });
    }
    std::sort(by_address_.begin(), by_address_.end());
}

WalkNet::~WalkNet() = default;

const routing::InterestTable& WalkNet::table(size_t node) const { return nodes_[node]->interest.table(); }

size_t WalkNet::index_of(const Address& address) const {
    const auto at = std::lower_bound(by_address_.begin(), by_address_.end(), std::make_pair(address, size_t{0}));
    AIP_ASSERT(at != by_address_.end() && at->first == address);
    return at->second;
}

void WalkNet::wake(size_t index) {
    Node& node = *nodes_[index];
    node.wake_at = Instant::never();
    for (auto& out : node.interest.poll(queue_.now(), queue_.wall())) send(index, std::move(out));
    const Instant at = std::max(node.interest.next_wakeup(), queue_.now() + Duration::milliseconds(1));
    if (at == Instant::never()) return;
    node.wake_at = at;
    queue_.at(at, [this, index, at] {
        if (nodes_[index]->wake_at == at) wake(index);
    });
}

void WalkNet::send(size_t from, routing::InterestOut out) {
    const size_t to = index_of(out.to);
    const uint32_t hops = world_.hops[from][to];
    for (uint32_t hop = 0; hop < hops; ++hop) {
        ++packets_;
        if (rng_.chance(options_.loss)) return;
    }
    queue_.after(options_.link_delay * hops, [this, from, to, out = std::move(out)] {
        nodes_[to]->interest.on_packet(out.kind, cast_.signer(from).self().address, out.payload, queue_.now(),
                                       queue_.wall());
        wake(to);
    });
}

bool WalkNet::tables_are_full() const {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& node) { return node->interest.table().count(kTask) == nodes_.size(); });
}

void WalkNet::publish(size_t node, routing::LocalInterest interest) {
    AIP_ASSERT(nodes_[node]->interest.set(kTask, std::move(interest), queue_.now()));
    queue_.after({}, [this, node] { wake(node); });
}

void WalkNet::run(Duration time) {
    const Instant end = queue_.now() + time;
    while (queue_.now() < end && queue_.run_one()) {}
}

bool WalkNet::gossip(Duration limit) {
    const Instant end = queue_.now() + limit;
    while (queue_.now() < end && queue_.run_one())
        if (queue_.count() % 64 == 0 && tables_are_full()) return true;
    return tables_are_full();
}

std::vector<std::vector<WalkStop>> WalkNet::walk(const std::vector<WalkPlan>& plans) {
    std::deque<Token> tokens;
    for (const WalkPlan& plan : plans) {
        auto policy = routing::make_policy(plan.policy, plan.weights);
        AIP_ASSERT(policy.has_value());
        routing::JourneyStart start{1, kTask, plan.policy, cast_.signer(plan.start).self().address, kStopsMax, {}};
        for (const size_t node : plan.itinerary) start.itinerary.push_back(cast_.signer(node).self().address);
        auto journey = routing::start_journey(std::move(start));
        AIP_ASSERT(journey.has_value());
        Token& token = tokens.emplace_back(plan, std::move(*policy), std::move(*journey));
        queue_.after({}, [this, &token] { arrive(token, token.plan.start); });
    }
    walking_ = tokens.size();
    while (walking_ > 0) AIP_ASSERT(queue_.run_one());
    std::vector<std::vector<WalkStop>> out;
    for (Token& token : tokens) out.push_back(std::move(token.stops));
    return out;
}

// Trains, asks where to go from here, and goes.
void WalkNet::arrive(Token& token, size_t at) {
    token.stops.push_back({at, token.sent});
    const Address here = cast_.signer(at).self().address;
    const auto& table = nodes_[at]->interest.table();
    routing::Stop stop;
    stop.node = here;
    stop.samples = options_.samples;
    auto journey = routing::add_stop(std::move(token.journey), stop, table.find(kTask, here)->record.sketch);
    AIP_ASSERT(journey.has_value());
    const auto path_to = [&](const Address& node) {
        const uint32_t hops = world_.hops[at][index_of(node)];
        return routing::Path{static_cast<double>(hops), (options_.link_delay * (2 * int64_t{hops})).count_s(),
                             hops == 1};
    };
    const auto candidates = routing::candidates_of(*journey, table, path_to, here);
    const auto choice = token.policy->choose(*journey, here, candidates, token.rng);
    const size_t next = choice ? index_of(choice->node) : at;
    const uint32_t hops = world_.hops[at][next];
    if (!choice || token.sent + hops > token.plan.transmissions || token.stops.size() + 1 >= kStopsMax) {
        --walking_;
        return;
    }
    auto left = routing::depart(std::move(*journey), choice->plan());
    AIP_ASSERT(left.has_value());
    token.journey = std::move(*left);
    token.sent += hops;
    const double training_s = static_cast<double>(options_.samples) / options_.samples_per_second;
    const auto training = Duration::milliseconds(static_cast<int64_t>(1000 * training_s));
    queue_.after(training + options_.transmission * hops, [this, &token, next] { arrive(token, next); });
}

}  // namespace aip::sim
