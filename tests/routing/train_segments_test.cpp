#include "routing/train_segments.hpp"

#include <gtest/gtest.h>

namespace aip::routing {
namespace {

Address node(uint64_t n) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{n}); }

TEST(TrainSegments, AreTheStopsInOrderAndReadBack) {
    const std::vector<Address> itinerary = {node(7), node(UINT64_MAX), node(7), node(0)};
    const auto segments = train_segments(itinerary, "fashion");
    ASSERT_EQ(segments.size(), itinerary.size());
    for (size_t i = 0; i < itinerary.size(); ++i) {
        EXPECT_EQ(train_stop(segments[i].sid), itinerary[i]);
        EXPECT_EQ(segments[i].task, "fashion");
        EXPECT_FALSE(segments[i].sid.is_node());  // never taken for the node itself
    }
    EXPECT_EQ(segments[0].sid.text(), "fd01:203:405:8001::7");
    EXPECT_TRUE(train_segments({}, "fashion").empty());
}

TEST(TrainSegments, AreNotJustAnyAddress) {
    EXPECT_EQ(train_stop(node(7)), std::nullopt);
    EXPECT_EQ(train_stop(*Address::parse("fd01:203:405:8000::7")), std::nullopt);
    EXPECT_EQ(train_stop(*Address::parse("2001:db8:0:8001::7")), std::nullopt);
}

}  // namespace
}  // namespace aip::routing
