// What went wrong in other implementations, each with the report it was found in. Named after what should happen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/routing/babel/alone.hpp"
#include "tests/routing/babel/net.hpp"

namespace aip::routing::babel::test {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr Duration ms(int64_t n) { return Duration::milliseconds(n); }

// FRR #18582: no seqno request when the last feasible route is lost (RFC 8966 section 3.8.2.1).
TEST(BabelReports, SeqnoIsAskedForWhenTheLastFeasibleRouteIsLost) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 96, 5)});
    one.run(ms(100), {2, 3});
    ASSERT_THAT(one.updates_for(9), Not(IsEmpty()));  // the feasibility distance is (5, 192)
    one.hear(3, {update(9, 200, 5)});                 // unfeasible: kept, not used
    ASSERT_EQ(one.next_hop(9), 2u);
    one.clear();
    one.hear(2, {update(9, kInfinity, 5)});
    EXPECT_EQ(one.next_hop(9), 0u);
    const auto asked = one.sent<SeqnoRequestTlv>();
    ASSERT_THAT(asked, SizeIs(1));
    EXPECT_EQ(asked[0].first, 3u);
    EXPECT_EQ(asked[0].second.seqno, 6);
    EXPECT_EQ(asked[0].second.router_id, 9u);
    EXPECT_EQ(asked[0].second.hop_count, 64);
    one.run(ms(3000), {2, 3});
    EXPECT_THAT(one.sent<SeqnoRequestTlv>(), SizeIs(4));  // and three times more, as nobody answers
    one.hear(3, {update(9, 200, 6)});
    EXPECT_EQ(one.next_hop(9), 3u);
}

// FRR #22919: finite routes flushed at 7/8 of their time, so that neither the two stages of expiry (section 3.5.3) nor
// the question before it (section 3.8.2.3) happened.
TEST(BabelReports, RouteIsAskedAfterThenInfiniteThenFlushed) {
    Alone one;
    one.run(ms(400), {2});
    one.hear(2, {update(9, 96)});
    const Duration hold = Duration::seconds(56);
    one.clear();
    one.run(hold * 7 / 8 - ms(100), {2});
    EXPECT_THAT(one.sent<RouteRequestTlv>(), IsEmpty());
    one.run(ms(200), {2});
    const auto asked = one.sent<RouteRequestTlv>();
    ASSERT_THAT(asked, SizeIs(1));
    EXPECT_EQ(asked[0].first, 2u);
    EXPECT_EQ(asked[0].second.prefix->address, plain_address(9));
    EXPECT_EQ(one.next_hop(9), 2u);
    one.run(hold / 8 - ms(200), {2});
    EXPECT_EQ(one.next_hop(9), 2u);
    one.run(ms(200), {2});
    EXPECT_EQ(one.next_hop(9), 0u);
    ASSERT_THAT(one->routes(), SizeIs(1));
    EXPECT_EQ(one->routes()[0].metric, kInfinity);
    one.run(hold, {2});
    EXPECT_THAT(one->routes(), IsEmpty());
}

// FRR #22484: an interface that was enabled late had its neighbour at 65535 for some 16 seconds.
TEST(BabelReports, InterfaceEnabledLateHasItsNeighbourAtOnce) {
    Net net;
    net.options.hello_interval = Duration::seconds(4);
    net.link(1, 2);
    net.at(2).remove_interface(net.port(2, 1), net.now());
    net.run(Duration::seconds(21));
    ASSERT_EQ(net.neighbour(1, 2), nullptr);
    net.link_up(1, 2);
    EXPECT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(50)));
    EXPECT_EQ(net.neighbour(1, 2)->cost, 96);
    EXPECT_EQ(net.neighbour(2, 1)->cost, 96);
}

// FRR #10893: dead after a link flap.
TEST(BabelReports, RoutesComeBackAfterALinkFlaps) {
    Net net;
    net.line(4);
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(1000)));
    for (int i = 0; i < 20; ++i) {
        net.link_down(2, 3);
        net.run(ms(37 * i));
        net.link_up(2, 3);
        EXPECT_TRUE(net.run_until([&] { return net.full_tables() && net.reaches(1, 4); }, ms(400))) << i;
        net.run(ms(53 * i));
    }
}

// babeld #8: lost Hellos led to more Hellos, until nothing else got through.
TEST(BabelReports, LostHellosNeverLeadToMoreOfThem) {
    const auto packets = [](double loss) {
        Net net;
        for (uint64_t a = 1; a <= 12; ++a)
            for (uint64_t b = a + 1; b <= 12; ++b) net.link(a, b);
        uint64_t hellos = 0;
        net.drop = [&](uint64_t, uint64_t, const Bytes& payload) {
            parse_packet(payload, [&](const Tlv& tlv) { hellos += std::holds_alternative<HelloTlv>(tlv); });
            return false;
        };
        net.run(Duration::seconds(2));
        for (uint64_t a = 1; a <= 12; ++a)
            for (uint64_t b = 1; b <= 12; ++b)
                if (a != b) net.set_loss(a, b, loss);
        hellos = 0;
        net.run(Duration::seconds(20));
        return hellos;
    };
    const uint64_t quiet = packets(0);
    EXPECT_LT(packets(0.5), quiet * 5 / 4);
    EXPECT_LT(packets(0.9), quiet * 5 / 4);
}

// babeld #110: a better route replaced the old one by removing it first. Here there is no moment without a route.
TEST(BabelReports, RouteIsReplacedInOneStep) {
    Alone one;
    one.run(ms(400), {2, 3});
    one.hear(2, {update(9, 400)});
    ASSERT_EQ(one.next_hop(9), 2u);
    for (uint16_t metric = 390; metric > 100; metric = static_cast<uint16_t>(metric - 10)) {
        const uint64_t node = 2 + metric / 10 % 2;
        one.hear(node, {update(9, metric)});
        const auto selected = one->selected();
        const auto of_nine = std::count_if(selected.begin(), selected.end(),
                                           [](const auto& r) { return r.destination == plain_address(9); });
        EXPECT_EQ(of_nine, 1);
        one.run(ms(10), {2, 3});
        EXPECT_NE(one.next_hop(9), 0u);
    }
    for (const UpdateTlv& update : one.updates_for(9)) EXPECT_NE(update.metric, kInfinity);
}

// AREDN PR #2396: a neighbour stuck at infinity, cured by restarting the daemon.
TEST(BabelReports, NeighbourAtInfinityHealsByItself) {
    Net net;
    net.link(1, 2);
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(1000)));
    net.set_loss(1, 2, 1);  // 2 does not hear 1, and says so
    net.run(Duration::seconds(20));
    ASSERT_EQ(net.neighbour(1, 2)->cost, kInfinity);
    EXPECT_FALSE(net.full_tables());
    net.set_loss(1, 2, 0);
    EXPECT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(300)));
    EXPECT_EQ(net.neighbour(1, 2)->cost, 96);
}

// go-babel #2: when the tick is late, work that is overdue must be shed, not caught up with.
TEST(BabelReports, LateTicksShedLoad) {
    Net net;
    net.line(3);
    ASSERT_TRUE(net.run_until([&] { return net.full_tables(); }, ms(1000)));
    Speaker& late = net.at(2);
    const Instant after = net.now() + Duration::seconds(10);
    size_t hellos = 0;
    for (const PacketOut& packet : late.poll(after))
        parse_packet(packet.payload, [&](const Tlv& tlv) { hellos += std::holds_alternative<HelloTlv>(tlv); });
    EXPECT_EQ(hellos, 2u);                    // one on each port
    EXPECT_THAT(late.selected(), SizeIs(2));  // one missed Hello each, not fifty
    EXPECT_GT(late.next_wakeup(), after);
}

}  // namespace
}  // namespace aip::routing::babel::test
