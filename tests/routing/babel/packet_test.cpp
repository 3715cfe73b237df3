#include "routing/babel/packet.hpp"

#include <gmock/gmock.h>

#include "tests/routing/babel/packets.hpp"

namespace aip::routing::babel::test {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr size_t kHeader = 4;

Address node(uint64_t interface_id, uint8_t network = 0x12) {
    Address address{{0xfd, network, 1, 2, 3, 4}};
    store_be64(address.bytes.data() + 8, interface_id);
    return address;
}

UpdateTlv update_for(const Address& address, uint16_t metric = 96) {
    UpdateTlv update;
    update.prefix = {address, 128, false};
    update.router_id = load_be64(address.bytes.data() + 8);
    update.interval = Duration::seconds(16);
    update.seqno = 9;
    update.metric = metric;
    return update;
}

Bytes write(const std::vector<Tlv>& tlvs, size_t size_max = 1452) {
    PacketWriter writer(size_max);
    for (const Tlv& tlv : tlvs) EXPECT_TRUE(writer.add(tlv)) << std::visit(ToText{}, tlv);
    return writer.finish();
}

std::vector<Tlv> every_tlv() {
    UpdateTlv foreign = update_for(node(2));
    foreign.router_id = 77;
    UpdateTlv aggregate = foreign;
    aggregate.prefix = {Address{{0xfd, 0x12, 1, 2, 0x80}}, 33, false};
    UpdateTlv via = update_for(node(3, 0x13));
    via.next_hop = Address{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}};
    UpdateTlv via_other = via;
    via_other.next_hop = node(4);
    UpdateTlv gone = update_for(node(3, 0x13), kInfinity);
    gone.router_id = 0;
    UpdateTlv all_gone;
    all_gone.wildcard = true;
    all_gone.interval = Duration::seconds(1);
    return {HelloTlv{false, 65535, Duration::milliseconds(200), 4294967295},
            HelloTlv{true, 0, Duration(), {}},
            IhuTlv{via.next_hop, 96, Duration::milliseconds(600), IhuTlv::Echo{1, 4294967295}},
            IhuTlv{node(1), kInfinity, Duration::milliseconds(10), {}},
            IhuTlv{{}, 0, Duration::milliseconds(655'350), {}},
            update_for(node(1)),
            update_for(node(1)),
            foreign,
            aggregate,
            via,
            via_other,
            gone,
            all_gone,
            RouteRequestTlv{},
            RouteRequestTlv{Prefix{node(1), 128, false}},
            RouteRequestTlv{Prefix{{}, 0, false}},
            RouteRequestTlv{Prefix{{{192, 0, 2}}, 24, true}},
            SeqnoRequestTlv{{node(1), 128, false}, 65535, 255, 1},
            AckRequestTlv{0xffff, Duration::milliseconds(10)},
            AckTlv{0x1234}};
}

TEST(Packet, ReadsWhatItWrote) {
    const auto parsed = parse(write(every_tlv()));
    EXPECT_EQ(parsed.result, ParseResult::kGood);
    ASSERT_EQ(parsed.tlvs.size(), every_tlv().size());
    const auto expected = every_tlv();
    for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(parsed.tlvs[i], expected[i]) << std::visit(ToText{}, expected[i]);
    EXPECT_EQ(parsed.counts.skipped + parsed.counts.bad, 0u);
}

TEST(Packet, EveryTlvIsTheFirstOfAPacketToo) {
    for (const Tlv& tlv : every_tlv()) EXPECT_THAT(parse(write({tlv})).tlvs, ElementsAre(tlv));
}

TEST(Packet, AnUpdateForANodeCostsTwentyBytes) {
    const Bytes one = write({update_for(node(1))});
    EXPECT_EQ(one.size(), kHeader + 28);
    EXPECT_EQ(write({update_for(node(1)), update_for(node(0x1000000000000000))}).size(), one.size() + 20);
    // 49 nodes in one packet.
    PacketWriter writer(1452);
    for (uint64_t i = 1; i <= 49; ++i) EXPECT_TRUE(writer.add(update_for(node(i << 32))));
    EXPECT_LE(writer.finish().size(), kHeader + 28 + 48 * 20);
}

TEST(Packet, ARouterIdThatIsNotTheInterfaceIdIsSaidOnce) {
    UpdateTlv a = update_for(node(1 << 30)), b = update_for(node(2u << 30));
    a.router_id = b.router_id = 77;
    const size_t one = write({a}).size();
    EXPECT_EQ(one, kHeader + 12 + 28);
    EXPECT_LE(write({a, b}).size(), one + 20);
}

TEST(Packet, WhatDoesNotFitLeavesNoTrace) {
    PacketWriter writer(512);
    std::vector<Tlv> fitted;
    uint64_t i = 1;
    for (; writer.add(update_for(node(i << 32))); ++i) fitted.push_back(update_for(node(i << 32)));
    EXPECT_FALSE(writer.add(update_for(node(i << 32, 0x77))));
    while (writer.add(AckTlv{5})) fitted.push_back(AckTlv{5});
    const Bytes packet = writer.finish();
    EXPECT_GT(packet.size(), 512u - 4);
    EXPECT_LE(packet.size(), 512u);
    EXPECT_THAT(parse(packet).tlvs, ElementsAreArray(fitted));
    EXPECT_TRUE(writer.empty());
    EXPECT_TRUE(writer.add(update_for(node(i << 32))));
    EXPECT_THAT(parse(writer.finish()).tlvs, ElementsAre(update_for(node(i << 32))));
}

TEST(Packet, TheSourceAsNextHopNeedsAPacketWithoutAnother) {
    UpdateTlv via = update_for(node(1));
    via.next_hop = node(9);
    PacketWriter writer(1452);
    EXPECT_TRUE(writer.add(via));
    EXPECT_FALSE(writer.add(update_for(node(2))));
    static_cast<void>(writer.finish());
    EXPECT_TRUE(writer.add(update_for(node(2))));
}

TEST(Packet, AnIntervalIsRoundedUpAndBounded) {
    const auto said = [](Duration d) {
        return std::get<HelloTlv>(parse(write({HelloTlv{false, 1, d, {}}})).tlvs[0]).interval;
    };
    EXPECT_EQ(said(Duration::microseconds(1)), Duration::milliseconds(10));
    EXPECT_EQ(said(Duration::milliseconds(11)), Duration::milliseconds(20));
    EXPECT_EQ(said(Duration::seconds(100'000)), Duration::milliseconds(655'350));
}

TEST(Packet, RefusesEveryTruncation) {
    const Bytes whole = write(every_tlv());
    for (size_t size = 0; size < whole.size(); ++size) {
        const Parsed parsed = parse(ByteView(whole).first(size));
        EXPECT_NE(parsed.result, ParseResult::kGood) << size;
        EXPECT_TRUE(parsed.tlvs.empty()) << size;
    }
}

TEST(Packet, ABodyCutInsideATlvStillGivesTheOnesBefore) {
    const Bytes whole = write(every_tlv());
    const Parsed all = parse(whole);
    size_t good = 0;
    for (size_t size = kHeader; size <= whole.size(); ++size) {
        const Parsed parsed = parse(packet_of(ByteView(whole).subspan(kHeader, size - kHeader)));
        ASSERT_LE(parsed.tlvs.size(), all.tlvs.size());
        EXPECT_TRUE(std::equal(parsed.tlvs.begin(), parsed.tlvs.end(), all.tlvs.begin())) << size;
        if (parsed.result == ParseResult::kGood) ++good;
    }
    // Where a TLV ends, and nowhere else; one next hop, the other, and one router id stand between them.
    EXPECT_EQ(good, all.tlvs.size() + 4);
}

// Each TLV with its own length cut to every shorter one, behind it a TLV that is still to be read.
TEST(Packet, ATlvShorterThanItsFieldsIsIgnoredAlone) {
    const Tlv after = AckTlv{7};
    for (const Tlv& tlv : every_tlv()) {
        const Bytes packet = write({tlv});
        const ByteView body = ByteView(packet).subspan(kHeader);
        if (body.size() != 2u + body[1]) continue;  // says a router id or next hop first
        for (uint8_t length = 0; length < body[1]; ++length) {
            Bytes cut = to_bytes(body.first(2u + length));
            cut[1] = length;
            Writer(cut).put(Bytes{3, 2, 0, 7});
            const Parsed parsed = parse(packet_of(cut));
            EXPECT_EQ(parsed.result, ParseResult::kGood);
            ASSERT_FALSE(parsed.tlvs.empty());
            EXPECT_EQ(parsed.tlvs.back(), after);
            for (size_t i = 0; i + 1 < parsed.tlvs.size(); ++i) EXPECT_NE(parsed.tlvs[i], tlv);
        }
    }
}

TEST(Packet, RefusesWhatIsNotBabelTwo) {
    const Bytes good = write({AckTlv{1}});
    for (const size_t at : {0, 1}) {
        Bytes bad = good;
        ++bad[at];
        EXPECT_EQ(parse(bad).result, ParseResult::kNotBabel);
    }
    EXPECT_EQ(parse({}).result, ParseResult::kNotBabel);
}

TEST(Packet, CountsWhatItSkippedAndWhatWasBad) {
    Bytes body{200, 1, 0, 4, 0, 9, 0, 0, 10, 2, 0, 0};  // unknown; an empty Hello; a prefix of 10 bits for everything
    const Parsed parsed = parse(packet_of(body));
    EXPECT_EQ(parsed.counts.skipped, 1u);
    EXPECT_GE(parsed.counts.bad, 2u);
}

TEST(Packet, ReadsTheLargestPacketThereIs) {
    PacketWriter writer(kPacketBytesMax);
    size_t count = 0;
    while (writer.add(update_for(node((count + 1) << 40)))) ++count;
    const Bytes packet = writer.finish();
    EXPECT_GT(packet.size(), kPacketBytesMax - 28);
    EXPECT_EQ(parse(packet).tlvs.size(), count);
}

TEST(Packet, SurvivesFlippedBytes) {
    const Bytes whole = write(every_tlv());
    for (size_t at = 0; at < whole.size(); ++at) {
        for (const uint8_t flip : {0x01, 0x80, 0xff}) {
            Bytes bad = whole;
            bad[at] = static_cast<uint8_t>(bad[at] ^ flip);
            EXPECT_LE(parse(bad).tlvs.size(), whole.size());
        }
    }
}

}  // namespace
}  // namespace aip::routing::babel::test
