// Two walkers of one task on a ring of six; a program on each node, which trains for a second or two:
//
//            0 -- 1 -- 2            walker A begins at 0, walker B at 3
//            |         |
//            5 -- 4 -- 3
//
// Sooner or later they wait at one node together. From then on there is one, and late_after of both tasks must not make
// a second one out of what is left of the other.
#include <gtest/gtest.h>

#include "model/safetensors.hpp"
#include "sim/network.hpp"

namespace aip::sim {
namespace {

constexpr size_t kNodes = 6;
constexpr const char* kTask = "ring";

class Trainers final : public Program {
public:
    explicit Trainers(Network& network) : network_(network) {}

    void on_start(Machine& machine, node::SessionId session) override {
        AIP_ASSERT(machine.node().bind(session, kTask).has_value());
        AIP_ASSERT(machine.node().publish_interest(session, kTask, {{{10, 20}, {}}, 30, 100}).has_value());
    }
    void on_delivery(Machine& machine, node::SessionId session, const node::Delivery& delivery, Bytes file) override {
        ++file.back();  // "trains"
        const auto takes = Duration::milliseconds(static_cast<int64_t>(1000 + network_.rng().below(1000)));
        network_.queue().after(takes, [&machine, session, id = delivery.id, child = std::move(file)]() mutable {
            if (!machine.alive()) return;
            node::WorkDone work;
            work.samples = 30;
            work.steps = 3;
            machine.node().finish(session, id, work, node::OnJourney{},
                                  std::make_unique<model::OwnedSource>(std::move(child)),
                                  [](const Result<node::FinishedStop>&) {});
            machine.wake();
        });
    }

private:
    Network& network_;
};

class Ring : public testing::TestWithParam<uint64_t> {
protected:
    void set_up(double loss, Duration late_after) {
        MachineOptions options;
        options.settings.open_task.late_after = late_after;
        LinkOptions link;
        link.loss = loss;
        for (size_t i = 0; i < kNodes; ++i) network.add_node(options);
        for (size_t i = 0; i < kNodes; ++i) network.link(i, (i + 1) % kNodes, link);
        for (size_t i = 0; i < kNodes; ++i) network.machine(i).set_program(&trainers);
        AIP_ASSERT(network.start().has_value());
        AIP_ASSERT(network.run(Duration::seconds(3), [] { return false; }) == Network::End::kTimeUp);
        for (const size_t i : {0, 3}) {
            const Bytes weights(8000, static_cast<uint8_t>(i));
            const std::vector<model::TensorView> tensors{{"w", model::Dtype::kU8, {8000}, weights}};
            network.machine(i).node().send(99, {kTask, "m", node::OnJourney{kStops, ""}},
                                           std::make_unique<model::OwnedSource>(*model::write_safetensors(tensors, {})),
                                           {}, [](const Result<node::SentModel>&) {});
            network.machine(i).wake();
        }
    }
    std::map<uint64_t, uint32_t> walkers() {  // journey and walker number; of two numbers the higher
        std::map<uint64_t, uint32_t> alive;
        for (size_t i = 0; i < kNodes; ++i)
            for (const auto& [key, value] : network.machine(i).durable()) {
                if (!key.starts_with("custody/")) continue;
                const auto custody = node::parse_custody(as_bytes(value));
                const auto record = routing::parse_journey(crypto::sealed_claim(custody->journey)->body);
                alive[record->id] = std::max(alive[record->id], record->walker);
            }
        return alive;
    }
    size_t entries(std::string_view what) {
        size_t count = 0;
        for (size_t i = 0; i < kNodes; ++i) {
            std::optional<Report> log;
            network.machine(i).node().report("ledger-log", {"1000"}, [&](Result<Report> r) { log = std::move(*r); });
            network.run(Duration::seconds(1), [&] { return log.has_value(); });
            for (const auto& row : log->rows) count += std::get<std::string>(row[1]) == what ? 1 : 0;
        }
        return count;
    }

    static constexpr uint32_t kStops = 2000;
    Network network{GetParam()};
    Trainers trainers{network};
};

TEST_P(Ring, WalkersThatMeetAreOneFromThenOn) {
    set_up(0.02, Duration::seconds(20));
    ASSERT_EQ(network.run(Duration::seconds(30), [&] { return walkers().size() == 2; }), Network::End::kDone);
    network.add_checker([&](Network&) {
        return walkers().size() > 2 ? std::optional<std::string>("more than two walkers") : std::nullopt;
    });
    ASSERT_EQ(network.run(Duration::seconds(900), [&] { return walkers().size() == 1; }), Network::End::kDone)
        << network.complaint();
    const auto one = walkers();
    network.add_checker([&](Network&) {
        return walkers() != one ? std::optional<std::string>("the other walker is back") : std::nullopt;
    });
    ASSERT_EQ(network.run(Duration::seconds(200), [] { return false; }), Network::End::kTimeUp) << network.complaint();
    EXPECT_EQ(entries("merged"), 1u);
    EXPECT_EQ(entries("recreated"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Ring, testing::Values(1, 2, 3));

}  // namespace
}  // namespace aip::sim
