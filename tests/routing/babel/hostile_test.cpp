// Neighbours that lie, flood or talk nonsense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "tests/routing/babel/alone.hpp"

namespace aip::routing::babel::test {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Duration ms(int64_t n) { return Duration::milliseconds(n); }

TEST(BabelHostile, RefusesOurOwnAddress) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(1, 0, 500)});
    EXPECT_EQ(one->count(Refusal::kOwnAddress), 1u);
    EXPECT_FALSE(one.route(1));
    EXPECT_EQ(one->seqno(), 0);
}

TEST(BabelHostile, RefusesWhatIsNoNodeOfOurNetwork) {
    Alone one;
    one.run(ms(400), {2});
    UpdateTlv shorter = update(9, 96);
    shorter.prefix.length = 64;
    UpdateTlv other = update(9, 96);
    other.prefix.address = Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{9});
    one.hear(2, {shorter, other});
    EXPECT_EQ(one->count(Refusal::kNotNode), 2u);
    EXPECT_THAT(one->routes(), IsEmpty());
}

TEST(BabelHostile, Ipv4IsNotOurs) {
    Alone one;
    one.run(ms(400), {2});
    one.clear();
    const Bytes request{42, 2, 0, 8, 9, 6, 1, 32, 10, 0, 0, 1};
    EXPECT_EQ(one.hear_raw(2, request), PacketVerdict::kAccepted);
    EXPECT_THAT(one.sent<UpdateTlv>(), IsEmpty());
}

TEST(BabelHostile, AnotherOriginatorIsNoRouteAndEndsTheOneThereWas) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(9, 96)});
    ASSERT_EQ(one.next_hop(9), 2u);
    UpdateTlv forged = update(9, 10);
    forged.router_id = 10;
    one.hear(2, {forged});
    EXPECT_EQ(one->count(Refusal::kWrongOriginator), 1u);
    EXPECT_EQ(one.next_hop(9), 0u);
}

TEST(BabelHostile, NextHopIsTheNeighbourItself) {
    Alone one;
    one.run(ms(400), {2, 3});
    UpdateTlv foreign = update(9, 96);
    foreign.next_hop = link_local(3);
    one.hear(2, {foreign});
    EXPECT_EQ(one->count(Refusal::kForeignNextHop), 1u);
    EXPECT_FALSE(one.route(9));
}

TEST(BabelHostile, InfiniteMetricsMakeNoRoute) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2,
             {update(9, kInfinity), update(10, kInfinity - 1), update(11, kInfinity - 97), update(12, kInfinity - 96)});
    EXPECT_FALSE(one.route(9));
    EXPECT_FALSE(one.route(10));
    EXPECT_EQ(one.route(11)->metric, kInfinity - 1);
    EXPECT_FALSE(one.route(12));
}

TEST(BabelHostile, WildcardRetractsEverythingOfThatNeighbourAlone) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 96), update(10, 96)});
    one.hear(3, {update(11, 96)});
    UpdateTlv all;
    all.wildcard = true;
    all.interval = Duration::seconds(16);
    one.hear(2, {all});
    EXPECT_FALSE(one.route(9) || one.route(10));
    EXPECT_TRUE(one.route(11));
}

TEST(BabelHostile, OnlyNeighboursOnTheLinkAreHeard) {
    Alone one;
    const Bytes hello = packet_of({HelloTlv{false, 1, ms(200), {}}});
    const auto from = [&](uint16_t port, const Address& source, const Address& destination) {
        return one->on_packet(port, mac(2), source, destination, hello, one.now());
    };
    EXPECT_EQ(from(8, link_local(2), kGroup), PacketVerdict::kUnknownPort);
    EXPECT_EQ(from(kPort, plain_address(2), kGroup), PacketVerdict::kNotLinkLocal);
    EXPECT_EQ(from(kPort, link_local(1), kGroup), PacketVerdict::kNotLinkLocal);  // our own, come back
    EXPECT_EQ(from(kPort, link_local(2), link_local(3)), PacketVerdict::kNotLinkLocal);
    EXPECT_THAT(one->neighbours(), IsEmpty());
    EXPECT_EQ(from(kPort, link_local(2), kGroup), PacketVerdict::kAccepted);
    EXPECT_EQ(one->count(PacketVerdict::kNotLinkLocal), 3u);
}

TEST(BabelHostile, SurvivesEveryTruncationAndEveryFlippedByte) {
    Alone one;
    one.run(ms(400), {2});
    const Bytes good =
        packet_of({HelloTlv{false, 77, ms(200), 5}, IhuTlv{link_local(1), 96, ms(600), IhuTlv::Echo{1, 2}},
                   update(9, 96), RouteRequestTlv{}, AckRequestTlv{1, ms(10)}});
    for (size_t length = 0; length < good.size(); ++length) {
        const auto verdict = one.hear_raw(3, Bytes(good.begin(), good.begin() + static_cast<long>(length)));
        EXPECT_NE(verdict, PacketVerdict::kAccepted) << length;
    }
    for (size_t at = 0; at < good.size(); ++at) {
        for (const uint8_t flip : {0x01, 0x80, 0xff}) {
            Bytes bad = good;
            bad[at] ^= flip;
            static_cast<void>(one.hear_raw(3, bad));
        }
    }
    one.run(ms(1000), {2});
    EXPECT_EQ(one->neighbours()[0].cost, 96);
}

TEST(BabelHostile, NeighboursAreBounded) {
    Alone one;
    for (uint64_t n = 2; n < 2 + limits::kNeighboursMax; ++n)
        EXPECT_EQ(one.hear(n, {HelloTlv{false, 1, Duration::seconds(60), {}}}), PacketVerdict::kAccepted);
    EXPECT_EQ(one.hear(5000, {HelloTlv{false, 1, Duration::seconds(60), {}}}), PacketVerdict::kTableFull);
}

TEST(BabelHostile, MadeUpNeighboursGetFewTables) {
    Alone one;
    const auto tables = [&] { return one.updates_for(1).size(); };  // each begins with our own address
    for (uint64_t n = 2; n < 1000; ++n) one.hear(n, {HelloTlv{false, 1, Duration::seconds(60), {}}});
    EXPECT_LE(tables(), 64u + 2);
    EXPECT_GE(one->tables_delayed(), 900u);
    one.clear();
    for (int i = 0; i < 10; ++i) {
        one.run(ms(100));
        for (uint64_t n = 2; n < 1000; ++n) one.hear(n, {RouteRequestTlv{}});
    }
    EXPECT_LE(tables(), 20u + 4) << "in a second, beside what all are told";
    EXPECT_GE(tables(), 15u);
}

TEST(BabelHostile, OneNeighbourFillsHalfTheTableAtMost) {
    Alone one;
    one.run(ms(400), {2, 3});
    for (uint64_t id = 100; id < 100 + limits::kRoutesMax / 2 + 50; id += 50) {
        std::vector<Tlv> many;
        for (uint64_t i = id; i < id + 50; ++i) many.push_back(update(i, 96));
        one.hear(2, many);
    }
    EXPECT_EQ(one->selected().size(), limits::kRoutesMax / 2);
    EXPECT_GT(one->count(Refusal::kTableFull), 0u);
    one.hear(3, {update(7, 96)});
    EXPECT_EQ(one.next_hop(7), 3u);
}

TEST(BabelHostile, RestartingAgainAndAgainIsAnsweredTenTimesASecondAtMost) {
    Alone one;
    one.run(ms(400), {2});
    one.clear();
    for (uint16_t i = 0; i < 1000; ++i) {
        one.hear(2, {HelloTlv{false, static_cast<uint16_t>(i * 1000), ms(200), {}}});
        one.run(ms(1));
    }
    size_t unicast = 0;
    for (const auto& [to, hello] : one.sent<HelloTlv>()) unicast += hello.unicast;
    EXPECT_LE(unicast, 11u);
    EXPECT_LE(one.updates_for(1).size(), 5u);
}

TEST(BabelHostile, FloodOfSeqnoRequestsUsesFewSeqnos) {
    SpeakerOptions o;
    o.seqnos_reserved = 1000;
    Alone one(o);
    one.run(ms(400), {2});
    for (uint16_t i = 0; i < 10000; ++i) {
        SeqnoRequestTlv r;
        r.prefix.address = plain_address(1);
        r.router_id = 1;
        r.hop_count = 10;
        r.seqno = static_cast<uint16_t>(one->seqno() + 1);
        one.hear(2, {r});
        if (i % 100 == 0) one.run(ms(1));
    }
    EXPECT_LE(one->seqno(), 50);
}

TEST(BabelHostile, ChangedKeyIsRefusedAndTheNeighbourDies) {
    InterfaceOptions keyed = quick_hellos();
    keyed.keys = {MacKey(32, 1)};
    Alone one({}, keyed);
    SeededRng rng(2);
    Authenticator same(keyed.keys, rng);
    Authenticator changed({MacKey(32, 2)}, rng);
    const Endpoints ends{link_local(2), kGroup};
    const Bytes hello = packet_of({HelloTlv{false, 1, ms(200), {}}});
    EXPECT_EQ(one.hear_raw(2, same.protect(hello, ends)), PacketVerdict::kChallenged);
    EXPECT_EQ(one.hear_raw(2, changed.protect(hello, ends)), PacketVerdict::kBadMac);
    EXPECT_EQ(one.hear_raw(2, hello), PacketVerdict::kNoMac);
    EXPECT_THAT(one->neighbours(), IsEmpty());
}

}  // namespace
}  // namespace aip::routing::babel::test
