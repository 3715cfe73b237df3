#include "routing/routes.hpp"

#include <gmock/gmock.h>

#include "tests/routing/lan.hpp"

namespace aip::routing {
namespace {

using test::Host;
using test::Lan;
using test::plain_address;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

//   b ---- a ---- c      far is behind both
struct RoutesTest : testing::Test {
    RoutesTest() {
        lan.join(a, b, 0, 0);
        lan.join(a, c, 1, 0);
        lan.run(1000);
    }
    Routes routes(std::vector<StaticRoute> list) {
        auto made = Routes::create(a.address(), std::move(list));
        AIP_ASSERT(made.has_value());
        made->rebuild(a.neighbours);
        return std::move(*made);
    }

    Lan lan;
    Host a{"a", 1}, b{"b", 2}, c{"c", 3};
    Address far = plain_address(77);
};

TEST_F(RoutesTest, ReachTwoWayNeighboursDirectly) {
    const Routes r = routes({});
    const auto route = r.to(b.address());
    ASSERT_TRUE(route);
    EXPECT_EQ(route->metric, 1u);
    EXPECT_EQ(route->next_hop.port, 0);
    EXPECT_EQ(route->next_hop.mtu, 1500);
    EXPECT_EQ(r.to(c.address())->next_hop.port, 1);
    EXPECT_EQ(r.reachable().size(), 2u);
    const auto fib = r.fib();
    EXPECT_EQ(fib->size(), 2u);
    EXPECT_EQ(*fib->find(b.address().interface_id()), route->next_hop);
    EXPECT_EQ(fib->find(far.interface_id()), nullptr);
}

TEST_F(RoutesTest, PreferTheBestMetricThenTheLowerNextHop) {
    const Address low = std::min(b.address(), c.address());
    EXPECT_EQ(routes({{far, b.address(), 3}, {far, c.address(), 2}}).to(far)->via, c.address());
    EXPECT_EQ(routes({{far, b.address(), 2}, {far, c.address(), 3}}).to(far)->via, b.address());
    EXPECT_EQ(routes({{far, b.address(), 2}, {far, c.address(), 2}}).to(far)->via, low);
    EXPECT_EQ(routes({{b.address(), c.address(), 1}}).to(b.address())->kind, RouteKind::kNeighbour);
}

TEST_F(RoutesTest, FallBackWhenTheBetterNextHopIsLost) {
    Routes r = routes({{far, b.address(), 2}, {far, c.address(), 5}, {b.address(), c.address(), 2}});
    EXPECT_EQ(r.to(far)->via, b.address());
    lan.block(b, a);
    lan.run(5000);
    r.rebuild(a.neighbours);
    EXPECT_EQ(r.to(far)->via, c.address());
    EXPECT_EQ(r.to(b.address())->via, c.address()) << "the static way round";
}

TEST_F(RoutesTest, SayWhyARouteIsNotUsable) {
    lan.block(b, a);
    lan.run(5000);  // b still hears a; a has lost b
    Routes r = routes({{far, b.address(), 2}});
    EXPECT_FALSE(r.to(far));
    ASSERT_EQ(r.table().size(), 2u);
    ASSERT_EQ(r.table().front().destination, std::min(far, c.address()));
    EXPECT_THAT((far < c.address() ? r.table().front() : r.table().back()).state, StrEq("next hop is not heard"));
    EXPECT_EQ(r.fib()->size(), 1u);
    auto of_b = *Routes::create(b.address(), {});
    of_b.rebuild(b.neighbours);
    EXPECT_FALSE(of_b.to(a.address()));
    ASSERT_EQ(of_b.table().size(), 1u);
    EXPECT_THAT(of_b.table()[0].state, StrEq("next hop does not hear us"));
}

TEST_F(RoutesTest, TableIsByDestinationEachOnce) {
    const Routes r = routes({{far, b.address(), 2}, {far, c.address(), 2}, {plain_address(3), b.address(), 9}});
    std::vector<Address> destinations;
    for (const RouteView& route : r.table()) destinations.push_back(route.destination);
    EXPECT_EQ(destinations.size(), 4u);
    EXPECT_TRUE(std::is_sorted(destinations.begin(), destinations.end()));
}

TEST_F(RoutesTest, RefusesRoutesThatCannotBe) {
    const auto error = [&](StaticRoute route) { return Routes::create(a.address(), {route}).error().text; };
    EXPECT_THAT(error({a.address(), b.address(), 2}), HasSubstr("this node itself"));
    EXPECT_THAT(error({far, a.address(), 2}), HasSubstr("via this node itself"));
    EXPECT_THAT(error({far, b.address(), 0}), HasSubstr("metric"));
    EXPECT_THAT(error({far, b.address(), 65'535}), HasSubstr("metric"));
    EXPECT_THAT(error({Address{}, b.address(), 2}), HasSubstr("no node address"));
}

}  // namespace
}  // namespace aip::routing
