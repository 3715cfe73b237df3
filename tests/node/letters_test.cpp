// What becomes of a model for one node when nobody takes it, and when its sender no longer wants it sent.
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

struct UnwantedLetters : World {
    void start_send_named(Bytes file) {
        node(0).send(
            kClient, {kTask, "name", network.machine(1).address()}, source_of(std::move(file)),
            [this](uint64_t, uint64_t, uint64_t transfer, std::string_view) { name = transfer; },
            [this](Result<SentModel> sent) { answer = std::move(sent); });
    }
    uint64_t name = 0;
};

TEST_F(UnwantedLetters, NodeSleepsWhileNobodyTakesWhatItHolds) {
    row(2);
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(1)).has_value());
    run_for(Duration::seconds(1));
    const uint64_t before = network.queue().count();
    run_for(Duration::seconds(10));
    EXPECT_LT(network.queue().count() - before, 500u);  // hellos and interest, no busy loop
}

TEST_F(UnwantedLetters, CanBeCancelledFromTheFirstMoment) {
    row(2);
    start_send_named(model_file(1));
    ASSERT_NE(name, 0u);
    ASSERT_TRUE(node(0).cancel(name).has_value());
    network.machine(0).wake();
    ASSERT_TRUE(run_until([&] { return answer.has_value(); }));
    EXPECT_EQ(answer->error().code, ErrorCode::kCancelled);
    run_for(Duration::seconds(5));
    EXPECT_EQ(holders(), 0u);
}

TEST_F(UnwantedLetters, AreNotSentOnceTheProgramThatSentThemIsGone) {
    row(2);
    start_send_named(model_file(1));
    node(0).close_session(kClient);
    network.machine(0).wake();
    run_for(Duration::seconds(5));
    EXPECT_EQ(holders(), 0u);
}

TEST_F(UnwantedLetters, AreCalledOffWhenTheirProgramGoesInTheMiddle) {
    row(2);
    network.fail(0, 1);
    start_send_named(model_file(1));
    network.machine(0).wake();
    ASSERT_TRUE(run_until([&] { return report(0, "transfers")->rows.size() == 1; }));
    node(0).close_session(kClient);
    network.machine(0).wake();
    network.recover(0, 1);
    run_for(Duration::seconds(10));
    EXPECT_EQ(holders(), 0u);
    EXPECT_FALSE(answer.has_value());  // there is nobody to tell
}

TEST_F(UnwantedLetters, JourneyThatHasBegunGoesOnWithoutTheProgramThatBeganIt) {
    row(2, {0});
    start_send(0, OnJourney{1, ""}, model_file(1));
    ASSERT_TRUE(run_until([&] { return custody(0).size() == 1; }));
    node(0).close_session(kClient);
    network.machine(0).wake();
    EXPECT_TRUE(delivered());
}

}  // namespace
}  // namespace aip::node
