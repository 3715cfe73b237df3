// What every PacketPort owes its caller, checked on memory, udp and dpdk alike:
//
//   sender port ====== link ====== receiver port      (net_ring loops: both are one port)
#pragma once

#include <gtest/gtest.h>

#include <thread>

#include "dataplane/buffer_pool.hpp"
#include "dataplane/port.hpp"
#include "tests/dataplane/packets.hpp"

namespace aip::dataplane::test {

inline constexpr int kRoundsMax = 200'000;  // a kernel may deliver from another context: ask until it has

inline std::vector<Received> receive_until(PacketPort& port, size_t wanted) {
    std::vector<Received> all;
    for (int round = 0; round < kRoundsMax && all.size() < wanted; ++round) {
        std::array<Received, 32> burst;
        const size_t count = port.receive(burst);
        for (size_t i = 0; i < count; ++i) all.push_back(std::move(burst[i]));
        if (count == 0) std::this_thread::yield();
    }
    return all;
}

inline Outgoing outgoing(PacketPort& port, const LinkAddress& to, ByteView bytes) {
    return {filled(port.alloc(), bytes), to, 0};
}

inline void carries_every_size(PacketPort& sender, PacketPort& receiver) {
    const size_t mtu = sender.info().mtu;
    for (const size_t size : {size_t{80}, size_t{81}, size_t{576}, size_t{1279}, size_t{1280}, mtu - 1, mtu}) {
        const Bytes packet = ipv6(node(1), node(2), size);
        std::vector<Outgoing> batch;
        batch.push_back(outgoing(sender, receiver.info().address, packet));
        EXPECT_EQ(sender.send(batch), 1u);
        EXPECT_EQ(batch[0].sent, 1u);
        EXPECT_FALSE(batch[0].packet);
        const auto got = receive_until(receiver, 1);
        ASSERT_EQ(got.size(), 1u) << "size " << size;
        EXPECT_EQ(to_bytes(got[0].packet.view()), packet);
        EXPECT_EQ(got[0].from, sender.info().address);
    }
}

inline void keeps_order_in_bursts(PacketPort& sender, PacketPort& receiver) {
    constexpr uint8_t kBurst = 80;  // more than one call to the driver
    std::vector<Outgoing> batch;
    for (uint8_t i = 0; i < kBurst; ++i) {
        batch.push_back(outgoing(sender, receiver.info().address, ipv6(node(1), node(2), 1000, 64, i)));
    }
    EXPECT_EQ(sender.send(batch), kBurst);
    const auto got = receive_until(receiver, kBurst);
    ASSERT_EQ(got.size(), kBurst);
    for (uint8_t i = 0; i < kBurst; ++i) EXPECT_EQ(got[i].packet.data()[999], static_cast<uint8_t>(i + 999));
}

inline void reaches_everyone(PacketPort& sender, PacketPort& receiver) {
    std::vector<Outgoing> batch;
    for (const char* group : {"ff02::a1", "ff02::1", "ff02::1:6", "ff02::1:ff00:2"}) {
        batch.push_back(outgoing(sender, LinkAddress::everyone(), ipv6(node(1), *Address::parse(group), 200)));
    }
    EXPECT_EQ(sender.send(batch), 4u);
    EXPECT_EQ(receive_until(receiver, 4).size(), 4u);
}

inline void sends_buffers_of_others(PacketPort& sender, PacketPort& receiver) {
    BufferPool pool(2000, 1);
    const Bytes packet = ipv6(node(1), node(2), 1200);
    std::vector<Outgoing> batch;
    batch.push_back({filled(pool.alloc(), packet), receiver.info().address, 0});
    EXPECT_EQ(sender.send(batch), 1u);
    const auto got = receive_until(receiver, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(to_bytes(got[0].packet.view()), packet);
    EXPECT_EQ(pool.available(), 1u);
}

inline void refuses_what_is_too_large(PacketPort& sender, PacketPort& receiver) {
    const uint32_t size = sender.info().mtu + 1;
    BufferPool pool(size, 1);
    const uint64_t dropped = sender.counters().tx_dropped;
    std::vector<Outgoing> batch;
    batch.push_back({filled(pool.alloc(), ipv6(node(1), node(2), size)), receiver.info().address, 0});
    batch.push_back(outgoing(sender, receiver.info().address, ipv6(node(1), node(2), 100)));
    EXPECT_EQ(sender.send(batch), 1u);
    EXPECT_EQ(batch[0].sent, 0u);
    EXPECT_EQ(batch[1].sent, 1u);
    EXPECT_EQ(sender.counters().tx_dropped, dropped + 1);
    EXPECT_EQ(pool.available(), 1u);
    EXPECT_EQ(receive_until(receiver, 1).size(), 1u);
}

inline void conforms(PacketPort& sender, PacketPort& receiver) {
    EXPECT_GE(sender.alloc().capacity(), sender.info().mtu);
    carries_every_size(sender, receiver);
    keeps_order_in_bursts(sender, receiver);
    reaches_everyone(sender, receiver);
    sends_buffers_of_others(sender, receiver);
    refuses_what_is_too_large(sender, receiver);
    const PortCounters tx = sender.counters();
    const PortCounters rx = receiver.counters();
    EXPECT_EQ(tx.tx_packets, rx.rx_packets);
    EXPECT_EQ(tx.tx_bytes, rx.rx_bytes);
    EXPECT_EQ(tx.tx_link_bytes, rx.rx_link_bytes);
    EXPECT_EQ(rx.rx_errors + rx.rx_truncated + rx.rx_stranger + rx.no_buffer, 0u);
}

}  // namespace aip::dataplane::test
