// Scenarios beside the journey of journey_scenario.hpp: links that fail, nodes that stay away.
#include <gtest/gtest.h>

#include "model/safetensors.hpp"
#include "sim/network.hpp"

namespace aip::sim {
namespace {

constexpr const char* kTask = "sim";

// Trains for a second: gives back what it got with one byte changed.
struct Trainer final : Program {
    explicit Trainer(Network& n) : network(n) {}

    void on_start(Machine& machine, node::SessionId session) override {
        if (!serves.contains(&machine)) return;
        AIP_ASSERT(machine.node().bind(session, kTask).has_value());
        AIP_ASSERT(machine.node().publish_interest(session, kTask, {{{10, 10}, {}}, 20, 100}).has_value());
    }
    void on_delivery(Machine& machine, node::SessionId session, const node::Delivery& delivery, Bytes file) override {
        stops.push_back(&machine);
        network.queue().after(Duration::seconds(1), [&machine, session, id = delivery.id, file]() mutable {
            if (!machine.alive()) return;
            ++file.back();
            node::WorkDone work;
            work.samples = 20;
            machine.node().finish(session, id, work, node::OnJourney{},
                                  std::make_unique<model::OwnedSource>(std::move(file)),
                                  [](const Result<node::FinishedStop>&) {});
            machine.wake();
        });
    }
    void send_to(size_t from, const Address& to, size_t bytes, std::function<void(Result<node::SentModel>)> done) {
        Bytes weights(bytes);  // blocks that differ: equal ones travel once
        for (size_t i = 0; i < bytes; ++i) weights[i] = static_cast<uint8_t>(i >> 16);
        const std::vector<model::TensorView> tensors{{"w", model::Dtype::kU8, {bytes}, weights}};
        network.machine(from).node().send(77, {kTask, "name", to},
                                          std::make_unique<model::OwnedSource>(*model::write_safetensors(tensors, {})),
                                          {}, std::move(done));
        network.machine(from).wake();
    }
    void send_from(size_t from, uint32_t budget, const std::string& policy = "") {
        const Bytes weights(5000, 1);
        const std::vector<model::TensorView> tensors{{"w", model::Dtype::kU8, {5000}, weights}};
        network.machine(from).node().send(77, {kTask, "name", node::OnJourney{budget, policy}},
                                          std::make_unique<model::OwnedSource>(*model::write_safetensors(tensors, {})),
                                          {}, [](const Result<node::SentModel>&) {});
        network.machine(from).wake();
    }

    Network& network;
    std::set<const Machine*> serves;
    std::vector<const Machine*> stops;
};

struct Scenario : testing::Test {
    void start(std::set<size_t> trainers) {
        for (size_t i : trainers) trainer.serves.insert(&network.machine(i));
        for (size_t i = 0; i < network.size(); ++i) network.machine(i).set_program(&trainer);
        ASSERT_TRUE(network.start().has_value());
        run_for(Duration::seconds(3));
    }
    void run_for(Duration time) {
        ASSERT_NE(network.run(time, [] { return false; }), Network::End::kBroken) << network.complaint();
    }
    bool trained(size_t stops, Duration limit) {
        return network.run(limit, [&] { return trainer.stops.size() >= stops; }) == Network::End::kDone;
    }

    Network network{5};
    Trainer trainer{network};
};

//   0 -- 1 ==X== 2 -- 3        X fails while the model is on the left and heals two minutes later.
//   T    T       T    T        It goes on training on its own side meanwhile, and over to the other afterwards.
TEST_F(Scenario, ModelStaysOnItsSideOfAPartitionAndCrossesWhenItHeals) {
    MachineOptions options;  // a static route does not know what happens behind its next hop: records must expire
    options.settings.interest_refresh = Duration::seconds(10);
    for (int i = 0; i < 4; ++i) network.add_node(options);
    for (size_t i = 0; i < 3; ++i) network.link(i, i + 1);
    start({0, 1, 2, 3});
    network.fail(1, 2);
    run_for(Duration::seconds(10));  // until both sides know
    trainer.send_from(0, 400);
    run_for(Duration::seconds(120));
    EXPECT_GE(trainer.stops.size(), 2u);
    for (const Machine* stop : trainer.stops) EXPECT_TRUE(stop == &network.machine(0) || stop == &network.machine(1));
    network.recover(1, 2);
    EXPECT_TRUE(network.run(Duration::seconds(120), [&] {
        return std::find(trainer.stops.begin(), trainer.stops.end(), &network.machine(3)) != trainer.stops.end();
    }) == Network::End::kDone);
}

//   0 - 1 - 2 - 3        4 moves on from 1 to 2, and from 2 to 3, while a model is sent to it from 0
//   4 >
TEST_F(Scenario, ModelReachesANodeThatRoamsMeanwhile) {
    MachineOptions options;
    options.settings.hello_interval = Duration::milliseconds(200);
    for (size_t i = 0; i < 5; ++i) network.add_node(options);
    LinkOptions link;
    link.delay = Duration::milliseconds(20);
    for (size_t i = 0; i + 1 < 4; ++i) network.link(i, i + 1, link);
    for (size_t i = 1; i < 4; ++i) network.link(i, 4, link);
    for (size_t i = 2; i < 4; ++i) network.fail(i, 4);
    start({});
    std::optional<Result<node::SentModel>> sent;
    trainer.send_to(0, network.machine(4).address(), 16 << 20,
                    [&](Result<node::SentModel> result) { sent = std::move(result); });
    for (size_t at = 1; at < 3; ++at) {
        const uint64_t moves_at = network.wire_bytes() + (10 << 20);  // two or three hops carry 16 MiB each
        ASSERT_EQ(network.run(Duration::seconds(120), [&] { return network.wire_bytes() > moves_at || sent; }),
                  Network::End::kDone);
        ASSERT_FALSE(sent) << (sent->has_value() ? "it must be under way when the node moves" : sent->error().text);
        network.fail(at, 4);
        network.recover(at + 1, 4);
    }
    ASSERT_EQ(network.run(Duration::seconds(120), [&] { return sent.has_value(); }), Network::End::kDone);
    EXPECT_TRUE(sent->has_value()) << sent->error().text;
}

//        1  T, dies before it asked for anything and never comes back
//       /
//   0 --                       the model goes to 2
//       \.
//        2  T
TEST_F(Scenario, ModelGoesElsewhereWhenItsNextStopNeverComesBack) {
    for (int i = 0; i < 3; ++i) network.add_node();
    network.link(0, 1);
    network.link(0, 2);
    start({1, 2});
    network.machine(1).kill();  // 0 does not know yet
    trainer.send_from(0, 1);
    ASSERT_TRUE(trained(1, Duration::seconds(120)));
    EXPECT_EQ(trainer.stops[0], &network.machine(2));
}

//        1  T, 40 ms away
//       /
//   0 --                       the model goes to 2 or 3, then to the other, then to 1
//       \.
//        2 -- 3  T T, 1 ms each
TEST_F(Scenario, MeasuredRoundTripsDecideBetweenEquallyStrongNodes) {
    for (int i = 0; i < 4; ++i) network.add_node();
    LinkOptions slow;
    slow.delay = Duration::milliseconds(40);
    network.link(0, 1, slow);
    network.link(0, 2);
    network.link(2, 3);
    start({1, 2, 3});
    run_for(Duration::seconds(10));
    const routing::Routes& routes = network.machine(0).node().routes();
    const auto rtt_ms = [&](size_t to) {
        const routing::RouteView* route = routes.to(network.machine(to).node().self());
        return route != nullptr && routes.rtt(*route) ? routes.rtt(*route)->count_s() * 1000 : -1;
    };
    EXPECT_NEAR(rtt_ms(1), 80, 1);
    EXPECT_NEAR(rtt_ms(2), 2, 0.5);
    EXPECT_NEAR(rtt_ms(3), 2, 0.5) << "of the first link";
    trainer.send_from(0, 3, "compute");
    ASSERT_TRUE(trained(3, Duration::seconds(120)));
    EXPECT_EQ(trainer.stops[0], &network.machine(2));
    EXPECT_EQ(trainer.stops[2], &network.machine(1));
}

}  // namespace
}  // namespace aip::sim
