#include "node/sessions.hpp"

#include <gmock/gmock.h>

namespace aip::node {
namespace {

TEST(Sessions, FindsAnIdleTrainerOfTheTask) {
    Sessions sessions;
    sessions.bind(1, "a");
    sessions.bind(2, "b");
    EXPECT_EQ(sessions.idle_trainer("b"), 2u);
    EXPECT_EQ(sessions.idle_trainer("c"), 0u);
}

TEST(Sessions, GivesOneDeliveryAtATime) {
    Sessions sessions;
    sessions.bind(1, "a");
    sessions.took(1, true);
    EXPECT_EQ(sessions.idle_trainer("a"), 0u);
    sessions.returned(1);
    EXPECT_EQ(sessions.idle_trainer("a"), 1u);
}

TEST(Sessions, GivesALetterToWhoeverWaitsForItAndOnlyOnce) {
    Sessions sessions;
    sessions.bind(1, "a");
    EXPECT_EQ(sessions.idle_receiver("a"), 0u);
    sessions.expect(2, "");
    EXPECT_EQ(sessions.idle_receiver("anything"), 2u);
    sessions.took(2, false);
    sessions.returned(2);
    EXPECT_EQ(sessions.idle_receiver("anything"), 0u);
}

TEST(Sessions, NamesTheTasksThatLostTheirLastProgram) {
    Sessions sessions;
    sessions.bind(1, "a");
    sessions.bind(1, "b");
    sessions.bind(2, "b");
    EXPECT_THAT(sessions.close(1), testing::ElementsAre("a"));
    EXPECT_TRUE(sessions.close(1).empty());
    EXPECT_TRUE(sessions.anyone_bound("b"));
    EXPECT_EQ(sessions.binding(1, "b"), nullptr);
}

}  // namespace
}  // namespace aip::node
