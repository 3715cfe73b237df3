#include "aipacket/flight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aipacket/pacing.hpp"

namespace aip::aipacket {
namespace {

constexpr Instant at(int64_t ms) { return Instant::from_ns(ms * 1'000'000); }
constexpr Duration kLate = Duration::milliseconds(90);

std::vector<uint32_t> drained(RingQueue<uint32_t>& queue) {
    std::vector<uint32_t> all;
    while (!queue.empty()) all.push_back(queue.pop());
    return all;
}

class FlightTest : public ::testing::Test {
protected:
    void SetUp() override {
        flight.begin(64);
        for (uint32_t i = 0; i < 10; ++i) flight.sent(i, 100 + i, 1000, at(i));
    }
    uint64_t acknowledge(uint32_t lowest, const Bytes& bitmap) {
        uint32_t packets = 0;
        return flight.acknowledge(lowest, bitmap, 10, packets);
    }
    Flight flight;
    RingQueue<uint32_t> repeats;
};

TEST_F(FlightTest, CountsEveryAcknowledgedByteOnce) {
    EXPECT_EQ(acknowledge(3, {0x06}), 5000u);  // 0 1 2, and 4 5
    EXPECT_EQ(acknowledge(3, {0x06}), 0u);
    EXPECT_EQ(acknowledge(6, {}), 1000u);
    EXPECT_EQ(flight.bytes(), 4000u);
    EXPECT_TRUE(flight.acknowledged(5));
    EXPECT_FALSE(flight.acknowledged(6));
}

TEST_F(FlightTest, CallsLostWhatThreeNewerPacketsOvertook) {
    acknowledge(0, {0x10});  // symbol 4 arrived
    const auto losses = flight.detect(104, kLate, at(10), repeats);
    EXPECT_EQ(losses.packets, 2u);
    EXPECT_EQ(losses.newest_sent, at(1));
    EXPECT_THAT(drained(repeats), ::testing::ElementsAre(0, 1));
    EXPECT_EQ(flight.loss_time(), at(2) + kLate);
}

TEST_F(FlightTest, CallsLostWhatIsLate) {
    acknowledge(0, {0x02});
    EXPECT_EQ(flight.detect(101, kLate, at(10), repeats).packets, 0u);
    EXPECT_EQ(flight.loss_time(), at(0) + kLate);
    EXPECT_EQ(flight.detect(101, kLate, at(90), repeats).packets, 1u);
    EXPECT_THAT(drained(repeats), ::testing::ElementsAre(0));
    EXPECT_EQ(flight.loss_time(), Instant::never()) << "nothing older than the newest acknowledged is left";
}

TEST_F(FlightTest, NoticesThatARepetitionIsLostToo) {
    acknowledge(0, {0x10});
    flight.detect(104, kLate, at(10), repeats);
    drained(repeats);
    flight.sent(0, 110, 1000, at(20));
    acknowledge(0, {0xfe, 0x03});
    EXPECT_EQ(flight.detect(112, kLate, at(30), repeats).packets, 0u);
    EXPECT_EQ(flight.detect(113, kLate, at(31), repeats).packets, 1u);
    EXPECT_THAT(drained(repeats), ::testing::ElementsAre(0));
}

TEST_F(FlightTest, ProbesWithTheOldest) {
    flight.give_up_oldest(2, repeats);
    EXPECT_THAT(drained(repeats), ::testing::ElementsAre(0, 1));
    EXPECT_EQ(flight.bytes(), 8000u);
    EXPECT_EQ(acknowledge(10, {}), 10'000u) << "the first tries arrived after all";
    EXPECT_TRUE(flight.empty());
}

TEST_F(FlightTest, KnowsWhenAPacketWasSent) {
    EXPECT_EQ(flight.sent_at(107), at(7));
    EXPECT_FALSE(flight.sent_at(99).has_value());
    EXPECT_FALSE(flight.sent_at(110).has_value());
}

TEST(RttEstimator, FollowsRfc9002) {
    RttEstimator rtt;
    EXPECT_EQ(rtt.smoothed(), kRttUnknown);
    rtt.sample(Duration::milliseconds(40), Duration{});
    EXPECT_EQ(rtt.smoothed(), Duration::milliseconds(40));
    rtt.sample(Duration::milliseconds(85), Duration::milliseconds(5));
    EXPECT_EQ(rtt.smoothed(), Duration::milliseconds(45));
    EXPECT_EQ(rtt.latest(), Duration::milliseconds(80));
    EXPECT_EQ(rtt.minimum(), Duration::milliseconds(40));
    EXPECT_EQ(rtt.loss_delay(), Duration::milliseconds(90));
}

TEST(AimdWindow, GrowsShrinksOncePerRoundTripAndKeepsItsFloor) {
    AimdWindow window(1000);
    RttEstimator rtt;
    const uint64_t floor = window.window_bytes();
    EXPECT_EQ(floor, 1000u * kBurstPackets);
    for (int i = 0; i < 10; ++i) window.on_acknowledged(window.window_bytes(), window.window_bytes(), rtt);
    EXPECT_EQ(window.window_bytes(), limits::kWindowBytesMax);
    window.on_lost(5, at(100), at(110));
    const uint64_t once = window.window_bytes();
    EXPECT_EQ(once, limits::kWindowBytesMax * 7 / 10);
    window.on_lost(5, at(105), at(115));
    EXPECT_EQ(window.window_bytes(), once) << "sent before the first decrease";
    window.on_acknowledged(once, once, rtt);
    EXPECT_EQ(window.window_bytes(), once + 1000);
    window.on_acknowledged(once, once / 4, rtt);
    EXPECT_EQ(window.window_bytes(), once + 1000) << "the window was not in use";
    for (int i = 0; i < 50; ++i) window.on_lost(1, at(200 + i), at(200 + i));
    EXPECT_EQ(window.window_bytes(), floor);
}

TEST(Pacer, LetsABurstThroughAndThenSpaces) {
    Pacer pacer(1000);
    pacer.refill(at(0), 1e6);
    uint32_t sent = 0;
    for (; pacer.open(); ++sent) pacer.sent(1000);
    EXPECT_EQ(sent, kBurstPackets);
    pacer.sent(1000);
    EXPECT_GE(pacer.opens_at(), at(1));
    EXPECT_LE(pacer.opens_at(), at(2));
    pacer.refill(at(3), 1e6);
    EXPECT_TRUE(pacer.open());
}

}  // namespace
}  // namespace aip::aipacket
