#include "dataplane/memory_port.hpp"

#include <gtest/gtest.h>

#include "tests/dataplane/conformance.hpp"

namespace aip::dataplane::test {
namespace {

LinkAddress mac(uint8_t last) { return LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, last}); }

TEST(MemoryPort, Conforms) {
    MemoryPort a({.name = "a", .address = mac(1), .mtu = 9000});
    MemoryPort b({.name = "b", .address = mac(2), .mtu = 9000});
    MemoryHub hub;
    hub.attach(a);
    hub.attach(b);
    conforms(a, b);
}

TEST(MemoryHub, DeliversToTheAddressedPortAlone) {
    MemoryPort a({.address = mac(1)});
    MemoryPort b({.address = mac(2)});
    MemoryPort c({.address = mac(3)});
    MemoryHub hub;
    for (MemoryPort* port : {&a, &b, &c}) hub.attach(*port);
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(a, mac(3), ipv6(node(1), node(3), 100)));
    a.send(batch);
    EXPECT_EQ(receive_until(c, 1).size(), 1u);
    std::array<Received, 1> none;
    EXPECT_EQ(b.receive(none), 0u);
    EXPECT_EQ(a.receive(none), 0u);
}

TEST(MemoryPort, CountsWhatItCannotTake) {
    MemoryPort port({.mtu = 1280, .queue_packets = 2, .buffers = 3});
    const Bytes packet = ipv6(node(1), node(2), 100);
    EXPECT_TRUE(port.inject(packet, mac(1)));
    EXPECT_TRUE(port.inject(packet, mac(1)));
    EXPECT_FALSE(port.inject(packet, mac(1)));  // queue
    EXPECT_EQ(port.counters().rx_errors, 1u);
    EXPECT_FALSE(port.inject(ipv6(node(1), node(2), 1281), mac(1)));
    EXPECT_FALSE(port.inject(ByteView(packet).first(99), mac(1)));
    EXPECT_EQ(port.counters().rx_truncated, 2u);
    const Packet last = port.alloc();
    EXPECT_TRUE(last);
    EXPECT_FALSE(port.alloc());
    EXPECT_EQ(port.counters().no_buffer, 1u);
}

TEST(BufferPool, HandsOutEachBufferOnceAndTakesItBack) {
    BufferPool pool(100, 2);
    Packet a = pool.alloc();
    Packet b = pool.alloc();
    EXPECT_NE(a.data(), b.data());
    EXPECT_FALSE(pool.alloc());
    a = std::move(b);
    EXPECT_EQ(pool.available(), 1u);
    a.reset();
    EXPECT_EQ(pool.available(), 2u);
    EXPECT_FALSE(a);
}

}  // namespace
}  // namespace aip::dataplane::test
