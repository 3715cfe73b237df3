// The signed bodies of introduction and journey: what goes in comes out, and nothing else comes in.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "routing/introduction.hpp"
#include "routing/journey.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::plain_address;

Introduction some_introduction() {
    Introduction out;
    out.sequence = 1'750'000'000'123;
    out.wall = WallTime::from_unix_ms(1'750'000'000'456);
    out.lifetime = Duration::seconds(35);
    out.mtu = 1500;
    out.answer = true;
    return out;
}

Plan some_plan(uint64_t node) {
    return {plain_address(node), 1, "largest gain per cost of 3 due in lap 1", 0.75, 0.25, 1.5};
}

JourneyRecord some_journey() {
    JourneyStart start{
        7, "fashion", "coverage", plain_address(0x1111), 120, {}, 5'000'000, Duration::seconds(3600), test::kWall};
    JourneyRecord record = *start_journey(start);
    Stop first;
    first.node = plain_address(0x1111);
    first.version.bytes.fill(0xab);
    first.samples = 200;
    first.steps = 10;
    first.loss = Loss{2.25, 1.5};
    first.metrics = {{"accuracy", 0.3125}};
    first.wire_bytes = 1000;
    first.arrived = WallTime::from_unix_ms(1'750'000'000'000);
    first.trained = Duration::milliseconds(80);
    const Sketch data{{2, 1, 0, 1}, {}};
    record = *add_stop(record, first, data);
    return *depart(record, some_plan(0x2222));
}

JourneyRecord largest_journey() {
    JourneyStart start{UINT64_MAX, test::longest_task_key(), std::string(64, 'p'), plain_address(1), 2'000'000,
                       {},         kSketchCountMax,          Duration::seconds(9), test::kWall};
    for (uint64_t i = 0; i < limits::kJourneyItineraryMax; ++i)
        start.itinerary.push_back(plain_address(UINT64_MAX - i));
    JourneyRecord record = *start_journey(start);
    const Sketch data{
        {}, {64, std::vector<double>(limits::kSketchBinsMax, 0.1), std::vector<double>(limits::kSketchBinsMax, 0.1)}};
    for (uint64_t i = 1; i <= limits::kJourneyVisitsMax + 10; ++i) {
        Plan plan = some_plan(i);
        plan.why.assign(limits::kJourneyWhyMax, 'w');
        Stop stop;
        stop.node = plan.node;
        stop.samples = 1'000'000;
        stop.loss = Loss{1.1, 0.9};
        for (uint32_t m = 0; m < limits::kJourneyMetricsMax; ++m)
            stop.metrics[std::string(limits::kJourneyMetricNameMax - 1, 'm') + std::to_string(m)] = m + 0.1;
        record = *add_stop(*depart(record, plan), stop, data);
    }
    Plan last = some_plan(1);
    last.why.assign(limits::kJourneyWhyMax, 'w');
    return *depart(record, last);
}

// name -> value of the lines "name value"; '#' starts a comment line.
std::map<std::string, std::string> read_vector(const std::string& file) {
    std::ifstream in(std::string(AIP_SOURCE_DIR "/rfc/vectors/0003/") + file);
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(in, line);) {
        const size_t space = line.find(' ');
        if (!line.empty() && line[0] != '#' && space != std::string::npos)
            out[line.substr(0, space)] = line.substr(space + 1);
    }
    return out;
}

template <class Parse>
void refuses_every_truncation(const Bytes& body, Parse parse) {
    for (size_t length = 0; length < body.size(); ++length) {
        const auto parsed = parse(ByteView(body).first(length));
        EXPECT_FALSE(parsed) << "of " << length << " bytes";
    }
    Bytes longer = body;
    longer.resize(body.size() + 8);
    EXPECT_FALSE(parse(longer)) << "with a word too many";
}

// Whatever the bytes are, parsing ends; what is accepted can be written and read again as the same value.
template <class Parse, class Encode>
void survives_flipped_bytes(const Bytes& body, Parse parse, Encode encode) {
    SeededRng rng(3);
    for (int round = 0; round < 20'000; ++round) {
        Bytes bad = body;
        for (uint64_t n = 1 + rng.below(4); n > 0; --n) bad[rng.below(bad.size())] = static_cast<uint8_t>(rng.next());
        const auto parsed = parse(bad);
        if (!parsed) continue;
        const auto again = parse(encode(*parsed));
        ASSERT_TRUE(again) << again.error().text;
        ASSERT_EQ(*again, *parsed);
    }
}

TEST(IntroductionCodec, ComesBackAsItWas) {
    const auto parsed = parse_introduction(encode_introduction(some_introduction()));
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(*parsed, some_introduction());
}

TEST(IntroductionCodec, IsTheOneOfTheRfc) {
    EXPECT_EQ(to_hex(encode_introduction(some_introduction())), read_vector("introduction.txt")["body"]);
}

TEST(IntroductionCodec, OneThatAsksToJoinIsTheOneOfTheRfc) {
    Introduction joining = some_introduction();
    joining.mtu = 1400;
    joining.cookie.emplace();
    for (size_t i = 0; i < joining.cookie->bytes.size(); ++i) joining.cookie->bytes[i] = static_cast<uint8_t>(i);
    const Bytes body = encode_introduction(joining);
    EXPECT_EQ(to_hex(body), read_vector("introduction.txt")["joining_body"]);
    EXPECT_EQ(*parse_introduction(body), joining);
    refuses_every_truncation(body, parse_introduction);
    survives_flipped_bytes(body, parse_introduction, encode_introduction);
}

TEST(IntroductionCodec, FitsOnePacketOfAnyLink) {
    const Bytes sealed = test::make_signer("a").seal(kIntroductionDomain, encode_introduction(some_introduction()));
    EXPECT_LE(sealed.size(), limits::kIntroductionBytesMax);
}

TEST(IntroductionCodec, RefusesEveryTruncation) {
    refuses_every_truncation(encode_introduction(some_introduction()), parse_introduction);
}

TEST(IntroductionCodec, SurvivesFlippedBytes) {
    survives_flipped_bytes(encode_introduction(some_introduction()), parse_introduction, encode_introduction);
}

TEST(IntroductionCodec, RefusesWhatIsOutOfRange) {
    const auto refused = [](auto change) {
        Introduction body = some_introduction();
        change(body);
        return !parse_introduction(encode_introduction(body));
    };
    EXPECT_TRUE(refused([](Introduction& i) { i.lifetime = Duration::milliseconds(99); }));
    EXPECT_TRUE(refused([](Introduction& i) { i.lifetime = Duration::milliseconds(600'001); }));
    EXPECT_TRUE(refused([](Introduction& i) { i.mtu = 1279; }));
    EXPECT_TRUE(refused([](Introduction& i) { i.wall = WallTime::from_unix_ms(-1); }));
}

TEST(JourneyCodec, ComesBackAsItWas) {
    const JourneyRecord record = some_journey();
    const auto parsed = parse_journey(encode_journey(record));
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(*parsed, record);
}

TEST(JourneyCodec, IsTheOneOfTheRfc) {
    EXPECT_EQ(to_hex(encode_journey(some_journey())), read_vector("journey.txt")["body"]);
}

// Written before records had a walker, a time and budgets of bytes and time: a node that is updated has such on disk.
TEST(JourneyCodec, ReadsRecordsOfItsFirstForm) {
    const auto old = parse_journey(*from_hex(read_vector("journey.txt")["first_form"]));
    ASSERT_TRUE(old) << old.error().text;
    JourneyRecord record = some_journey();
    record.created = {};
    record.bytes_left.reset();
    record.expires.reset();
    record.recent[0].wire_bytes = 0;
    EXPECT_EQ(*old, record);
    EXPECT_EQ(old->walker, 1u);
}

TEST(JourneyCodec, CarriesMomentsWalkersAndMergedStops) {
    JourneyRecord record = largest_journey();
    record.walker = 7;
    record.recent.back().merged = true;
    const auto parsed = parse_journey(encode_journey(record));
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(*parsed, record);
}

TEST(JourneyCodec, StaysWithinItsLimitWhenEveryListIsFull) {
    const JourneyRecord record = largest_journey();
    EXPECT_EQ(record.visits.size(), limits::kJourneyVisitsMax);
    EXPECT_FALSE(record.forgotten.empty());
    EXPECT_EQ(record.recent.size(), limits::kJourneyStopsKept);
    const crypto::Signer holder = test::make_signer("a");
    const Bytes sealed = seal_journey(record, holder);
    EXPECT_LE(sealed.size(), limits::kJourneyBytesMax);
    crypto::Verifier verifier(test::root_key());
    const auto held = open_journey(sealed, verifier, test::kWall);
    ASSERT_TRUE(held) << held.error().text;
    EXPECT_EQ(held->record, record);
    EXPECT_EQ(held->holder.address, holder.self().address);
}

TEST(JourneyCodec, RefusesAnEnvelopeOfAnotherDomain) {
    crypto::Verifier verifier(test::root_key());
    const Bytes sealed = test::make_signer("a").seal(kIntroductionDomain, encode_journey(some_journey()));
    EXPECT_FALSE(open_journey(sealed, verifier, test::kWall));
}

TEST(JourneyCodec, RefusesEveryTruncation) { refuses_every_truncation(encode_journey(some_journey()), parse_journey); }

TEST(JourneyCodec, SurvivesFlippedBytes) {
    survives_flipped_bytes(encode_journey(some_journey()), parse_journey, encode_journey);
}

}  // namespace
}  // namespace aip::routing
