// Every scenario stands at B of a line; A and C are what the tests inject and see sent.
//
//     A ---- port 0 [ B ] port 1 ---- C ---- D        mtu 1500 on the left, 1400 on the right
//                 routes of B: A by port 0, C and D by C on port 1, E with next hop mtu 1300
#include "dataplane/forwarder.hpp"

#include <gtest/gtest.h>

#include "dataplane/memory_port.hpp"
#include "tests/dataplane/packets.hpp"

namespace aip::dataplane::test {
namespace {

const Address kA = node(0xa), kB = node(0xb), kC = node(0xc), kD = node(0xd), kE = node(0xe);
LinkAddress mac(uint8_t last) { return LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, last}); }

struct Sent {
    LinkAddress to;
    Bytes packet;
};

const Address kLinkA = *Address::parse("fe80::dead:1");  // no node made it
const Address kLinkB = Address::link_local(kB.interface_id());
constexpr uint8_t kIcmpv6 = 58;

Bytes with_protocol(Bytes packet, uint8_t protocol) {
    packet[6] = protocol;
    return packet;
}

struct Inbox final : LocalSink {
    struct Undeliverable {
        Bytes packet;
        DropReason reason;
        uint32_t mtu;
    };
    void on_undeliverable(PortIndex, const LinkAddress& from, ByteView packet, DropReason reason,
                          uint32_t mtu) override {
        EXPECT_EQ(from, mac(0xa));
        undeliverable.push_back({to_bytes(packet), reason, mtu});
    }
    std::vector<Undeliverable> undeliverable;

    void on_packet(PortIndex port, const LinkAddress& from, ByteView packet) override {
        arrivals.push_back({port, from, to_bytes(packet)});
        if (reply) reply();
    }
    struct Arrival {
        PortIndex port;
        LinkAddress from;
        Bytes packet;
    };
    std::vector<Arrival> arrivals;
    std::function<void()> reply;
};

class DataplaneTest : public ::testing::Test {
protected:
    DataplaneTest() : left_(add("left", 1500)), right_(add("right", 1400)) {
        FibBuilder routes;
        EXPECT_TRUE(routes.add(kA.interface_id(), {0, 1500, mac(0xa)}));
        EXPECT_TRUE(routes.add(kC.interface_id(), {1, 1400, mac(0xc)}));
        EXPECT_TRUE(routes.add(kD.interface_id(), {1, 1400, mac(0xc)}));
        EXPECT_TRUE(routes.add(kE.interface_id(), {1, 1300, mac(0xc)}));
        dataplane_.set_fib(routes.build());
    }

    // Whatever a test did: nothing vanished, and ports and dataplane agree on every byte.
    void TearDown() override {
        uint64_t drops = 0, received = 0, delivered = 0, left = 0;
        for (size_t i = 1; i < kDropReasons; ++i) drops += dataplane_.dropped(static_cast<DropReason>(i));
        for (PortIndex i = 0; i < dataplane_.ports(); ++i) {
            const PortTraffic& traffic = dataplane_.traffic(i);
            const PortCounters port = dataplane_.port(i).counters();
            EXPECT_EQ(traffic.forwarded.packets + traffic.originated.packets, port.tx_packets);
            EXPECT_EQ(traffic.forwarded.bytes + traffic.originated.bytes, port.tx_bytes);
            received += port.rx_packets;
            delivered += traffic.delivered.packets;
            left += port.tx_packets;
        }
        EXPECT_EQ(received + attempts_, delivered + left + drops);
    }

    MemoryPort& add(const char* name, uint32_t mtu) {
        auto port = std::make_unique<MemoryPort>(MemoryPortConfig{.name = name, .address = mac(0xb), .mtu = mtu});
        MemoryPort& borrowed = *port;
        const PortIndex index = dataplane_.add_port(std::move(port)).value();
        borrowed.set_sink([this, index](ByteView packet, const LinkAddress& to) {
            sent_[index].push_back({to, to_bytes(packet)});
        });
        return borrowed;
    }

    void arrives_left(const Bytes& packet) {
        ASSERT_TRUE(left_.inject(packet, mac(0xa)));
        EXPECT_EQ(dataplane_.poll(inbox_), 1u);
    }

    bool originate(ByteView packet, PortIndex buffer_of = 0) {
        ++attempts_;
        return dataplane_.send(filled(dataplane_.alloc(buffer_of), packet));
    }

    void expect_dropped(const Bytes& packet, DropReason reason) {
        const uint64_t before = dataplane_.dropped(reason);
        arrives_left(packet);
        EXPECT_EQ(dataplane_.dropped(reason), before + 1) << drop_reason_name(reason);
        EXPECT_TRUE(sent_[0].empty() && sent_[1].empty() && inbox_.arrivals.empty());
    }

    Dataplane dataplane_{kB};
    MemoryPort& left_;
    MemoryPort& right_;
    Inbox inbox_;
    std::array<std::vector<Sent>, 2> sent_;
    uint64_t attempts_ = 0;
};

TEST_F(DataplaneTest, TakesNothingOfStrangersButQuestionsToJoin) {
    const auto from_stranger = [&](const Bytes& packet) {
        ASSERT_TRUE(left_.inject(packet, mac(0xa), true));
        EXPECT_EQ(dataplane_.poll(inbox_), 1u);
    };
    const auto hop = ipv6(kA, kC, 200);
    for (const Bytes& packet : {ipv6(kA, kB, 100), hop, ipv6(kA, kNeighbourGroup, 100), ipv6(kLinkA, kBabelGroup, 100),
                                with_protocol(ipv6(kA, kB, 100), kIcmpv6), with_protocol(hop, 43)})
        from_stranger(packet);
    EXPECT_EQ(dataplane_.dropped(DropReason::kStranger), 6u);
    EXPECT_TRUE(inbox_.arrivals.empty() && inbox_.undeliverable.empty() && sent_[1].empty());
    from_stranger(ipv6(kA, kJoinGroup, 100));
    EXPECT_EQ(inbox_.arrivals.size(), 1u);
    from_stranger(with_protocol(ipv6(kA, kJoinGroup, 100), 43));
    EXPECT_EQ(dataplane_.dropped(DropReason::kSteering), 1u);
}

TEST_F(DataplaneTest, ForwardsWithOneHopLess) {
    Bytes packet = ipv6(kA, kD, 1000, 64);
    arrives_left(packet);
    ASSERT_EQ(sent_[1].size(), 1u);
    packet[7] = 63;
    EXPECT_EQ(sent_[1][0].packet, packet);
    EXPECT_EQ(sent_[1][0].to, mac(0xc));
    EXPECT_EQ(dataplane_.traffic(1).forwarded, (Traffic{1, 1000}));
    EXPECT_TRUE(sent_[0].empty());
    EXPECT_TRUE(inbox_.arrivals.empty());
}

TEST_F(DataplaneTest, DeliversWhatIsForThisNode) {
    const Bytes packet = ipv6(kA, kB, 333);
    arrives_left(packet);
    ASSERT_EQ(inbox_.arrivals.size(), 1u);
    EXPECT_EQ(inbox_.arrivals[0].port, 0);
    EXPECT_EQ(inbox_.arrivals[0].from, mac(0xa));
    EXPECT_EQ(inbox_.arrivals[0].packet, packet);
    EXPECT_EQ(dataplane_.traffic(0).delivered, (Traffic{1, 333}));
}

TEST_F(DataplaneTest, DeliversHellosAndNeverForwardsThem) {
    arrives_left(ipv6(kA, kNeighbourGroup, 200));
    EXPECT_EQ(inbox_.arrivals.size(), 1u);
    EXPECT_TRUE(sent_[1].empty());
}

TEST_F(DataplaneTest, DeliversWhatIsForItOnTheLink) {
    const char* const ours[] = {"ff02::a1", "ff02::1", "ff02::1:6", "ff02::1:ff00:b", "fe80::b"};
    for (const char* destination : ours) arrives_left(ipv6(kLinkA, *Address::parse(destination), 100, 1));
    EXPECT_EQ(inbox_.arrivals.size(), std::size(ours));
    EXPECT_TRUE(inbox_.undeliverable.empty());
}

TEST_F(DataplaneTest, ForwardsNothingThatIsLinkLocal) {
    expect_dropped(ipv6(kLinkA, kC, 100), DropReason::kLinkScope);
    expect_dropped(with_protocol(ipv6(kLinkA, kC, 100), kIcmpv6), DropReason::kLinkScope);
    expect_dropped(ipv6(kA, *Address::parse("fe80::c"), 100), DropReason::kLinkScope);
    expect_dropped(ipv6(kA, *Address::parse("ff02::16"), 100), DropReason::kLinkScope);
    expect_dropped(ipv6(kA, *Address::parse("ff02::1:ff00:c"), 100), DropReason::kLinkScope);
    EXPECT_TRUE(inbox_.undeliverable.empty());
    EXPECT_FALSE(originate(ipv6(kB, *Address::parse("fe80::c"), 100)));  // on which link?
    EXPECT_EQ(dataplane_.dropped(DropReason::kLinkScope), 6u);
}

TEST_F(DataplaneTest, TakesLinkLocalSourcesOnTheLinkAlone) {
    expect_dropped(ipv6(kLinkA, kB, 100), DropReason::kLinkScope);
    expect_dropped(ipv6(kLinkB, kBabelGroup, 100), DropReason::kOwnSource);
    expect_dropped(ipv6(*Address::parse("2001:db8::1"), kBabelGroup, 100), DropReason::kNotNodeAddress);
}

TEST_F(DataplaneTest, TakesIcmpv6FromWhoeverHasAnAddress) {
    const Address router = *Address::parse("2001:db8::1");
    for (const Address& source : {kA, kLinkA, router}) {
        arrives_left(with_protocol(ipv6(source, kB, 100), kIcmpv6));
        arrives_left(with_protocol(ipv6(source, kLinkB, 100), kIcmpv6));
        arrives_left(with_protocol(ipv6(source, kB.solicited_node_group(), 100), kIcmpv6));
    }
    arrives_left(with_protocol(ipv6({}, kB.solicited_node_group(), 64), kIcmpv6));  // whose address is not yet its own
    EXPECT_EQ(inbox_.arrivals.size(), 10u);
    inbox_.arrivals.clear();
    expect_dropped(with_protocol(ipv6({}, kB, 64), kIcmpv6), DropReason::kNotNodeAddress);
    expect_dropped(with_protocol(ipv6({}, kAllNodesGroup, 64), kIcmpv6), DropReason::kNotNodeAddress);
    expect_dropped(ipv6({}, kB.solicited_node_group(), 64), DropReason::kNotNodeAddress);
    expect_dropped(with_protocol(ipv6(*Address::parse("ff02::1"), kB, 64), kIcmpv6), DropReason::kNotNodeAddress);
    expect_dropped(with_protocol(ipv6(router, kC, 64), kIcmpv6), DropReason::kNotNodeAddress);
}

// But a routing header: segment_routing_test.cpp.
TEST_F(DataplaneTest, ForwardsWhateverTheNextHeader) {
    for (const uint8_t protocol : {0, 6, 44, 58, 59, 255}) {
        arrives_left(with_protocol(ipv6(kA, kD, 100), protocol));
        EXPECT_EQ(sent_[1].back().packet[6], protocol);
    }
    EXPECT_EQ(sent_[1].size(), 6u);
}

TEST_F(DataplaneTest, ShowsTheSinkWhatItCouldNotForwardAsItCame) {
    const std::pair<Bytes, DropReason> cases[] = {{ipv6(kA, kD, 100, 1), DropReason::kHopLimit},
                                                  {ipv6(kA, node(0xf), 100, 9), DropReason::kNoRoute},
                                                  {ipv6(kA, kE, 1301, 9), DropReason::kTooBig}};
    for (const auto& [packet, reason] : cases) expect_dropped(packet, reason);
    ASSERT_EQ(inbox_.undeliverable.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(inbox_.undeliverable[i].packet, cases[i].first);
        EXPECT_EQ(inbox_.undeliverable[i].reason, cases[i].second);
    }
    EXPECT_EQ(inbox_.undeliverable[2].mtu, 1300u);
}

TEST_F(DataplaneTest, DropsAtTheLastHop) {
    expect_dropped(ipv6(kA, kD, 100, 1), DropReason::kHopLimit);
    expect_dropped(ipv6(kA, kD, 100, 0), DropReason::kHopLimit);
}

TEST_F(DataplaneTest, DropsWithoutARoute) { expect_dropped(ipv6(kA, node(0xf), 100), DropReason::kNoRoute); }

TEST_F(DataplaneTest, DropsItsOwnPacketsComeBack) {
    expect_dropped(ipv6(kB, kD, 100), DropReason::kOwnSource);
    expect_dropped(ipv6(kB, kNeighbourGroup, 100), DropReason::kOwnSource);
}

TEST_F(DataplaneTest, DropsWhatTheNextHopCannotCarry) {
    expect_dropped(ipv6(kA, kD, 1401), DropReason::kTooBig);  // the port's mtu
    expect_dropped(ipv6(kA, kE, 1301), DropReason::kTooBig);  // the next hop's
    arrives_left(ipv6(kA, kE, 1300));
    EXPECT_EQ(sent_[1].size(), 1u);
}

TEST_F(DataplaneTest, DropsStrangeAddresses) {
    const Address global = *Address::parse("2001:db8::1");
    const Address foreign = Address::make(NetworkId{{9, 9, 9, 9, 9}}, kD.interface_id());
    expect_dropped(ipv6(kA, global, 100), DropReason::kNotNodeAddress);
    expect_dropped(ipv6(global, kB, 100), DropReason::kNotNodeAddress);
    expect_dropped(ipv6(kA, *Address::parse("ff05::1"), 100), DropReason::kNotNodeAddress);
    expect_dropped(ipv6(*Address::parse("ff02::1"), kB, 100), DropReason::kNotNodeAddress);
    expect_dropped(ipv6(kA, foreign, 100), DropReason::kForeignNetwork);
    expect_dropped(ipv6(foreign, kB, 100), DropReason::kForeignNetwork);
}

TEST_F(DataplaneTest, DropsBrokenPackets) {
    Bytes trailing = ipv6(kA, kD, 100);
    trailing.push_back(0);
    expect_dropped(trailing, DropReason::kTrailingBytes);
    Bytes ipv4 = ipv6(kA, kD, 100);
    ipv4[0] = 0x45;
    expect_dropped(ipv4, DropReason::kNotIpv6);
    Bytes cut = ipv6(kA, kD, 100);
    cut.resize(99);
    EXPECT_FALSE(left_.inject(cut, mac(0xa)));  // a port does not even surface it
    EXPECT_EQ(left_.counters().rx_truncated, 1u);
}

TEST_F(DataplaneTest, OriginatesByRoute) {
    EXPECT_TRUE(originate(ipv6(kB, kD, 900)));
    EXPECT_TRUE(sent_[1].empty());  // waits for its burst
    dataplane_.flush();
    ASSERT_EQ(sent_[1].size(), 1u);
    EXPECT_EQ(sent_[1][0].packet[7], 64);  // no hop was spent
    EXPECT_EQ(dataplane_.traffic(1).originated, (Traffic{1, 900}));
}

TEST_F(DataplaneTest, RefusesToOriginateWhatCannotGo) {
    EXPECT_FALSE(originate(ipv6(kB, node(0xf), 100)));
    EXPECT_FALSE(originate(ipv6(kB, kE, 1301)));
    EXPECT_FALSE(originate(Bytes(10)));
    EXPECT_EQ(dataplane_.dropped(DropReason::kNoRoute), 1u);
    EXPECT_EQ(dataplane_.dropped(DropReason::kTooBig), 1u);
    EXPECT_EQ(dataplane_.dropped(DropReason::kNotIpv6), 1u);
}

TEST_F(DataplaneTest, SendsHellosOnOnePort) {
    ++attempts_;
    EXPECT_TRUE(
        dataplane_.send_on(1, LinkAddress::everyone(), filled(dataplane_.alloc(1), ipv6(kB, kNeighbourGroup, 200))));
    dataplane_.flush();
    ASSERT_EQ(sent_[1].size(), 1u);
    EXPECT_TRUE(sent_[1][0].to.is_everyone());
    EXPECT_TRUE(sent_[0].empty());
}

TEST_F(DataplaneTest, SendsAFullBurstWithoutBeingAsked) {
    for (size_t i = 0; i < limits::kBurstMax; ++i) {
        EXPECT_EQ(dataplane_.room(1), limits::kBurstMax - i);
        EXPECT_TRUE(originate(ipv6(kB, kD, 100), 1));
    }
    EXPECT_EQ(sent_[1].size(), limits::kBurstMax);
    EXPECT_EQ(dataplane_.room(1), limits::kBurstMax);
}

TEST_F(DataplaneTest, HasNoRoomWhileThePortRefuses) {
    right_.set_sink(nullptr);
    EXPECT_TRUE(originate(ipv6(kB, kD, 100)));
    dataplane_.flush();
    EXPECT_EQ(dataplane_.dropped(DropReason::kPortRefused), 1u);
    EXPECT_EQ(dataplane_.traffic(1).originated, Traffic{});
    EXPECT_EQ(dataplane_.room(1), 0u);
    dataplane_.poll(inbox_);
    EXPECT_EQ(dataplane_.room(1), limits::kBurstMax);
}

TEST_F(DataplaneTest, RepliesFromTheSinkLeaveInTheSameRound) {
    inbox_.reply = [this] { EXPECT_TRUE(originate(ipv6(kB, kA, 120))); };
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(left_.inject(ipv6(kA, kB, 100), mac(0xa)));
    EXPECT_EQ(dataplane_.poll(inbox_), 3u);
    EXPECT_EQ(sent_[0].size(), 3u);
}

// What was looked up for the burst stays valid, although its table is replaced; the next burst sees the new one.
TEST_F(DataplaneTest, SinkMayReplaceTheTableWithinABurst) {
    inbox_.reply = [this] { dataplane_.set_fib(FibBuilder().build()); };
    ASSERT_TRUE(left_.inject(ipv6(kA, kB, 100), mac(0xa)));
    ASSERT_TRUE(left_.inject(ipv6(kA, kD, 100), mac(0xa)));
    EXPECT_EQ(dataplane_.poll(inbox_), 2u);
    ASSERT_EQ(sent_[1].size(), 1u);
    EXPECT_EQ(sent_[1][0].to, mac(0xc));
    arrives_left(ipv6(kA, kD, 100));
    EXPECT_EQ(sent_[1].size(), 1u);
    EXPECT_EQ(dataplane_.dropped(DropReason::kNoRoute), 1u);
}

TEST_F(DataplaneTest, TakesOneBurstOfEachPortPerRound) {
    for (size_t i = 0; i < 50; ++i) ASSERT_TRUE(left_.inject(ipv6(kA, kC, 100), mac(0xa)));
    ASSERT_TRUE(right_.inject(ipv6(kC, kA, 100), mac(0xc)));
    EXPECT_EQ(dataplane_.poll(inbox_), limits::kBurstMax + 1);
    EXPECT_EQ(dataplane_.poll(inbox_), 50 - limits::kBurstMax);
    EXPECT_EQ(dataplane_.poll(inbox_), 0u);
    EXPECT_EQ(sent_[1].size(), 50u);
    EXPECT_EQ(sent_[0].size(), 1u);
}

TEST_F(DataplaneTest, RoutesToAPortThatIsNotThereAreNone) {
    FibBuilder routes;
    ASSERT_TRUE(routes.add(kD.interface_id(), {7, 1400, mac(0xc)}));
    dataplane_.set_fib(routes.build());
    expect_dropped(ipv6(kA, kD, 100), DropReason::kNoRoute);
}

TEST(Dataplane, EndsWithPacketsOfOnePortWaitingOnAnother) {
    Dataplane dataplane(kB);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(dataplane.add_port(std::make_unique<MemoryPort>(MemoryPortConfig{})));
    EXPECT_TRUE(dataplane.send_on(1, mac(1), filled(dataplane.alloc(0), ipv6(kB, kC, 100))));
}

TEST(Dataplane, RefusesPortsItCannotUse) {
    Dataplane dataplane(kB);
    const auto small = dataplane.add_port(std::make_unique<MemoryPort>(MemoryPortConfig{.name = "x", .mtu = 1279}));
    ASSERT_FALSE(small);
    EXPECT_EQ(small.error().code, ErrorCode::kInvalid);
    for (uint32_t i = 0; i < limits::kPortsMax; ++i) {
        ASSERT_TRUE(dataplane.add_port(std::make_unique<MemoryPort>(MemoryPortConfig{.buffers = 1})));
    }
    EXPECT_EQ(dataplane.add_port(std::make_unique<MemoryPort>(MemoryPortConfig{})).error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace aip::dataplane::test
