#include "routing/routes.hpp"

#include <gmock/gmock.h>

#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::mac;
using test::plain_address;
using testing::ElementsAre;

// us ---- 1 ---- 2
Routes two_routes() {
    const dataplane::NextHop hop{3, 1500, mac(1)};
    return Routes({{plain_address(1), plain_address(1), 96, hop}, {plain_address(2), plain_address(1), 240, hop}});
}

TEST(Routes, FindsADestinationAndSaysHowFarItIs) {
    const Routes routes = two_routes();
    ASSERT_NE(routes.to(plain_address(2)), nullptr);
    EXPECT_EQ(routes.to(plain_address(2))->via, plain_address(1));
    EXPECT_EQ(routes.to(plain_address(2))->hops(), 2.5);
    EXPECT_FALSE(routes.to(plain_address(2))->is_neighbour());
    EXPECT_TRUE(routes.to(plain_address(1))->is_neighbour());
    EXPECT_EQ(routes.to(plain_address(3)), nullptr);
    EXPECT_THAT(routes.reachable(), ElementsAre(plain_address(1), plain_address(2)));
}

TEST(Routes, MakesTheTableOfTheDataplane) {
    const auto fib = two_routes().fib(7);
    ASSERT_NE(fib->find(InterfaceId{2}), nullptr);
    EXPECT_EQ(*fib->find(InterfaceId{2}), (dataplane::NextHop{3, 1500, mac(1)}));
    EXPECT_EQ(fib->find(InterfaceId{3}), nullptr);
}

TEST(Routes, NoneReachNobody) {
    EXPECT_TRUE(Routes().reachable().empty());
    EXPECT_EQ(Routes().fib()->size(), 0u);
}

}  // namespace
}  // namespace aip::routing
