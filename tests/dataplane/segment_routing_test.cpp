// The header alone, then at B of a line:
//
//     A ---- port 0 [ B ] port 1 ---- C ---- D        A may steer, C may not
#include "dataplane/segment_routing.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "aipacket/wire.hpp"
#include "base/random.hpp"
#include "dataplane/forwarder.hpp"
#include "dataplane/memory_port.hpp"
#include "tests/dataplane/packets.hpp"

namespace aip::dataplane::test {
namespace {

const Address kA = node(0xa), kB = node(0xb), kC = node(0xc), kD = node(0xd);
constexpr size_t kRoom = 1500;
constexpr size_t kLeft = 43, kLastEntry = 44, kType = 42, kLength = 41;

LinkAddress mac(uint8_t last) { return LinkAddress::mac(std::array<uint8_t, 6>{2, 0, 0, 0, 0, last}); }

// A good AI packet with 100 bytes of payload.
Bytes ai_packet(const Address& source, const Address& destination) {
    Bytes packet(aipacket::kPacketOverhead + 100, 7);
    aipacket::Header header;
    header.kind = aipacket::Kind::kQuery;
    aipacket::encode(packet, {source, destination}, header, 100);
    return packet;
}

Bytes steered(const Address& source, const Address& destination, const std::vector<Address>& via) {
    MemoryPort port(MemoryPortConfig{.mtu = kRoom});
    Packet packet = filled(port.alloc(), ai_packet(source, destination));
    EXPECT_TRUE(insert_segments(packet, via));
    return to_bytes(packet.view());
}

// The same with eight bytes of TLVs behind the list.
Bytes with_tlvs(Bytes packet, std::array<uint8_t, 8> tlvs) {
    packet.insert(packet.begin() + 40 + 8 + 8 * packet[kLength], tlvs.begin(), tlvs.end());
    ++packet[kLength];
    store_be16(&packet[4], static_cast<uint16_t>(packet.size() - 40));
    return packet;
}

TEST(SegmentRouting, WritesTheListInReverse) {
    const Bytes packet = steered(kA, kD, {kB, kC});
    const auto header = parse_segments(packet);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->bytes, 8u + 3 * 16);
    EXPECT_EQ(header->segments, 3);
    EXPECT_EQ(header->segments_left, 2);
    EXPECT_EQ(header->next_header, 17);
    EXPECT_EQ(aipacket::packet_destination(packet), kB);
    EXPECT_EQ(segment_at(packet, 2), kB);
    EXPECT_EQ(segment_at(packet, 1), kC);
    EXPECT_EQ(segment_at(packet, 0), kD);
    EXPECT_TRUE(has_routing_header(packet));
    EXPECT_FALSE(has_routing_header(ai_packet(kA, kD)));
}

TEST(SegmentRouting, ArrivesAsIfSentStraight) {
    Bytes packet = steered(kA, kD, {kB, kC});
    next_segment(packet, *parse_segments(packet));
    EXPECT_EQ(aipacket::packet_destination(packet), kC);
    next_segment(packet, *parse_segments(packet));
    EXPECT_EQ(aipacket::packet_destination(packet), kD);
    const auto header = parse_segments(packet);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->segments_left, 0);
    const ByteView inner = without_segments(packet, *header);
    EXPECT_EQ(to_bytes(inner), ai_packet(kA, kD));
    aipacket::PacketView view;
    EXPECT_EQ(aipacket::decode(inner, view), aipacket::DropReason::kNone);
}

TEST(SegmentRouting, ReadsTheVectors) {
    for (const std::string name : {"steered", "reduced"}) {
        std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0012/" + name + ".hex");
        std::string text;
        ASSERT_TRUE(file >> text) << name;
        const Bytes packet = from_hex(text).value();
        const auto header = parse_segments(packet);
        ASSERT_TRUE(header) << name;
        EXPECT_EQ(header->segments_left, 2) << name;
        EXPECT_EQ(header->segments, name == "reduced" ? 2 : 3);
        EXPECT_EQ(segment_at(packet, 1), kC);
        EXPECT_EQ(segment_at(packet, 0), kD);
        if (name == "steered") {
            MemoryPort port(MemoryPortConfig{.mtu = kRoom});
            Packet ours = filled(port.alloc(), ipv6(kA, kD, 48));
            ASSERT_TRUE(insert_segments(ours, std::vector{kB, kC}));
            EXPECT_EQ(to_bytes(ours.view()), packet);
        }
    }
}

TEST(SegmentRouting, TakesSixteenSegmentsAndNoMore) {
    std::vector<Address> via;
    for (uint64_t i = 0; i < limits::kSegmentsMax - 1; ++i) via.push_back(node(100 + i));
    Bytes packet = steered(kA, kD, via);
    EXPECT_TRUE(parse_segments(packet));
    packet.insert(packet.begin() + 48, 16, 0);
    packet[kLength] = static_cast<uint8_t>(packet[kLength] + 2);
    ++packet[kLastEntry];
    store_be16(&packet[4], static_cast<uint16_t>(packet.size() - 40));
    EXPECT_FALSE(parse_segments(packet));
}

TEST(SegmentRouting, RefusesLengthsThatDisagree) {
    const Bytes good = steered(kA, kD, {kB, kC});
    const auto with = [&](size_t at, uint8_t value) {
        Bytes packet = good;
        packet[at] = value;
        return parse_segments(packet).has_value();
    };
    EXPECT_FALSE(with(kType, 0));  // RFC 5095
    EXPECT_FALSE(with(kType, 3));
    EXPECT_FALSE(with(6, 17));
    EXPECT_FALSE(with(kLength, 5));    // half an address missing
    EXPECT_FALSE(with(kLength, 255));  // beyond the packet
    EXPECT_FALSE(with(kLastEntry, 3));
    EXPECT_FALSE(with(kLastEntry, 255));
    EXPECT_TRUE(with(kLeft, 3));  // reduced: the first segment is only in the destination
    EXPECT_FALSE(with(kLeft, 4));
    EXPECT_TRUE(with(kLastEntry + 1, 0xff));  // flags mean nothing to us
}

TEST(SegmentRouting, SkipsTlvsThatAreWhole) {
    const Bytes good = steered(kA, kD, {kB});
    EXPECT_TRUE(parse_segments(with_tlvs(good, {0, 0, 0, 0, 0, 0, 0, 0})));
    EXPECT_TRUE(parse_segments(with_tlvs(good, {4, 6, 0, 0, 0, 0, 0, 0})));
    EXPECT_TRUE(parse_segments(with_tlvs(good, {5, 4, 1, 2, 3, 4, 0, 0})));  // an HMAC is nothing to us
    EXPECT_FALSE(parse_segments(with_tlvs(good, {5, 7, 1, 2, 3, 4, 0, 0})));
    EXPECT_FALSE(parse_segments(with_tlvs(good, {4, 5, 0, 0, 0, 0, 0, 9})));
}

TEST(SegmentRouting, RefusesEveryTruncation) {
    const Bytes good = with_tlvs(steered(kA, kD, {kB, kC}), {4, 6, 0, 0, 0, 0, 0, 0});
    const size_t whole = 40 + parse_segments(good)->bytes;
    for (size_t size = 40; size < good.size(); ++size) {
        const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));  // its own end, for sanitizers
        EXPECT_EQ(parse_segments(cut).has_value(), size >= whole) << size;
        EXPECT_TRUE(has_routing_header(cut));
    }
}

TEST(SegmentRouting, SeesARoutingHeaderBehindOptions) {
    const Bytes good = steered(kA, kD, {kB});
    Bytes hidden = good;
    const std::array<uint8_t, 8> options = {43, 0, 1, 4, 0, 0, 0, 0};
    hidden.insert(hidden.begin() + 40, options.begin(), options.end());
    for (const uint8_t kind : {0, 60}) {
        hidden[6] = kind;
        EXPECT_TRUE(has_routing_header(hidden));
        EXPECT_FALSE(parse_segments(hidden));
    }
    Bytes deep(40 + 8 * 8, 0);  // options behind options behind options
    EXPECT_TRUE(has_routing_header(deep));
    deep[40] = 17;
    EXPECT_FALSE(has_routing_header(deep));
}

TEST(SegmentRouting, InsertsOnlyWhereThereIsRoom) {
    MemoryPort port(MemoryPortConfig{.mtu = 1280});
    Packet packet = port.alloc();
    const Bytes full = ipv6(kA, kD, packet.capacity() - segment_header_bytes(2) + 1);
    packet = filled(std::move(packet), full);
    EXPECT_FALSE(insert_segments(packet, std::vector{kB}));
    EXPECT_EQ(to_bytes(packet.view()), full);
    packet.set_size(packet.size() - 1);
    EXPECT_TRUE(insert_segments(packet, std::vector{kB}));
    EXPECT_EQ(packet.size(), packet.capacity());
}

class SteeringTest : public ::testing::Test, public LocalSink {
protected:
    SteeringTest() {
        for (PortIndex i = 0; i < 2; ++i) {
            auto port = std::make_unique<MemoryPort>(MemoryPortConfig{.address = mac(0xb), .mtu = kRoom});
            ports_[i] = port.get();
            ports_[i]->set_sink(
                [this, i](ByteView packet, const LinkAddress&) { sent_[i].push_back(to_bytes(packet)); });
            EXPECT_TRUE(dataplane_.add_port(std::move(port)));
        }
        FibBuilder routes;
        EXPECT_TRUE(routes.add(kA.interface_id(), {0, kRoom, mac(0xa)}));
        EXPECT_TRUE(routes.add(kC.interface_id(), {1, kRoom, mac(0xc)}));
        EXPECT_TRUE(routes.add(kD.interface_id(), {1, kRoom, mac(0xc)}));
        dataplane_.set_fib(routes.build());
        dataplane_.set_steering_links({{0, mac(0xa)}});
    }

    void on_packet(PortIndex, const LinkAddress&, ByteView packet) override { arrived_.push_back(to_bytes(packet)); }
    void on_undeliverable(PortIndex, const LinkAddress&, ByteView, DropReason reason, uint32_t) override {
        refused_.push_back(reason);
    }
    void arrives(const Bytes& packet, PortIndex port = 0, uint8_t from = 0xa) {
        ASSERT_TRUE(ports_[port]->inject(packet, mac(from)));
        EXPECT_EQ(dataplane_.poll(*this), 1u);
    }
    void expect_dropped(const Bytes& packet, DropReason reason, PortIndex port = 0, uint8_t from = 0xa) {
        const uint64_t before = dataplane_.dropped(reason);
        arrives(packet, port, from);
        EXPECT_EQ(dataplane_.dropped(reason), before + 1) << drop_reason_name(reason);
        EXPECT_TRUE(sent_[0].empty() && sent_[1].empty() && arrived_.empty());
    }

    Dataplane dataplane_{kB};
    std::array<MemoryPort*, 2> ports_{};
    std::array<std::vector<Bytes>, 2> sent_;
    std::vector<Bytes> arrived_;
    std::vector<DropReason> refused_;
};

TEST_F(SteeringTest, EndSendsToTheNextSegmentWithOneHopLess) {
    Bytes packet = steered(kA, kD, {kB, kC});
    arrives(packet);
    ASSERT_EQ(sent_[1].size(), 1u);
    next_segment(packet, *parse_segments(packet));
    packet[7] = 63;
    EXPECT_EQ(sent_[1][0], packet);
    EXPECT_EQ(dataplane_.traffic(1).forwarded, (Traffic{1, packet.size()}));
}

TEST_F(SteeringTest, LastSegmentGetsThePacketWithoutTheHeader) {
    Bytes packet = steered(kA, kB, {kC});
    next_segment(packet, *parse_segments(packet));
    arrives(packet);
    ASSERT_EQ(arrived_.size(), 1u);
    EXPECT_EQ(arrived_[0], ai_packet(kA, kB));
    EXPECT_EQ(dataplane_.traffic(0).delivered, (Traffic{1, packet.size()}));
}

TEST_F(SteeringTest, PassesOnWhatIsSteeredThroughOthers) {
    Bytes packet = steered(kA, kD, {kC});
    arrives(packet);
    ASSERT_EQ(sent_[1].size(), 1u);
    packet[7] = 63;
    EXPECT_EQ(sent_[1][0], packet);
}

TEST_F(SteeringTest, OnlyTrustedLinksSteer) {
    const Bytes ended = [] {
        Bytes packet = steered(kC, kB, {kA});
        next_segment(packet, *parse_segments(packet));
        return packet;
    }();
    for (const Bytes& packet : {steered(kC, kA, {kB}), steered(kC, kD, {kA}), ended}) {
        expect_dropped(packet, DropReason::kSteering, 1, 0xc);
        expect_dropped(packet, DropReason::kSteering, 1, 0xa);  // A's address on another port
        expect_dropped(packet, DropReason::kSteering, 0, 0xc);
    }
    dataplane_.set_steering_links({});
    expect_dropped(steered(kA, kD, {kB}), DropReason::kSteering);
}

TEST_F(SteeringTest, RefusesWhatBreaksTheRules) {
    Bytes type0 = steered(kA, kD, {kB});
    type0[kType] = 0;
    expect_dropped(type0, DropReason::kBadSegments);
    Bytes left = steered(kA, kD, {kB});
    left[kLeft] = 9;
    expect_dropped(left, DropReason::kBadSegments);
    expect_dropped(steered(kA, kD, {kB, kB}), DropReason::kBadSegments);
    expect_dropped(steered(kA, *Address::parse("2001:db8::1"), {kB}), DropReason::kNotNodeAddress);
    expect_dropped(steered(kA, kNeighbourGroup, {kB}), DropReason::kNotNodeAddress);
    expect_dropped(steered(*Address::parse("2001:db8::1"), kD, {kB}), DropReason::kNotNodeAddress);
    expect_dropped(steered(kA, *Address::parse("fd01:203:405:8001::d"), {kB}),
                   DropReason::kNotNodeAddress);  // End.Train
}

TEST_F(SteeringTest, SaysWhyItCannotGoOn) {
    Bytes old = steered(kA, kD, {kB});
    old[7] = 1;
    expect_dropped(old, DropReason::kHopLimit);
    expect_dropped(steered(kA, node(0xf), {kB}), DropReason::kNoRoute);
    EXPECT_EQ(refused_, (std::vector{DropReason::kHopLimit, DropReason::kNoRoute}));
}

// A list may go in circles, through A and B again and again: it ends with the list.
TEST_F(SteeringTest, CirclesEndWithTheList) {
    std::vector<Address> via;
    for (size_t i = 0; i + 1 < limits::kSegmentsMax; ++i) via.push_back(i % 2 == 0 ? kB : kC);
    Bytes packet = steered(kA, kD, via);
    for (size_t visits = 1;; ++visits) {
        arrives(packet);
        ASSERT_EQ(sent_[1].size(), 1u);
        packet = std::move(sent_[1][0]);
        sent_[1].clear();
        if (aipacket::packet_destination(packet) == kD) {
            EXPECT_EQ(visits, limits::kSegmentsMax / 2);
            break;
        }
        next_segment(packet, *parse_segments(packet));  // C
        EXPECT_EQ(aipacket::packet_destination(packet), kB);
    }
}

}  // namespace
}  // namespace aip::dataplane::test
