#include "sim/journey_scenario.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "crypto/sha256.hpp"
#include "model/safetensors.hpp"
#include "node/custody.hpp"
#include "routing/journey.hpp"

namespace aip::sim {
namespace {

constexpr size_t kNodes = 10;
constexpr const char* kTask = "sim";

Bytes first_model(Rng& rng) {
    Bytes weights(6000);
    for (uint8_t& byte : weights) byte = static_cast<uint8_t>(rng.next());
    const Bytes bias(400, 0);
    const std::vector<model::TensorView> tensors{{"fc1.weight", model::Dtype::kF32, {15, 100}, weights},
                                                 {"fc1.bias", model::Dtype::kF32, {100}, bias}};
    auto file = model::write_safetensors(tensors, {});
    AIP_ASSERT(file.has_value());
    return std::move(*file);
}

// "Trains": changes a few bytes of the weights, so that some blocks change and others do not.
Bytes trained(Bytes file, uint32_t stop) {
    for (size_t i = 0; i < 8; ++i) file[file.size() - 1 - (stop * 31 + i) % 300] ^= static_cast<uint8_t>(stop + i + 1);
    return file;
}

class Trainers final : public Program {
public:
    Trainers(Network& network, Rng& rng) : network_(network), rng_(rng) {}

    void remember(const Bytes& file) { made_.insert(crypto::sha256(file)); }

    void on_start(Machine& machine, node::SessionId session) override {
        AIP_ASSERT(machine.node().bind(session, kTask).has_value());
        routing::LocalInterest interest;
        interest.sketch.labels.assign(10, 0);
        const size_t number = number_of(machine);
        interest.sketch.labels[number] = 300;
        interest.sketch.labels[(number + 1) % 10] = 300;
        interest.samples = 600;
        interest.samples_per_second = 1000;
        AIP_ASSERT(machine.node().publish_interest(session, kTask, std::move(interest)).has_value());
    }

    void on_delivery(Machine& machine, node::SessionId session, const node::Delivery& delivery, Bytes file) override {
        if (!made_.contains(crypto::sha256(file))) complaint_ = "a program was given a file that nobody made";
        Bytes child = trained(std::move(file), delivery.stop);
        remember(child);
        const size_t number = number_of(machine);
        const Duration takes = Duration::microseconds(static_cast<int64_t>(1000 + rng_.below(20'000)));
        network_.queue().after(takes, [this, number, session, delivery, child = std::move(child)]() mutable {
            finish(number, session, delivery, std::move(child));
        });
    }

    const std::string& complaint() const { return complaint_; }

private:
    size_t number_of(const Machine& machine) const {
        for (size_t i = 0; i < network_.size(); ++i)
            if (&network_.machine(i) == &machine) return i;
        AIP_ASSERT(false);
        return 0;
    }

    void finish(size_t number, node::SessionId session, const node::Delivery& delivery, Bytes child) {
        Machine& machine = network_.machine(number);
        if (!machine.alive()) return;
        node::WorkDone work;
        work.what = "trained";
        work.samples = 200;
        work.steps = 10;
        machine.node().finish(session, delivery.id, work, node::OnJourney{},
                              std::make_unique<model::OwnedSource>(std::move(child)),
                              [](const Result<node::FinishedStop>&) {});
        machine.wake();
    }

    Network& network_;
    Rng& rng_;
    std::set<Digest> made_;
    std::string complaint_;
};

std::vector<node::Custody> durable_custody(Machine& machine) {
    std::vector<node::Custody> records;
    for (auto it = machine.durable().lower_bound("custody/");
         it != machine.durable().end() && it->first.starts_with("custody/"); ++it) {
        auto custody = node::parse_custody(as_bytes(it->second));
        AIP_ASSERT(custody.has_value());
        records.push_back(std::move(*custody));
    }
    return records;
}

struct Watch {
    uint64_t disk_changes = 0;  // of all machines, when last looked
    bool started = false;
    bool ended = false;
    bool looked_after = false;
    std::set<size_t> dead;  // for good
};

constexpr size_t kWalkersMax = 3;  // two kills a minute may hide two of them at once

// A model whose receiver took it, died for good and owes the receipt: nobody works on it any more, and nobody can.
bool is_for_the_dead(Network& network, const Watch& watch, const node::Custody& custody) {
    return custody.state == node::CustodyState::kOutbound &&
           std::any_of(watch.dead.begin(), watch.dead.end(),
                       [&](size_t i) { return network.machine(i).address() == custody.to; });
}

uint32_t walker_of(const node::Custody& custody) {
    const auto claim = crypto::sealed_claim(custody.journey);
    const auto record = claim ? routing::parse_journey(claim->body) : Result<routing::JourneyRecord>(claim.error());
    AIP_ASSERT(record.has_value());
    return record->walker;
}

uint64_t disk_changes(Network& network) {
    uint64_t changes = 0;
    for (size_t i = 0; i < network.size(); ++i) changes += network.machine(i).disk_changes();
    return changes;
}

// Looks at what is on disk, so only when that has changed.
std::optional<std::string> check_custody(Network& network, Watch& watch, JourneyOutcome& outcome) {
    const uint64_t changes = disk_changes(network);
    if (changes == watch.disk_changes) return std::nullopt;
    watch.disk_changes = changes;
    size_t holders = 0;
    std::map<uint32_t, size_t> workers;  // of each walker
    for (size_t i = 0; i < network.size(); ++i) {
        if (watch.dead.contains(i)) continue;
        for (const node::Custody& custody : durable_custody(network.machine(i))) {
            ++holders;
            const uint32_t walker = walker_of(custody);
            if (!is_for_the_dead(network, watch, custody))
                workers[walker] += custody.state != node::CustodyState::kOutbound ? 1 : 0;
            if (custody.state == node::CustodyState::kEnded) watch.ended = true, outcome.walker = walker;
            bool known = false;
            for (size_t k = 0; k < network.size() && !known; ++k) {
                const auto there = network.machine(k).has_ledger_entry(custody.version);
                known = there && *there && (custody.state == node::CustodyState::kHeld || k == i);
            }
            if (!known)
                return "version " + custody.version.short_hex() + " in custody of node " + std::to_string(i) +
                       " has no ledger entry";
        }
    }
    if (holders > 0) watch.started = true;
    if (watch.started && holders == 0 && !watch.looked_after) return std::string("the model is in nobody's custody");
    for (const auto& [walker, count] : workers)
        if (count > 1) return std::string("two nodes work on copies of one model");
    outcome.walkers_max = std::max(outcome.walkers_max, workers.size());
    if (workers.size() > kWalkersMax) return std::string("more walkers than there may be");
    return std::nullopt;
}

void lay_links(Network& network, const LinkOptions& link, const JourneyOptions& options) {
    // Most of the time of a run goes into signatures of hellos and records: fewer of them, more seeds.
    MachineOptions machine;
    machine.settings.hello_interval = Duration::seconds(2);
    machine.settings.interest_refresh = Duration::seconds(60);
    machine.settings.open_task.late_after = options.late_after;
    for (size_t i = 0; i < kNodes; ++i) network.add_node(machine);
    for (size_t i = 0; i < 4; ++i) {
        network.link(i, i + 1, link);
        network.link(i + 5, i + 6, link);
    }
    for (size_t i : {0, 1, 3, 4}) network.link(i, i + 5, link);
}

void kill(Network& network, size_t victim, const Watch& watch, JourneyOutcome& outcome) {
    if (!network.machine(victim).alive()) return;
    Rng& rng = network.rng();
    ++outcome.kills;
    network.machine(victim).kill();
    // Now and then long enough for neighbours to lose it and for transfers to time out.
    const uint64_t down_ms = rng.chance(0.02) ? 8000 + rng.below(40'000) : 100 + rng.below(3000);
    network.queue().after(Duration::milliseconds(static_cast<int64_t>(down_ms)), [&network, &watch, victim] {
        if (!watch.dead.contains(victim)) AIP_ASSERT(network.machine(victim).start().has_value());
    });
}

// Every three seconds a holder dies for good: a corner of the grid, so that the others still reach each other.
void schedule_deaths(Network& network, const JourneyOptions& options, Watch& watch, JourneyOutcome& outcome) {
    network.queue().after(Duration::milliseconds(50), [&network, &options, &watch, &outcome] {
        static constexpr std::array<size_t, 4> kCorners{4, 9, 2, 7};
        const Duration now = network.queue().now() - Instant();
        for (const size_t victim : kCorners) {
            Machine& machine = network.machine(victim);
            if (outcome.deaths >= options.deaths || now < Duration::seconds(4 + 3 * int64_t{outcome.deaths}) ||
                watch.dead.contains(victim) || !machine.alive() || durable_custody(machine).empty())
                continue;
            machine.kill();
            watch.dead.insert(victim);
            ++outcome.deaths;
        }
        schedule_deaths(network, options, watch, outcome);
    });
}

bool chaos_reigns(Network& network, const JourneyOptions& options) {
    const Duration now = network.queue().now() - Instant();
    return now > Duration::seconds(5) && now < options.kills_end;
}

// After any event, a node that has the model in custody may lose power: between a job and its answer, between a packet
// and the next.
void kill_a_holder(Network& network, const JourneyOptions& options, const Watch& watch, JourneyOutcome& outcome) {
    if (!chaos_reigns(network, options) || !network.rng().chance(options.holder_kills_per_event)) return;
    for (size_t i = 0; i < kNodes; ++i)
        if (network.rng().chance(0.5) && !durable_custody(network.machine(i)).empty())
            return kill(network, i, watch, outcome);
}

// At any time any node may lose power, and any program may die.
void schedule_chaos(Network& network, const JourneyOptions& options, const Watch& watch, JourneyOutcome& outcome) {
    network.queue().after(Duration::milliseconds(20), [&network, &options, &watch, &outcome] {
        Rng& rng = network.rng();
        if (chaos_reigns(network, options) && rng.chance(options.kills_per_second * 0.02))
            kill(network, rng.below(kNodes), watch, outcome);
        if (chaos_reigns(network, options) && rng.chance(options.program_kills_per_second * 0.02)) {
            const size_t victim = rng.below(kNodes);
            ++outcome.program_kills;
            network.machine(victim).kill_program();
            network.queue().after(Duration::milliseconds(static_cast<int64_t>(50 + rng.below(1000))),
                                  [&network, victim] { network.machine(victim).start_program(); });
        }
        schedule_chaos(network, options, watch, outcome);
    });
}

}  // namespace

JourneyOutcome run_journey(uint64_t seed, const JourneyOptions& options) {
    JourneyOutcome outcome;
    Network network(seed);
    Rng& rng = network.rng();
    LinkOptions link;
    link.delay = Duration::microseconds(static_cast<int64_t>(200 + rng.below(5000)));
    link.jitter = Duration::microseconds(static_cast<int64_t>(rng.below(8000)));
    link.loss = rng.unit() * options.loss_max;
    link.duplicate = rng.unit() * 0.1;
    outcome.loss = link.loss;
    lay_links(network, link, options);
    Trainers trainers(network, rng);
    for (size_t i = 0; i < kNodes; ++i) network.machine(i).set_program(&trainers);
    AIP_ASSERT(network.start().has_value());

    Watch watch;
    watch.looked_after = options.late_after > Duration{};
    network.add_checker([&](Network& n) { return check_custody(n, watch, outcome); });
    network.add_checker(
        [&](Network&) { return trainers.complaint().empty() ? std::nullopt : std::optional(trainers.complaint()); });

    network.add_checker([&](Network& n) {
        kill_a_holder(n, options, watch, outcome);
        return std::nullopt;
    });

    const Bytes file = first_model(rng);
    trainers.remember(file);
    network.queue().after(Duration::seconds(3), [&] {
        node::SendOrder order{kTask, "mlp", node::OnJourney{options.stops, "coverage"}};
        network.machine(0).node().send(99, order, std::make_unique<model::MemorySource>(file), {},
                                       [&outcome](const Result<node::SentModel>& sent) {
                                           if (!sent)
                                               outcome.complaint = "the model could not start: " + sent.error().text;
                                       });
        network.machine(0).wake();
    });
    network.queue().after(Duration::seconds(4), [&] { schedule_chaos(network, options, watch, outcome); });
    schedule_deaths(network, options, watch, outcome);

    const auto end = network.run(options.time_limit, [&] { return watch.ended; });
    outcome.ok = end == Network::End::kDone;
    if (!outcome.ok && outcome.complaint.empty())
        outcome.complaint = end == Network::End::kBroken   ? network.complaint()
                            : end == Network::End::kTimeUp ? "the journey did not end in time"
                                                           : "";
    outcome.events = network.queue().count();
    outcome.packets = network.packets();
    for (size_t i = 0; i < kNodes; ++i) {
        const std::string who = "node " + std::to_string(i) + ", ";
        for (const std::string& line : network.machine(i).lines()) outcome.lines.push_back(who + line);
        for (const node::Custody& c : durable_custody(network.machine(i)))
            outcome.lines.push_back(who + "at the end: " + std::string(node::custody_state_name(c.state)) + " " +
                                    c.version.short_hex());
    }
    outcome.simulated = network.queue().now() - Instant::from_ns(1'000'000'000);
    return outcome;
}

}  // namespace aip::sim
