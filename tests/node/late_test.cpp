// A model that is lost with its holder, and what its origin does about it:
//
//        0 -- 1 -- 2 -- 3        0 is where journeys begin; a program on each of the others
#include "node/lookout.hpp"
#include "node/news.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::Contains;
using testing::Not;

struct Late : World {
    Late() {
        settings.transfer_timeout = Duration::seconds(5);
        settings.open_task.late_after = Duration::seconds(20);
    }
    std::vector<std::string> entries(size_t i) {
        std::vector<std::string> what;
        const auto log = report(i, "ledger-log");
        for (const auto& row : log->rows)  // without those that say which key signs
            if (!std::get<std::string>(row[1]).starts_with("key ")) what.push_back(std::get<std::string>(row[1]));
        return what;
    }
    uint32_t walker(size_t i) {
        const Bytes sealed = custody(i).at(0).journey;
        const auto claim = crypto::sealed_claim(sealed);
        return routing::parse_journey(claim->body)->walker;
    }
    // The model was trained at 1 and is in the hands of 3.
    void go_to_the_end() {
        row(4, {0});
        ASSERT_TRUE(send(0, OnJourney{10, ""}, model_file(1)).has_value());
        ASSERT_TRUE(delivered());
        ASSERT_EQ(keeper.given[0].machine, 1u);
        ASSERT_TRUE(finish(keeper.given[0], model_file(2), network.machine(3).address()).has_value());
        ASSERT_TRUE(delivered(2));
        ASSERT_EQ(keeper.given[1].machine, 3u);
        ASSERT_TRUE(run_until([&] { return custody(1).empty(); }));
    }
    void tell(size_t from, size_t to, News news) {
        news.at = network.queue().wall();
        const Bytes sealed = network.machine(from).signer().seal(kNewsDomain, news.encode());
        Bytes packet(aipacket::kPacketOverhead + sealed.size());
        std::copy(sealed.begin(), sealed.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Endpoints ends;
        ends.source = network.machine(from).address();
        ends.destination = network.machine(to).address();
        aipacket::Header header;
        header.kind = aipacket::Kind::kNews;
        packet.resize(aipacket::encode(packet, ends, header, sealed.size()));
        network.machine(to).receive(0, packet);
    }
};

TEST_F(Late, ModelLostWithItsHolderIsCreatedAgainFromTheNewestVersionLeft) {
    go_to_the_end();
    network.machine(3).kill();
    ASSERT_TRUE(delivered(3, Duration::seconds(120)));
    EXPECT_EQ(keeper.given[2].machine, 2u);
    EXPECT_EQ(keeper.given[2].file, model_file(2));
    EXPECT_EQ(keeper.given[2].delivery.stop, 2u);
    EXPECT_GT(walker(2), 1u);
    EXPECT_THAT(entries(1), Contains("recreated"));
    run_for(Duration::seconds(200));  // and only once: the new one is heard of
    EXPECT_EQ(keeper.given.size(), 3u);
}

TEST_F(Late, OriginsOwnVersionIsTheLastResort) {
    row(3, {0});
    ASSERT_TRUE(send(0, OnJourney{10, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_EQ(keeper.given[0].machine, 1u);
    network.machine(1).kill();
    run_for(Duration::seconds(120));
    ASSERT_EQ(custody(0).size(), 1u);  // 2 is behind the dead node
    EXPECT_EQ(custody(0)[0].state, CustodyState::kReady);
    EXPECT_GT(walker(0), 1u);
    EXPECT_THAT(entries(0), Contains("recreated"));
}

TEST_F(Late, WalkerThatWasTakenForLostEndsWhenItTurnsUp) {
    go_to_the_end();
    network.machine(3).kill();
    ASSERT_TRUE(delivered(3, Duration::seconds(120)));
    ASSERT_TRUE(network.machine(3).start().has_value());
    ASSERT_TRUE(delivered(4));  // the old one, to the program on 3
    ASSERT_EQ(keeper.given[3].machine, 3u);
    run_for(Duration::seconds(60));
    const auto end = finish(keeper.given[3], model_file(7));
    ASSERT_TRUE(end.has_value());
    EXPECT_FALSE(end->next.has_value());
    ASSERT_TRUE(run_until([&] { return custody(3).empty(); }));
    EXPECT_EQ(holders(), 1u);
    EXPECT_THAT(entries(3), Contains("retired"));
}

TEST_F(Late, SlowTrainingIsNoLoss) {
    go_to_the_end();
    run_for(Duration::seconds(300));
    EXPECT_EQ(holders(), 1u);
    EXPECT_THAT(entries(1), Not(Contains("recreated")));
    EXPECT_TRUE(finish(keeper.given[1], model_file(3)).has_value());
}

TEST_F(Late, OriginThatRestartsStillLooksAfterIt) {
    go_to_the_end();
    network.machine(0).kill();
    ASSERT_TRUE(network.machine(0).start().has_value());
    network.machine(1).kill();  // and so does who handed it on
    ASSERT_TRUE(network.machine(1).start().has_value());
    network.machine(3).kill();
    ASSERT_TRUE(delivered(3, Duration::seconds(200)));
    ASSERT_TRUE(delivered(3, Duration::seconds(200)));
    EXPECT_EQ(keeper.given[2].file, model_file(2));
}

TEST_F(Late, TaskThatSaysNothingOfItIsLeftAlone) {
    settings.open_task.late_after = {};
    go_to_the_end();
    network.machine(3).kill();
    run_for(Duration::seconds(300));
    EXPECT_EQ(keeper.given.size(), 2u);
    EXPECT_EQ(custody(3).size(), 1u);
    EXPECT_EQ(holders(), 1u);
}

TEST_F(Late, NobodyButTheOriginOrdersAnything) {
    go_to_the_end();
    const uint64_t journey = custody(3)[0].id;
    tell(2, 3, {NewsKind::kRetire, journey, 9, 0, {}, {}, {}});
    tell(2, 1, {NewsKind::kRevive, journey, 9, 0, {}, {}, {}});
    run_for(Duration::seconds(5));
    EXPECT_TRUE(custody(1).empty());
    ASSERT_TRUE(finish(keeper.given[1], model_file(3)).has_value());
    EXPECT_THAT(entries(3), Not(Contains("retired")));
}

TEST(NewsCodec, IsReadAsItWasWrittenAndNothingElse) {
    News news{NewsKind::kPassedOn, 7, 2, 11, {}, {}, WallTime::from_unix_ms(1'750'000'000'000)};
    news.version.bytes[5] = 1;
    news.other.bytes[0] = 0xfd;
    Bytes bytes = news.encode();
    EXPECT_EQ(*News::parse(bytes), news);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(News::parse(ByteView(bytes).first(n)).has_value()) << n;
    bytes[5] = 10;
    EXPECT_FALSE(News::parse(bytes).has_value());
    bytes[5] = 8;
    EXPECT_FALSE(News::parse(bytes).has_value()) << "merged, but into what?";
    bytes[5] = 1;
    bytes.push_back(0);
    EXPECT_FALSE(News::parse(bytes).has_value());
}

TEST(NewsCodec, SaysIntoWhichJourneyAWalkerWasMerged) {
    News news{NewsKind::kMerged, 7, 2, 11, {}, {}, WallTime::from_unix_ms(1'750'000'000'000), 0xfedcba9876543210};
    const Bytes bytes = news.encode();
    EXPECT_EQ(*News::parse(bytes), news);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(News::parse(ByteView(bytes).first(n)).has_value()) << n;
}

TEST(Watch, IsReadAsItWasWritten) {
    Watch watch{"digits", 2, 3, 9, false, 0, std::vector<Address>(3)};
    watch.trail[1].bytes[0] = 0xfd;
    const std::string text = encode_watch(watch);
    EXPECT_EQ(*parse_watch(as_bytes(text)), watch);
    EXPECT_FALSE(parse_watch(as_bytes(text).first(text.size() - 1)).has_value());
    EXPECT_FALSE(parse_watch(as_bytes(text).first(10)).has_value());
}

}  // namespace
}  // namespace aip::node
