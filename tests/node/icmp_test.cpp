// One node B on an Ethernet, a kernel K and a node A beside it; what B sends is looked at byte by byte.
//
//     K, A ---- port 0 [ B ] port 1 ---- C        port 0 has a MAC, port 1 (a tunnel) none; routes: A by 0, C by 1
#include "node/icmp.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "dataplane/memory_port.hpp"

namespace aip::node {
namespace {

using dataplane::LinkAddress;
namespace icmpv6 = aipacket::icmpv6;

const NetworkId kNetwork{{1, 2, 3, 4, 5}};
const Address kA = Address::make(kNetwork, InterfaceId{0xa});
const Address kB = Address::make(kNetwork, InterfaceId{0xb00001});
const Address kC = Address::make(kNetwork, InterfaceId{0xc});
const Address kLinkB = Address::link_local(kB.interface_id());
const Address kKernel = *Address::parse("fe80::dead:beef");
const LinkAddress kMacA = LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, 0xa});
const LinkAddress kMacB = LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, 0xb});
const LinkAddress kMacK = LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, 0xcc});
const LinkAddress kPeerC = LinkAddress::ipv4(std::array<uint8_t, 4>{127, 0, 0, 1}, 7);

Bytes icmp(const Address& from, const Address& to, uint8_t type, const Bytes& body, uint8_t hop_limit = 64) {
    Bytes packet(aipacket::kIcmpv6Body + body.size());
    std::copy(body.begin(), body.end(), packet.begin() + aipacket::kIcmpv6Body);
    aipacket::encode_icmpv6(packet, {from, to, hop_limit}, type, 0, body.size());
    return packet;
}

Bytes udp(const Address& from, const Address& to, size_t payload, uint8_t hop_limit) {
    Bytes packet(aipacket::kUdpPayload + payload);
    aipacket::encode_udp(packet, {from, to, hop_limit}, {1, aipacket::kUdpPort}, payload);
    return packet;
}

Bytes asks_for(const Address& target) {
    Bytes body;
    Writer(body).u32(0).put(target.view());
    return body;
}

Bytes vector(const std::string& name) {
    std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0011/" + name + ".hex");
    std::string hex;
    for (std::string line; std::getline(file, line);) hex += line;
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes && !bytes->empty()) << name;
    return bytes.value_or(Bytes{});
}

struct Sent {
    LinkAddress to;
    Bytes packet;
    aipacket::Icmpv6View view{};
};

class IcmpTest : public testing::Test, protected dataplane::LocalSink {
protected:
    IcmpTest() : ethernet_(add(kMacB)), tunnel_(add({})) {
        dataplane::FibBuilder routes;
        EXPECT_TRUE(routes.add(kA.interface_id(), {0, 1500, kMacA}));
        EXPECT_TRUE(routes.add(kC.interface_id(), {1, 1400, kPeerC}));
        dataplane_.set_fib(routes.build());
    }

    dataplane::MemoryPort& add(const LinkAddress& address) {
        dataplane::MemoryPortConfig config;
        config.address = address;
        config.queue_packets = 4096;
        config.buffers = 8192;
        auto port = std::make_unique<dataplane::MemoryPort>(config);
        dataplane::MemoryPort& borrowed = *port;
        const auto index = dataplane_.add_port(std::move(port)).value();
        borrowed.set_sink([this, index](ByteView packet, const LinkAddress& to) {
            sent_[index].push_back({to, to_bytes(packet), {}});
        });
        return borrowed;
    }

    void on_packet(dataplane::PortIndex port, const LinkAddress& from, ByteView packet) override {
        icmp_.on_packet(port, from, packet, now_);
    }
    void on_undeliverable(dataplane::PortIndex port, const LinkAddress& from, ByteView packet,
                          dataplane::DropReason reason, uint32_t mtu) override {
        icmp_.on_undeliverable(port, from, packet, reason, mtu, now_);
    }

    void arrives(const LinkAddress& from, const Bytes& packet) {
        ASSERT_TRUE((from == kPeerC ? tunnel_ : ethernet_).inject(packet, from));
        while (dataplane_.poll(*this) > 0) continue;
    }
    // The only packet sent, decoded.
    const Sent& only(size_t port) {
        static const Sent kNothing{};
        EXPECT_EQ(sent_[port].size(), 1u);
        EXPECT_TRUE(sent_[1 - port].empty());
        if (sent_[port].empty()) return kNothing;
        Sent& sent = sent_[port][0];
        EXPECT_EQ(aipacket::decode_icmpv6(sent.packet, sent.view), aipacket::DropReason::kNone);
        return sent;
    }
    void expect_silence() { EXPECT_TRUE(sent_[0].empty() && sent_[1].empty()); }

    Instant now_ = Instant::from_ns(1'000'000'000);
    SeededRng rng_{1};
    dataplane::Dataplane dataplane_{kB};
    dataplane::MemoryPort& ethernet_;
    dataplane::MemoryPort& tunnel_;
    std::array<std::vector<Sent>, 2> sent_;
    Outbox outbox_{dataplane_, kB};
    Echo echo_{kB, rng_, outbox_};
    Icmp icmp_{dataplane_, kB, outbox_, echo_};
};

TEST_F(IcmpTest, AnswersEchoesAtEveryAddressOfItsOwn) {
    const Bytes body{0, 1, 0, 2, 9, 9, 9};
    struct Case {
        Address from, to, answered_from;
        LinkAddress link;
    };
    const Case cases[] = {{kA, kB, kB, kMacA},
                          {kKernel, kB, kB, kMacK},
                          {kKernel, kLinkB, kLinkB, kMacK},
                          {kKernel, dataplane::kAllNodesGroup, kLinkB, kMacK},
                          {*Address::parse("2001:db8::1"), kB, kB, kMacK}};
    for (const Case& c : cases) {
        sent_ = {};
        arrives(c.link, icmp(c.from, c.to, icmpv6::kEchoRequest, body));
        const Sent& sent = only(0);
        EXPECT_EQ(sent.to, c.link);
        EXPECT_EQ(sent.view.source, c.answered_from);
        EXPECT_EQ(sent.view.destination, c.from);
        EXPECT_EQ(sent.view.type, icmpv6::kEchoReply);
        EXPECT_EQ(to_bytes(sent.view.body), body);
    }
    EXPECT_EQ(icmp_.counters().echo_requests, std::size(cases));
}

TEST_F(IcmpTest, AnswersAsTheVectorsOfRfc0011Do) {
    const std::pair<const char*, const char*> cases[] = {
        {"solicitation", "advertisement"}, {"echo_request", "echo_reply"}, {"lost", "no_route"}};
    for (const auto& [question, answer] : cases) {
        sent_ = {};
        arrives(kMacK, vector(question));
        EXPECT_EQ(only(0).packet, vector(answer)) << question;
    }
}

TEST_F(IcmpTest, TellsItsMacToWhoAsks) {
    for (const Address& target : {kB, kLinkB}) {
        sent_ = {};
        arrives(kMacK, icmp(kKernel, kB.solicited_node_group(), icmpv6::kNeighbourSolicitation, asks_for(target), 255));
        const Sent& sent = only(0);
        EXPECT_EQ(sent.to, kMacK);
        EXPECT_EQ(sent.view.source, target);
        EXPECT_EQ(sent.view.destination, kKernel);
        EXPECT_EQ(sent.view.hop_limit, 255);
        EXPECT_EQ(aipacket::advertised_target(sent.view), target);
        EXPECT_EQ(sent.view.body[0], 0xe0);
        EXPECT_EQ(to_bytes(sent.view.body.last(8)), *from_hex("020102000000000b"));
    }
    EXPECT_EQ(icmp_.counters().solicitations, 2u);
}

TEST_F(IcmpTest, TellsEverybodyThatAnAddressIsTaken) {
    arrives(kMacK, icmp({}, kB.solicited_node_group(), icmpv6::kNeighbourSolicitation, asks_for(kB), 255));
    const Sent& sent = only(0);
    EXPECT_TRUE(sent.to.is_everyone());
    EXPECT_EQ(sent.view.destination, dataplane::kAllNodesGroup);
    EXPECT_EQ(sent.view.body[0], 0xa0);
}

TEST_F(IcmpTest, IsSilentAboutAddressesOfOthersAndOnTunnels) {
    arrives(kMacK, icmp(kKernel, kB.solicited_node_group(), icmpv6::kNeighbourSolicitation, asks_for(kA), 255));
    arrives(kPeerC, icmp(kKernel, kB.solicited_node_group(), icmpv6::kNeighbourSolicitation, asks_for(kB), 255));
    EXPECT_EQ(icmp_.counters().invalid_nd, 0u);
    arrives(kMacK, icmp(kKernel, kB, icmpv6::kNeighbourSolicitation, asks_for(kB), 64));  // from another link
    EXPECT_EQ(icmp_.counters().invalid_nd, 1u);
    expect_silence();
}

TEST_F(IcmpTest, SaysWhyAPacketWentNoFurther) {
    const Address nowhere = Address::make(kNetwork, InterfaceId{0xf});
    struct Case {
        Bytes packet;
        uint8_t type;
        uint32_t parameter;
    };
    const Case cases[] = {{udp(kA, kC, 100, 1), icmpv6::kTimeExceeded, 0},
                          {udp(kA, nowhere, 100, 9), icmpv6::kUnreachable, 0},
                          {udp(kA, kC, 1400, 9), icmpv6::kTooBig, 1400}};
    for (const Case& c : cases) {
        sent_ = {};
        arrives(kMacA, c.packet);
        const Sent& sent = only(0);
        EXPECT_EQ(sent.to, kMacA);
        EXPECT_EQ(sent.view.source, kB);
        EXPECT_EQ(sent.view.destination, kA);
        EXPECT_EQ(sent.view.type, c.type);
        EXPECT_EQ(sent.view.code, 0);
        EXPECT_EQ(aipacket::error_parameter(sent.view), c.parameter);
        const ByteView quoted = sent.view.body.subspan(4);
        EXPECT_EQ(to_bytes(quoted), to_bytes(ByteView(c.packet).first(quoted.size())));
        EXPECT_LE(sent.packet.size(), 1280u);
    }
    EXPECT_EQ(icmp_.counters().sent_hop_limit, 1u);
    EXPECT_EQ(icmp_.counters().sent_no_route, 1u);
    EXPECT_EQ(icmp_.counters().sent_too_big, 1u);
}

TEST_F(IcmpTest, AnswersNoErrorWithAnError) {
    Bytes body;
    Writer(body).u32(0).put(ByteView(udp(kC, kA, 10, 3)));
    arrives(kMacA, icmp(kA, kC, icmpv6::kTimeExceeded, body, 1));
    expect_silence();
    EXPECT_EQ(dataplane_.dropped(dataplane::DropReason::kHopLimit), 1u);
}

TEST_F(IcmpTest, IsNoAmplifierOfAFlood) {
    for (int i = 0; i < 1000; ++i) arrives(kMacA, udp(kA, kC, 10, 1));
    EXPECT_EQ(sent_[0].size(), limits::kIcmpErrorsPerSecond);
    EXPECT_EQ(icmp_.counters().rate_limited, 1000 - limits::kIcmpErrorsPerSecond);
    sent_ = {};
    const Bytes ask = icmp(kKernel, kLinkB, icmpv6::kNeighbourSolicitation, asks_for(kB), 255);
    for (int i = 0; i < 1000; ++i) arrives(kMacK, ask);
    EXPECT_EQ(sent_[0].size(), limits::kAdvertisementsPerSecond);
    sent_ = {};
    for (int i = 0; i < 3000; ++i) arrives(kMacA, icmp(kA, kB, icmpv6::kEchoRequest, Bytes(4)));
    EXPECT_EQ(sent_[0].size(), limits::kEchoRepliesPerSecond);
    sent_ = {};
    now_ = now_ + Duration::milliseconds(100);
    for (int i = 0; i < 100; ++i) arrives(kMacA, udp(kA, kC, 10, 1));
    EXPECT_EQ(sent_[0].size(), limits::kIcmpErrorsPerSecond / 10);
}

TEST_F(IcmpTest, CountsErrorsAboutItsOwnAiPackets) {
    const auto error_about = [](const Bytes& about) {
        Bytes body;
        Writer(body).u32(0).put(ByteView(about));
        return body;
    };
    const Address router = *Address::parse("2001:db8::7");  // no node
    arrives(kPeerC, icmp(router, kB, icmpv6::kTooBig, error_about(udp(kB, kC, 900, 4))));
    arrives(kPeerC, icmp(router, kB, icmpv6::kUnreachable, error_about(udp(kB, kC, 900, 4))));
    arrives(kPeerC, icmp(router, kB, icmpv6::kTimeExceeded, error_about(udp(kB, kC, 900, 4))));
    arrives(kPeerC, icmp(router, kB, icmpv6::kTooBig, error_about(udp(kA, kC, 900, 4))));  // not ours
    arrives(kPeerC, icmp(router, kB, icmpv6::kTooBig, Bytes(20)));
    EXPECT_EQ(icmp_.counters().heard_too_big, 1u);
    EXPECT_EQ(icmp_.counters().heard_no_route, 1u);
    EXPECT_EQ(icmp_.counters().heard_hop_limit, 1u);
    EXPECT_EQ(icmp_.counters().heard_other, 2u);
    expect_silence();
}

TEST_F(IcmpTest, DropsWhatIsBroken) {
    Bytes packet = icmp(kA, kB, icmpv6::kEchoRequest, Bytes(4));
    packet.back() ^= 1;
    arrives(kMacA, packet);
    arrives(kMacA, icmp(kA, kB, 200, Bytes(4)));
    arrives(kMacA, icmp({}, kB.solicited_node_group(), icmpv6::kEchoRequest, Bytes(4)));
    EXPECT_EQ(icmp_.counters().refused, 3u);
    expect_silence();
}

// What an outsider, who saw nothing of the request, may try.
TEST_F(IcmpTest, BelievesNoReplyButTheOneItAskedFor) {
    std::optional<Report> report;
    EchoOrder order;
    order.count = 1;
    echo_.start(
        1, order, {kA}, [](uint64_t, uint64_t, std::string_view) {}, [&](Result<Report> r) { report = std::move(*r); },
        now_);
    EXPECT_EQ(echo_.poll(now_), 1u);
    dataplane_.flush();
    const Sent asked = only(0);
    EXPECT_EQ(asked.view.type, icmpv6::kEchoRequest);
    Bytes body = to_bytes(asked.view.body);
    arrives(kMacA, icmp(kC, kB, icmpv6::kEchoReply, body));  // not who was asked
    for (size_t at = 0; at < body.size(); ++at) {            // identifier, sequence, cookie
        Bytes guessed = body;
        guessed[at] ^= 1;
        arrives(kMacA, icmp(kA, kB, icmpv6::kEchoReply, guessed));
    }
    arrives(kMacA, icmp(kA, kB, icmpv6::kEchoReply, Bytes(body.begin(), body.end() - 1)));
    EXPECT_EQ(echo_.unexpected(), body.size() + 2);
    static_cast<void>(echo_.poll(now_));
    EXPECT_FALSE(report);
    now_ = now_ + Duration::milliseconds(3);
    arrives(kMacA, icmp(kA, kB, icmpv6::kEchoReply, body));
    arrives(kMacA, icmp(kA, kB, icmpv6::kEchoReply, body));  // twice
    EXPECT_EQ(echo_.unexpected(), body.size() + 3);
    static_cast<void>(echo_.poll(now_));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->rows[0][5], Cell(3.0));
    EXPECT_EQ(echo_.next_wakeup(), Instant::never());
}

TEST_F(IcmpTest, EchoGivesUpInTime) {
    std::optional<Report> report;
    EchoOrder order;
    order.trace = true;
    echo_.start(
        1, order, {kA}, [](uint64_t, uint64_t, std::string_view) {}, [&](Result<Report> r) { report = std::move(*r); },
        now_);
    for (int i = 0; i < 100 && !report; ++i) {
        static_cast<void>(echo_.poll(now_));
        now_ = std::max(now_, std::min(echo_.next_wakeup(), now_ + kEchoPatience));
    }
    ASSERT_TRUE(report);
    EXPECT_EQ(report->rows.size(), 5u);
    EXPECT_EQ(report->rows[4][3], Cell(std::string("no answer")));
    EXPECT_EQ(report->notes.size(), 1u);
}

TEST_F(IcmpTest, EchoSaysThatThisNodeHasNoRoute) {
    std::optional<Report> report;
    EchoOrder order;
    order.count = 2;
    echo_.start(
        1, order, {Address::make(kNetwork, InterfaceId{0xf})}, [](uint64_t, uint64_t, std::string_view) {},
        [&](Result<Report> r) { report = std::move(*r); }, now_);
    for (int i = 0; i < 3; ++i, now_ = now_ + order.interval) static_cast<void>(echo_.poll(now_));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->rows[0][2], Cell(int64_t{0}));
    EXPECT_EQ(report->rows[0][7], Cell(std::string("no route from this node")));
}

}  // namespace
}  // namespace aip::node
