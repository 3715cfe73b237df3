// Interest records and the messages about them: what goes in comes out, and nothing else comes in.
#include <gmock/gmock.h>

#include <fstream>
#include <limits>
#include <map>

#include "base/random.hpp"
#include "routing/gossip_messages.hpp"
#include "routing/interest_record.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::plain_address;

const NetworkId kNetwork = plain_address(1).network();

Result<InterestRecord> parse(ByteView body) { return parse_interest(body, kNetwork); }

InterestRecord some_interest() {
    InterestRecord record;
    record.origin = plain_address(0x1111);
    record.task = task_ref("fashion");
    record.sequence = 1'750'000'000'123;
    record.issued = WallTime::from_unix_ms(1'750'000'000'000);
    record.lifetime = Duration::seconds(1500);
    record.sketch.labels = {6000, 0, 0, 5999, 0, 0, 0, 0, 0, 1};
    record.samples = 12'000;
    record.samples_per_second = 2500;
    record.memory_bytes = uint64_t{4096} << 20;
    record.queue = 2;
    record.degree = 6;
    record.last_version = 0xabababababababab;
    record.epsilon = 0.5;
    return record;
}

InterestRecord some_moments() {
    InterestRecord record;
    record.origin = plain_address(0x1111);
    record.task = task_ref("fashion");
    record.sequence = 1'750'000'000'123;
    record.issued = WallTime::from_unix_ms(1'750'000'000'000);
    record.lifetime = Duration::seconds(1500);
    record.samples = 4;
    record.sketch.moments = {4, {8, 0}, {20, 1}};
    return record;
}

std::map<std::string, std::string> read_vector() {
    std::ifstream in(AIP_SOURCE_DIR "/rfc/vectors/0010/interest.txt");
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(in, line);) {
        const size_t space = line.find(' ');
        if (!line.empty() && line[0] != '#' && space != std::string::npos)
            out[line.substr(0, space)] = line.substr(space + 1);
    }
    return out;
}

template <class Parse>
void refuses_every_truncation(const Bytes& bytes, Parse parse_it) {
    ASSERT_TRUE(parse_it(bytes));
    for (size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(parse_it(ByteView(bytes).first(length))) << "of " << length << " bytes";
    Bytes longer = bytes;
    longer.resize(bytes.size() + 8);
    EXPECT_FALSE(parse_it(longer));
}

TEST(InterestCodec, ComesBackAsItWas) {
    for (const InterestRecord& record : {some_interest(), some_moments()}) {
        const Bytes body = encode_interest(record);
        const auto parsed = parse(body);
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_EQ(*parsed, record);
        std::vector<uint64_t> words(body.size() / 8);
        std::memcpy(words.data(), body.data(), body.size());
        EXPECT_EQ(read_interest(words.data(), kNetwork), record);
        EXPECT_EQ(read_interest_key(words.data()).sequence, record.sequence);
    }
}

TEST(InterestCodec, IsTheOneOfTheRfc) {
    auto vector = read_vector();
    EXPECT_EQ(to_hex(encode_interest(some_interest())), vector["body"]);
    EXPECT_EQ(to_hex(encode_interest(some_moments())), vector["moments_body"]);
}

TEST(InterestCodec, CountsBeyond32BitsAreRoundedToTheirUnit) {
    InterestRecord record = some_interest();
    record.sketch.labels = {kCountMax, (uint64_t{1} << 40) + 1, 5};
    const auto parsed = parse(encode_interest(record));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->sketch.labels[0], kCountMax);
    EXPECT_EQ(parsed->sketch.labels[1], uint64_t{1} << 40);
}

TEST(InterestCodec, FitsOnePacketWithItsCredentialWhenFull) {
    InterestRecord labels = some_interest(), moments = some_interest();
    labels.sketch.labels.assign(limits::kSketchBinsMax, kCountMax);
    moments.sketch = {};
    moments.sketch.moments.count = 1000;
    moments.sketch.moments.sum.assign(limits::kSketchBinsMax, -1e15);
    moments.sketch.moments.squares.assign(limits::kSketchBinsMax, 1e29);
    for (const InterestRecord& record : {labels, moments}) {
        const Bytes body = encode_interest(record);
        RecordView view;
        view.credential.emplace();
        view.body = body;
        EXPECT_LE(record_bytes(view), limits::kInterestPayloadMax);
        EXPECT_TRUE(parse(body));
    }
}

TEST(InterestCodec, RefusesEveryTruncation) {
    refuses_every_truncation(encode_interest(some_interest()), parse);
    refuses_every_truncation(encode_interest(some_moments()), parse);
}

// Whatever the bytes are, parsing ends; counts that are accepted can be written and read again as the same value.
TEST(InterestCodec, SurvivesFlippedBytes) {
    SeededRng rng(3);
    for (int round = 0; round < 40'000; ++round) {
        Bytes bad = encode_interest(round % 2 == 0 ? some_interest() : some_moments());
        for (uint64_t n = 1 + rng.below(4); n > 0; --n) bad[rng.below(bad.size())] = static_cast<uint8_t>(rng.next());
        const auto parsed = parse(bad);
        if (!parsed || parsed->sketch.labels.empty()) continue;
        const auto again = parse(encode_interest(*parsed));
        ASSERT_TRUE(again) << again.error().text;
        ASSERT_EQ(*again, *parsed);
    }
}

TEST(InterestRecord, RefusesWhatIsOutOfRange) {
    const auto refused = [](auto change) {
        InterestRecord record = some_interest();
        change(record);
        return !check_interest(record);
    };
    EXPECT_FALSE(refused([](InterestRecord&) {}));
    EXPECT_FALSE(refused([](InterestRecord& r) { r.sketch = {}; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.origin = Address{}; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.sequence = 0; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.lifetime = {}; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.lifetime = kInterestLifetimeMax + Duration::seconds(1); }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.issued = WallTime::from_unix_ms(-1); }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.sketch.labels.assign(65, 1); }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.sketch.labels.assign(10, 0); }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.sketch.labels[0] = kCountMax + 1; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.samples = UINT64_MAX; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.samples_per_second = -1; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.samples_per_second = std::numeric_limits<double>::quiet_NaN(); }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.epsilon = -1; }));
    EXPECT_TRUE(refused([](InterestRecord& r) { r.epsilon = std::numeric_limits<double>::infinity(); }));
}

std::vector<GossipMessage> some_messages() {
    const GossipItem first{1, InterfaceId{11}, 100, false}, second{2, InterfaceId{12}, UINT64_MAX, true};
    return {Presence{true, 7, {1, UINT64_MAX}},
            Presence{},
            News{7, 1, 3, 9, 10, 77, {first, second, first}},
            News{7, 9, 9, 9, 60, 0, {}},
            Want{Want::Since{7, 3}, {second}},
            Want{{}, {first}}};
}

TEST(Gossip, ComesBackAsItWas) {
    for (const GossipMessage& message : some_messages()) {
        const auto parsed = parse_gossip(encode_gossip(message));
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_EQ(*parsed, message);
    }
}

TEST(Gossip, IsTheOneOfTheRfc) {
    auto vector = read_vector();
    const auto messages = some_messages();
    EXPECT_EQ(to_hex(encode_gossip(messages[0])), vector["presence"]);
    EXPECT_EQ(to_hex(encode_gossip(messages[2])), vector["news"]);
    EXPECT_EQ(to_hex(encode_gossip(messages[4])), vector["want"]);
}

TEST(Gossip, RefusesEveryTruncation) {
    for (const GossipMessage& message : some_messages()) refuses_every_truncation(encode_gossip(message), parse_gossip);
}

TEST(Gossip, FitsOnePacketWhenFull) {
    News news;
    for (uint64_t i = 0; i < kGossipItemsMax; ++i)
        news.items.push_back({i % kGossipTasksMax, InterfaceId{i}, i, false});
    EXPECT_LE(encode_gossip(news).size(), limits::kInterestPayloadMax);
    EXPECT_LE(encode_gossip(Want{Want::Since{}, news.items}).size(), limits::kInterestPayloadMax);
    EXPECT_LE(encode_gossip(Presence{true, 1, std::vector<uint64_t>(limits::kInterestListenMax)}).size(),
              limits::kInterestPayloadMax);
}

TEST(Gossip, RefusesWhatIsOutOfRange) {
    EXPECT_FALSE(parse_gossip(encode_gossip(News{7, 4, 3, 9, 10, 0, {}}))) << "backwards";
    EXPECT_FALSE(parse_gossip(encode_gossip(News{7, 1, 9, 3, 10, 0, {}}))) << "beyond the table";
    EXPECT_FALSE(parse_gossip(Bytes{9})) << "unknown type";
    EXPECT_FALSE(
        parse_gossip(*from_hex("0300"
                               "00"
                               "01"
                               "00"
                               "000000000000000b"
                               "0000000000000064")))
        << "no such task";
    EXPECT_FALSE(
        parse_gossip(*from_hex("0300"
                               "0d")))
        << "too many tasks";
}

TEST(InterestRecords, SeveralTravelInOnePacket) {
    const Bytes one(136, 1), other(40, 2);
    RecordView first{crypto::CredentialBytes{}, 7, one, {}}, second{{}, 8, other, {}};
    Bytes payload;
    append_record(payload, first);
    append_record(payload, second);
    EXPECT_EQ(payload.size(), record_bytes(first) + record_bytes(second));
    const auto parsed = parse_records(payload);
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->size(), 2u);
    EXPECT_TRUE((*parsed)[0].credential);
    EXPECT_FALSE((*parsed)[1].credential);
    EXPECT_EQ((*parsed)[1].hint, 8u);
    EXPECT_EQ(to_bytes((*parsed)[1].body), other);
    for (size_t length = 0; length < payload.size(); ++length) {
        if (length == record_bytes(first)) continue;
        EXPECT_FALSE(parse_records(ByteView(payload).first(length))) << length;
    }
}

}  // namespace
}  // namespace aip::routing
