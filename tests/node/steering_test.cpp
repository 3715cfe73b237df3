//     0 ---- 1 ---- 2        packets of 0, steered through 1
#include "dataplane/memory_port.hpp"
#include "dataplane/segment_routing.hpp"
#include "node/outbox.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

struct Steering : World {
    // From 0 to 2 through 1, made by the outbox of a dataplane like that of 0.
    Bytes steered_packet() {
        const Address self = network.machine(0).address(), via = network.machine(1).address();
        dataplane::Dataplane dataplane(self);
        auto port = std::make_unique<dataplane::MemoryPort>(dataplane::MemoryPortConfig{});
        Bytes sent;
        port->set_sink([&](ByteView packet, const dataplane::LinkAddress&) { sent = to_bytes(packet); });
        EXPECT_TRUE(dataplane.add_port(std::move(port)));
        dataplane::FibBuilder routes;
        EXPECT_TRUE(routes.add(via.interface_id(), {0, 1400, dataplane::LinkAddress::everyone()}));
        dataplane.set_fib(routes.build());
        Outbox outbox(dataplane, self);
        aipacket::Header header;
        header.kind = aipacket::Kind::kInterest;
        const Bytes payload(200, 1);
        EXPECT_TRUE(outbox.send_via(std::vector{via}, network.machine(2).address(), header, payload));
        dataplane.flush();
        EXPECT_EQ(outbox.count(header.kind).bytes, sent.size());
        EXPECT_EQ(dataplane.traffic(0).originated.bytes, sent.size());
        // Neither more nodes than a list holds, nor more bytes than the link carries.
        EXPECT_FALSE(outbox.send_via(std::vector(limits::kSegmentsMax, via), via, header, payload));
        EXPECT_FALSE(outbox.send_via(std::vector{via}, via, header, Bytes(1400 - aipacket::kPacketOverhead - 39)));
        EXPECT_TRUE(outbox.send_via(std::vector{via}, via, header, Bytes(1400 - aipacket::kPacketOverhead - 40)));
        return sent;
    }
};

TEST_F(Steering, TwoWayNeighboursMaySteerUntilTheyAreLost) {
    row(3);
    const Bytes packet = steered_packet();
    network.machine(1).receive(0, packet);
    run_for(Duration::milliseconds(100));
    EXPECT_EQ(counter(1, "dropped.steering"), 0);
    EXPECT_EQ(counter(2, "interest.malformed"), 1);  // it arrived as an AI packet, and says nothing
    network.machine(0).kill();
    run_for(Duration::seconds(10));
    network.machine(1).receive(0, packet);
    run_for(Duration::milliseconds(100));
    EXPECT_EQ(counter(1, "dropped.steering"), 1);
}

}  // namespace
}  // namespace aip::node
