#include "dataplane/udp/udp_port.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "dataplane/forwarder.hpp"
#include "tests/dataplane/conformance.hpp"

namespace aip::dataplane::test {
namespace {

std::unique_ptr<UdpPort> open_port(const UdpPortConfig& config) {
    auto port = UdpPort::open(config);
    EXPECT_TRUE(port) << port.error().text;
    return std::move(*port);
}

// Two ports that know each other's address: the second opens first, to be a peer by number.
struct Pair {
    std::unique_ptr<UdpPort> a, b;
};

Pair open_pair(const std::string& host, uint32_t mtu) {
    const auto any = host + ":0";
    Pair pair;
    pair.a = open_port({.name = "a", .listen = any, .mtu = mtu});
    pair.b = open_port({.name = "b", .listen = any, .peers = {pair.a->info().address.text()}, .mtu = mtu});
    const std::string a_text = pair.a->info().address.text();
    pair.a.reset();
    pair.a = open_port({.name = "a", .listen = a_text, .peers = {pair.b->info().address.text()}, .mtu = mtu});
    return pair;
}

TEST(UdpPort, ConformsOverIpv4) {
    const Pair pair = open_pair("127.0.0.1", 1400);
    conforms(*pair.a, *pair.b);
    conforms(*pair.b, *pair.a);
}

TEST(UdpPort, ConformsOverIpv6WithTheLargestMtu) {
    const Pair pair = open_pair("[::1]", 65'000);
    conforms(*pair.a, *pair.b);
}

TEST(UdpPort, DropsStrangersUnlessItLearnsPeers) {
    const auto closed = open_port({.listen = "127.0.0.1:0"});
    const auto open = open_port({.listen = "127.0.0.1:0", .learn_peers = true});
    const auto stranger = open_port({.listen = "127.0.0.1:0"});
    const Bytes packet = ipv6(node(1), node(2), 100);
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*stranger, closed->info().address, packet));
    batch.push_back(outgoing(*stranger, open->info().address, packet));
    EXPECT_EQ(stranger->send(batch), 2u);
    const auto arrived = receive_until(*open, 1);
    ASSERT_EQ(arrived.size(), 1u);
    EXPECT_TRUE(arrived[0].stranger);
    for (int i = 0; i < kRoundsMax && closed->counters().rx_stranger == 0; ++i) {
        std::array<Received, 1> none;
        EXPECT_EQ(closed->receive(none), 0u);
    }
    EXPECT_EQ(closed->counters().rx_stranger, 1u);
    EXPECT_EQ(closed->counters().rx_packets, 0u);
}

TEST(UdpPort, LearnedPeersAreNoStrangersUntilTheyAreForgotten) {
    const auto open = open_port({.listen = "127.0.0.1:0", .learn_peers = true});
    const auto other = open_port({.listen = "127.0.0.1:0"});
    const Bytes packet = ipv6(node(1), node(2), 100);
    const auto arrives_as_stranger = [&] {
        std::vector<Outgoing> batch;
        batch.push_back(outgoing(*other, open->info().address, packet));
        EXPECT_EQ(other->send(batch), 1u);
        const auto arrived = receive_until(*open, 1);
        return arrived.size() == 1 && arrived[0].stranger;
    };
    const std::vector<LinkAddress> learned{other->info().address, *LinkAddress::parse("[::1]:7000")};
    open->set_learned_peers(learned);
    EXPECT_FALSE(arrives_as_stranger());
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*open, LinkAddress::everyone(), packet));
    EXPECT_EQ(open->send(batch), 1u);
    EXPECT_EQ(batch[0].sent, 1u) << "not to the one of another family";
    open->set_learned_peers({});
    EXPECT_TRUE(arrives_as_stranger());
}

TEST(UdpPort, CountsWhatArrivesCut) {
    const auto small = open_port({.listen = "127.0.0.1:0", .mtu = 1280, .learn_peers = true});
    const auto large = open_port({.listen = "127.0.0.1:0", .mtu = 9000});
    Bytes lies = ipv6(node(1), node(2), 100);
    store_be16(&lies[4], 61);
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*large, small->info().address, ipv6(node(1), node(2), 1281)));
    batch.push_back(outgoing(*large, small->info().address, lies));
    batch.push_back(outgoing(*large, small->info().address, ipv6(node(1), node(2), 1280)));
    EXPECT_EQ(large->send(batch), 3u);
    EXPECT_EQ(receive_until(*small, 1).size(), 1u);
    EXPECT_EQ(small->counters().rx_truncated, 2u);
}

TEST(UdpPort, EveryoneIsEachPeerAndEachCopyIsCounted) {
    const auto one = open_port({.listen = "127.0.0.1:0", .learn_peers = true});
    const auto two = open_port({.listen = "127.0.0.1:0", .learn_peers = true});
    auto sender =
        open_port({.listen = "127.0.0.1:0", .peers = {one->info().address.text(), two->info().address.text()}});
    Dataplane dataplane(node(1));
    const PacketPort& port = *sender;
    ASSERT_TRUE(dataplane.add_port(std::move(sender)));
    EXPECT_TRUE(
        dataplane.send_on(0, LinkAddress::everyone(), filled(dataplane.alloc(0), ipv6(node(1), kNeighbourGroup, 200))));
    dataplane.flush();
    EXPECT_EQ(dataplane.traffic(0).originated, (Traffic{2, 400}));
    EXPECT_EQ(port.counters().tx_packets, 2u);
    EXPECT_EQ(port.counters().tx_bytes, 400u);
    EXPECT_EQ(port.counters().tx_link_bytes, 456u);
    EXPECT_EQ(receive_until(*one, 1).size(), 1u);
    EXPECT_EQ(receive_until(*two, 1).size(), 1u);
}

TEST(UdpPort, WakesWhoWaitsOnItsDescriptor) {
    const Pair pair = open_pair("127.0.0.1", 1400);
    pollfd wait{pair.b->info().wake_fd, POLLIN, 0};
    EXPECT_EQ(::poll(&wait, 1, 0), 0);
    std::vector<Outgoing> batch;
    batch.push_back(outgoing(*pair.a, pair.b->info().address, ipv6(node(1), node(2), 100)));
    pair.a->send(batch);
    EXPECT_EQ(::poll(&wait, 1, 5000), 1);
    EXPECT_EQ(receive_until(*pair.b, 1).size(), 1u);
    EXPECT_EQ(::poll(&wait, 1, 0), 0);
}

TEST(UdpPort, RefusesBadConfigurationWithItsCause) {
    const auto taken = open_port({.listen = "127.0.0.1:0"});
    const auto expect = [](const UdpPortConfig& config, ErrorCode code, const char* text) {
        const auto port = UdpPort::open(config);
        ASSERT_FALSE(port) << config.listen;
        EXPECT_EQ(port.error().code, code) << port.error().text;
        EXPECT_NE(port.error().text.find(text), std::string::npos) << port.error().text;
    };
    expect({.listen = taken->info().address.text()}, ErrorCode::kExists, "in use");
    expect({.listen = "localhost:1"}, ErrorCode::kInvalid, "'localhost:1' is not ADDRESS:PORT");
    expect({.listen = "02:00:00:00:00:01"}, ErrorCode::kInvalid, "ADDRESS:PORT");
    expect({.listen = "192.0.2.1:7001"}, ErrorCode::kInvalid, "no address of this machine");
    expect({.listen = "127.0.0.1:0", .peers = {"x"}}, ErrorCode::kInvalid, "peer address 'x'");
    expect({.listen = "127.0.0.1:0", .peers = {"[::1]:7001"}}, ErrorCode::kInvalid, "another address family");
    expect({.listen = "127.0.0.1:0", .peers = {"127.0.0.1:0"}}, ErrorCode::kInvalid, "port 0");
    expect({.listen = "127.0.0.1:0", .mtu = 1279}, ErrorCode::kInvalid, "mtu 1279");
    expect({.listen = "127.0.0.1:0", .mtu = 65'001}, ErrorCode::kInvalid, "mtu 65001");
    expect({.listen = "127.0.0.1:0", .buffers = 8}, ErrorCode::kInvalid, "buffers 8");
}

}  // namespace
}  // namespace aip::dataplane::test
