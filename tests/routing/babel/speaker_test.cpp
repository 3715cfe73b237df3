#include "routing/babel/speaker.hpp"

#include <gmock/gmock.h>

#include "tests/routing/babel/alone.hpp"
#include "tests/routing/babel/net.hpp"

namespace aip::routing::babel::test {
namespace {

using ::testing::Each;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Duration ms(int64_t n) { return Duration::milliseconds(n); }

void converge(Net& net) {
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, Duration::seconds(5)));
}

// 1 - 2 - 3 - 4 - 5
TEST(BabelSpeaker, FillsTheTablesOfALine) {
    Net net;
    net.line(5);
    const auto took = net.run_until([&] { return net.full_tables(); }, ms(1000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 150);
    EXPECT_EQ(net.next_hop(1, 5), 2u);
    EXPECT_EQ(net.route(1, 5)->metric, 4 * 96);
    EXPECT_TRUE(net.reaches(1, 5) && net.reaches(5, 1));
}

TEST(BabelSpeaker, FillsTheTablesOfAGridInTensOfMillisecondsAHop) {
    Net net;
    net.grid(5);
    const auto took = net.run_until([&] { return net.full_tables(); }, ms(3000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 8 * 25);
}

TEST(BabelSpeaker, GridOf49NodesTakesHalfAMegabyteAtMost) {
    Net net;
    net.grid(7);
    const auto took = net.run_until([&] { return net.full_tables(); }, ms(3000));
    ASSERT_TRUE(took);
    EXPECT_LT(net.bytes(), 400'000u);
}

TEST(BabelSpeaker, QuietNeighbourCostsLessThanAKilobyteASecond) {
    Net net;
    net.grid(5);
    converge(net);
    net.run(Duration::seconds(2));
    const uint64_t before = net.bytes();
    net.run(Duration::seconds(64));
    EXPECT_LT(static_cast<double>(net.bytes() - before) / 64 / 80, 600);  // 40 links, two directions each
}

// 1 - 2 - ... - 6 - 1
TEST(BabelSpeaker, RingGoesTheOtherWayAtOnceWhenALinkGoesDown) {
    Net net;
    net.ring(6);
    converge(net);
    net.run(Duration::seconds(1));
    net.link_down(1, 2);
    const auto took = net.run_until([&] { return net.reaches(1, 2) && net.reaches(2, 1); }, ms(1000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 50);
    EXPECT_EQ(net.route(1, 2)->metric, 5 * 96);
}

// 1 - 2 - 3; only 2 sees its link to 3 go and come.
TEST(BabelSpeaker, FlapThatOneEndSeesIsOverAtOnce) {
    Net net;
    net.line(3);
    converge(net);
    net.run(Duration::seconds(1));
    net.at(2).remove_interface(net.port(2, 3), net.now());
    net.run(ms(100));
    EXPECT_EQ(net.next_hop(1, 3), 0u);
    net.at(2).add_interface(net.port(2, 3), net.options, net.now());
    net.wake(2);
    EXPECT_TRUE(net.run_until([&] { return net.reaches(1, 3) && net.reaches(3, 1); }, ms(300)));
}

// The link 1 - 2 of a 4x4 grid dies without a word.
TEST(BabelSpeaker, SilentlyDeadLinkIsRepairedWithinThreeAndAHalfHellos) {
    for (int64_t phase = 0; phase < 10; ++phase) {
        Net net(static_cast<uint64_t>(phase) + 1);
        net.grid(4);
        net.run(ms(3000 + 23 * phase));
        const uint64_t hop = net.next_hop(1, 16);
        net.cut(1, hop);
        const auto took = net.run_until([&] { return net.reaches(1, 16) && net.reaches(16, 1); }, ms(3000));
        ASSERT_TRUE(took);
        EXPECT_LT(took->count_ms(), 700);
        EXPECT_GT(took->count_ms(), 350);
    }
}

// 1 - 2 with a way around by 3; 2 hears 1 no more, 1 hears 2 well.
TEST(BabelSpeaker, OneWayLinkIsUsedInNeitherDirection) {
    Net net;
    net.ring(3);
    converge(net);
    net.set_loss(1, 2, 1);
    const auto took = net.run_until([&] { return net.next_hop(1, 2) == 3 && net.next_hop(2, 1) == 3; }, ms(3000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 750);  // 2 says at once that it hears nothing
    EXPECT_NE(net.neighbour(1, 2)->rx_cost, kInfinity);
    EXPECT_EQ(net.neighbour(1, 2)->tx_cost, kInfinity);
    net.run(Duration::seconds(30));
    EXPECT_EQ(net.next_hop(1, 2), 3u);
}

TEST(BabelSpeaker, LossyLinkCostsMoreAndTheCleanWayAroundIsTaken) {
    Net net;
    net.ring(3);
    converge(net);
    net.set_loss(1, 2, 0.6);
    net.set_loss(2, 1, 0.6);
    net.run(Duration::seconds(20));
    EXPECT_EQ(net.next_hop(1, 2), 3u);
    net.mend(1, 2);
    net.run(Duration::seconds(30));
    EXPECT_EQ(net.next_hop(1, 2), 2u);
    EXPECT_EQ(net.route(1, 2)->metric, 96);
}

TEST(BabelSpeaker, DelayCostsAndThePenaltyIsBounded) {
    Net net;
    net.link(1, 2, ms(30));
    net.link(3, 4, ms(1000));
    net.run(Duration::seconds(60));
    EXPECT_NEAR(net.neighbour(1, 2)->rtt->count_us(), 60'000, 500);
    EXPECT_NEAR(net.neighbour(1, 2)->cost, 96 + 150 * 50 / 110, 10);
    EXPECT_EQ(net.neighbour(3, 4)->cost, 96 + 150);
}

// 1 - 2 - 3; 3 comes back above what it had used.
TEST(BabelSpeaker, RestartAboveTheReservedSeqnosIsSeenAtOnce) {
    Net net;
    net.line(3);
    converge(net);
    net.run(Duration::seconds(5));
    net.restart(3, 64);
    EXPECT_TRUE(net.run_until([&] { return net.next_hop(1, 3) == 2 && net.route(1, 3)->seqno == 64; }, ms(300)));
}

TEST(BabelSpeaker, LostSeqnoIsClimbedAgainByRequests) {
    Net net;
    net.speaker_options.first_seqno = 7;
    net.line(3);
    converge(net);
    net.restart(3, 0);
    net.run(ms(20));
    ASSERT_TRUE(
        net.run_until([&] { return net.next_hop(2, 3) == 3 && net.next_hop(1, 3) == 2; }, Duration::seconds(5)));
    EXPECT_GE(net.at(3).seqno(), 7);
}

TEST(BabelSpeaker, NodeThatRanBeforeRoutesThroughOthersOnlyWhenItIsForgotten) {
    Net net;
    net.line(3);
    converge(net);
    net.run(Duration::seconds(1));
    net.restart(1, 64);
    net.run(ms(20));
    EXPECT_TRUE(net.run_until([&] { return net.next_hop(1, 2) == 2 && net.next_hop(3, 1) == 2; }, ms(200)));
    EXPECT_FALSE(net.run_until([&] { return net.next_hop(1, 3) != 0; }, ms(2000)));
    EXPECT_TRUE(net.run_until([&] { return net.next_hop(1, 3) == 2; }, ms(300)));
}

// 1 moves from 2 to 4 in the line 2 - 3 - 4.
TEST(BabelSpeaker, RoamingNodeIsFoundAtItsNewPlace) {
    Net net;
    net.link(1, 2);
    net.link(2, 3);
    net.link(3, 4);
    converge(net);
    net.cut(1, 2);
    net.link(1, 4);
    const auto took = net.run_until([&] { return net.reaches(2, 1) && net.reaches(1, 2); }, ms(3000));
    ASSERT_TRUE(took);
    EXPECT_LT(took->count_ms(), 800);
}

TEST(BabelSpeaker, IdleNodeSleepsBetweenHellos) {
    Net net;
    net.link(1, 2);
    converge(net);
    net.run(Duration::seconds(2));
    const uint64_t before = net.polls(1);
    net.run(Duration::seconds(10));
    EXPECT_LT(net.polls(1) - before, 10 * 5 * 5 / 2);  // its own Hellos, and checks of the other's
}

TEST(BabelSpeaker, MacsAreMadeAndAskedFor) {
    Net net;
    net.options.keys = {MacKey(32, 7)};
    net.line(4);
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(1000)));
    net.options.keys = {MacKey(32, 8)};
    net.link(4, 5);  // 4 has the other key there too, but 3 - 4 goes on
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(1000)));
    net.options.keys.clear();
    net.link(5, 6);
    net.options.keys = {MacKey(32, 9)};
    net.at(5).add_interface(net.port(5, 6), net.options, net.now());
    net.run(Duration::seconds(2));
    EXPECT_EQ(net.next_hop(5, 6), 0u);
    EXPECT_GT(net.at(5).count(PacketVerdict::kNoMac), 0u);
}

TEST(BabelSpeaker, AnnouncesItselfOnlyUpToTheSeqnosReserved) {
    SpeakerOptions o;
    o.first_seqno = 100;
    o.seqnos_reserved = 2;
    Alone one(o);
    one.run(ms(400), {2});
    const auto request = [&](uint16_t seqno) {
        SeqnoRequestTlv r;
        r.prefix.address = plain_address(1);
        r.router_id = 1;
        r.hop_count = 10;
        r.seqno = seqno;
        one.hear(2, {r});
        one.run(ms(50), {2});
    };
    request(100);
    EXPECT_EQ(one->seqno(), 100);
    request(105);
    EXPECT_EQ(one->seqno(), 101);  // one step a request
    EXPECT_TRUE(one->seqno_wanted());
    request(105);
    EXPECT_EQ(one->seqno(), 101);
    one->reserve_seqnos(64);
    EXPECT_EQ(one->seqno(), 102);
    EXPECT_FALSE(one->seqno_wanted());
    one.clear();
    one.run(ms(50), {2});
    ASSERT_THAT(one.updates_for(1), Not(IsEmpty()));
    EXPECT_EQ(one.updates_for(1).back().seqno, 102);
}

TEST(BabelSpeaker, SwitchesToABetterRouteOnlyWhenItIsBetterInTheLongRun) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 100)});
    one.hear(3, {update(9, 150)});
    one.run(Duration::seconds(5), {2, 3});
    ASSERT_EQ(one.next_hop(9), 2u);
    one.hear(2, {update(9, 180, 2)});  // worse for a moment
    EXPECT_EQ(one.next_hop(9), 2u);
    one.run(ms(100), {2, 3});
    one.hear(2, {update(9, 100, 2)});
    one.run(ms(1000), {2, 3});
    EXPECT_EQ(one.next_hop(9), 2u);
    one.hear(2, {update(9, 180, 3)});  // and now for good
    one.hear(3, {update(9, 150, 3)});
    one.run(Duration::seconds(2), {2, 3});
    EXPECT_EQ(one.next_hop(9), 3u);
}

TEST(BabelSpeaker, UnusableRouteIsLeftAtOnce) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 100)});
    one.hear(3, {update(9, 150)});
    one.hear(2, {update(9, kInfinity)});
    EXPECT_EQ(one.next_hop(9), 3u);
}

TEST(BabelSpeaker, NewerSeqnoAloneChangesNothing) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 100, 1)});
    one.hear(3, {update(9, 150, 200)});
    one.run(Duration::seconds(3), {2, 3});
    EXPECT_EQ(one.next_hop(9), 2u);
}

TEST(BabelSpeaker, UnfeasibleUpdateOfTheSelectedRouteIsAskedAboutAndTheRouteKept) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(9, 100, 1)});
    one.run(ms(100), {2});
    one.clear();
    one.hear(2, {update(9, 400, 1)});
    EXPECT_EQ(one.route(9)->advertised_metric, 100);
    ASSERT_THAT(one.sent<SeqnoRequestTlv>(), SizeIs(1));
    EXPECT_EQ(one.sent<SeqnoRequestTlv>()[0].second.seqno, 2);
    EXPECT_EQ(one->count(Refusal::kUnfeasible), 1u);
    one.hear(2, {update(9, 400, 2)});
    EXPECT_EQ(one.route(9)->advertised_metric, 400);
}

TEST(BabelSpeaker, SeqnoRequestIsPassedOnOnceToTheNextHopAndItsAnswerBack) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 96, 5)});
    one.run(ms(500), {2, 3});
    one.clear();
    SeqnoRequestTlv request;
    request.prefix.address = plain_address(9);
    request.router_id = 9;
    request.hop_count = 10;
    request.seqno = 6;
    one.hear(3, {request});
    one.hear(3, {request});
    const auto passed = one.sent<SeqnoRequestTlv>();
    ASSERT_THAT(passed, SizeIs(1));
    EXPECT_EQ(passed[0].first, 2u);
    EXPECT_EQ(passed[0].second.hop_count, 9);
    one.hear(2, {update(9, 96, 6)});
    one.run(ms(20), {2, 3});
    ASSERT_THAT(one.updates_for(9), Not(IsEmpty()));
    EXPECT_EQ(one.updates_for(9)[0].seqno, 6);
    one.clear();
    request.hop_count = 1;
    request.seqno = 8;
    one.hear(3, {request});
    EXPECT_THAT(one.sent<SeqnoRequestTlv>(), IsEmpty());
}

TEST(BabelSpeaker, RequestForARouteIsAlwaysAnswered) {
    Alone one;
    one.run(ms(400), {2});
    one.clear();
    RouteRequestTlv request;
    request.prefix.emplace();
    request.prefix->address = plain_address(9);
    one.hear(2, {request});
    ASSERT_THAT(one.updates_for(9), SizeIs(1));
    EXPECT_EQ(one.updates_for(9)[0].metric, kInfinity);
    one.hear(2, {AckRequestTlv{77, ms(100)}});
    ASSERT_THAT(one.sent<AckTlv>(), SizeIs(1));
    EXPECT_EQ(one.sent<AckTlv>()[0].second.opaque, 77);
}

TEST(BabelSpeaker, LossIsToldSeveralTimesAndSmallChangesNotAtAll) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(9, 400)});
    one.run(ms(1000), {2});
    one.clear();
    one.hear(2, {update(9, 380)});
    one.run(ms(300), {2});
    EXPECT_THAT(one.updates_for(9), IsEmpty());
    one.hear(2, {update(9, 200)});
    one.run(ms(300), {2});
    EXPECT_THAT(one.updates_for(9), SizeIs(1));
    one.clear();
    one.hear(2, {update(9, kInfinity)});
    one.run(ms(1000), {2});
    EXPECT_THAT(one.updates_for(9), SizeIs(3));
    EXPECT_THAT(one.updates_for(9), Each(Field(&UpdateTlv::metric, kInfinity)));
}

TEST(BabelSpeaker, GreetingSaysHelloAndAsksAndGivesTheTable) {
    Alone one;
    one.clear();
    one->greet(kPort, link_local(5), mac(5), one.now());
    one.run(ms(1));
    ASSERT_THAT(one.sent<HelloTlv>(), SizeIs(1));
    EXPECT_TRUE(one.sent<HelloTlv>()[0].second.unicast);
    EXPECT_THAT(one.sent<IhuTlv>(), SizeIs(1));
    EXPECT_THAT(one.sent<RouteRequestTlv>(), SizeIs(1));
    EXPECT_THAT(one.updates_for(1), SizeIs(1));
    one.clear();
    for (int i = 0; i < 100; ++i) {
        one->greet(kPort, link_local(5), mac(5), one.now());
        one.run(ms(1));
    }
    EXPECT_LE(one.sent<HelloTlv>().size(), 2u);
}

TEST(BabelSpeaker, DroppedNeighbourTakesItsRoutesAlong) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 100)});
    static_cast<void>(one->changed());
    one->drop_neighbour(kPort, link_local(2), one.now());
    EXPECT_TRUE(one->changed());
    EXPECT_THAT(one->routes(), IsEmpty());
    EXPECT_THAT(one->neighbours(), SizeIs(1));
}

TEST(BabelSpeaker, NeighbourWithANewLinkAddressStaysTheSame) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(9, 100)});
    static_cast<void>(one->changed());
    one->on_packet(kPort, mac(99), link_local(2), kGroup, packet_of({update(9, 100)}), one.now());
    EXPECT_TRUE(one->changed());
    EXPECT_EQ(one.route(9)->link, mac(99));
    EXPECT_THAT(one->neighbours(), SizeIs(1));
}

}  // namespace
}  // namespace aip::routing::babel::test
