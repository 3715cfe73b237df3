// What Hellos and timestamps say about one link.
#include <gtest/gtest.h>

#include "routing/babel/hello_history.hpp"
#include "routing/babel/packet.hpp"
#include "routing/babel/rtt.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing::babel {
namespace {

using routing::test::at_ms;

constexpr Duration kInterval = Duration::milliseconds(200);

struct Hellos {
    void hear(uint16_t seqno) { EXPECT_EQ(history.hear(seqno, kInterval, now), HelloHistory::Heard::kNew); }
    void miss() {
        now = history.deadline();
        history.miss(now);
    }
    HelloHistory history;
    Instant now = at_ms(0);
};

TEST(HelloHistory, FirstHelloIsEnoughForTheCostOfACleanLink) {
    Hellos h;
    EXPECT_EQ(h.history.cost(96), kInfinity);
    h.hear(65535);
    EXPECT_EQ(h.history.cost(96), 96);
}

TEST(HelloHistory, CostIsTheNominalOneOverTheShareHeard) {
    Hellos h;
    for (uint16_t i = 0; i < 32; i += 2) h.hear(i);
    EXPECT_EQ(h.history.cost(96), 2 * 96);
    EXPECT_EQ(h.history.bits(), 0xaaaa);
}

TEST(HelloHistory, CleanLinkIsDownAfterThreeMisses) {
    Hellos h;
    for (uint16_t i = 0; i < 16; ++i) h.hear(i);
    const Instant last = h.now;
    for (int i = 0; i < 2; ++i) h.miss();
    EXPECT_TRUE(h.history.up());
    h.miss();
    EXPECT_FALSE(h.history.up());
    EXPECT_EQ(h.history.cost(96), kInfinity);
    EXPECT_EQ((h.now - last).count_ms(), 650);
}

TEST(HelloHistory, LossyLinkIsGivenMorePatienceButNeverMoreThanEight) {
    Hellos h;
    for (uint16_t i = 0, n = 0; i < 200; ++i, n = static_cast<uint16_t>(n + (i % 2 ? 1 : 2))) h.hear(n);
    EXPECT_GT(h.history.misses_allowed(), 4);  // a third is lost
    for (uint16_t i = 0, n = 300; i < 200; ++i, n = static_cast<uint16_t>(n + 7)) {
        const auto heard = h.history.hear(n, kInterval, h.now);
        if (heard == HelloHistory::Heard::kRestarted) h = Hellos{};
    }
    EXPECT_EQ(h.history.misses_allowed(), 8);
}

TEST(HelloHistory, LateHelloTakesTheGuessBack) {
    Hellos h;
    for (uint16_t i = 0; i < 4; ++i) h.hear(i);
    for (int i = 0; i < 3; ++i) h.miss();
    ASSERT_FALSE(h.history.up());
    h.hear(4);
    EXPECT_TRUE(h.history.up());
    EXPECT_EQ(h.history.bits(), 0xf800);
    EXPECT_EQ(h.history.loss(), 0);
}

TEST(HelloHistory, CopiesAndOldHellosChangeNothingButFillTheirPlace) {
    Hellos h;
    for (const uint16_t n : {0, 1, 3}) h.hear(n);
    EXPECT_EQ(h.history.bits(), 0xb000);
    EXPECT_EQ(h.history.hear(3, kInterval, h.now), HelloHistory::Heard::kOldCopy);
    EXPECT_EQ(h.history.bits(), 0xb000);
    EXPECT_EQ(h.history.hear(2, kInterval, h.now), HelloHistory::Heard::kOldCopy);
    EXPECT_EQ(h.history.bits(), 0xf000);
}

TEST(HelloHistory, JumpOfTheSeqnoIsARestart) {
    Hellos h;
    h.hear(100);
    EXPECT_EQ(h.history.hear(118, kInterval, h.now), HelloHistory::Heard::kRestarted);
    EXPECT_EQ(h.history.hear(84, kInterval, h.now), HelloHistory::Heard::kRestarted);
    h.hear(117);
}

TEST(Rtt, IsMeasuredAcrossClocksThatWrap) {
    Rtt rtt;
    const uint32_t theirs = 0xffffff00u;  // their clock wraps while they keep the packet
    ASSERT_TRUE(rtt.hello(theirs + 50'000, 1'062'000));
    rtt.sample({1'000'000, theirs}, theirs + 50'000, 1'062'000);
    EXPECT_EQ(rtt.smoothed()->count_us(), 12'000);
    rtt.sample({1'000'000, theirs}, theirs + 50'000, 1'072'000);
    EXPECT_EQ(rtt.smoothed()->count_us(), 13'640);  // 0.836 of the past
}

TEST(Rtt, TakesNoSampleFromNonsense) {
    Rtt rtt;
    rtt.sample({2'000'000, 500}, 600, 1'000'000);              // sent in the future
    rtt.sample({1'000'000, 500}, 600, 190'000'000 + 1000000);  // too old
    rtt.sample({1'000'000, 600}, 500, 1'010'000);              // received after it was sent back
    rtt.sample({1'000'000, 0}, 100'000, 1'010'000);            // kept longer than it was away
    EXPECT_FALSE(rtt.smoothed());
}

TEST(Rtt, ClockThatJumpsIsARestartAndOneThatDriftsIsNot) {
    Rtt rtt;
    ASSERT_TRUE(rtt.hello(1'000, 5'000'000));
    EXPECT_TRUE(rtt.hello(1'300'000, 6'000'000));
    EXPECT_FALSE(rtt.hello(900'000'000, 7'000'000));
}

TEST(Rtt, PenaltyIsFlatThenLinearThenFlat) {
    const auto penalty = [](int64_t ms) {
        return Rtt::penalty(Duration::milliseconds(ms), Duration::milliseconds(10), Duration::milliseconds(120), 150);
    };
    EXPECT_EQ(penalty(10), 0);
    EXPECT_EQ(penalty(65), 75);
    EXPECT_EQ(penalty(120), 150);
    EXPECT_EQ(penalty(5000), 150);
}

}  // namespace
}  // namespace aip::routing::babel
