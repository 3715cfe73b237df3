// The task record: what goes in comes out, and nothing else comes in.
#include "routing/task.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "base/limits.hpp"
#include "base/random.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::plain_address;
using testing::HasSubstr;

TaskRecord some_task() {
    TaskRecord record;
    record.name = "fashion";
    record.created = WallTime::from_unix_ms(1'750'000'000'000);
    record.base.emplace().bytes.fill(0xab);
    record.sketch = {SketchShape::Kind::kLabels, 10};
    record.admission.model_bytes_max = 50'000'000;
    record.admission.members_listed = true;
    record.admission.members = {plain_address(0x1111), plain_address(0x2222)};
    record.weights.theta = 0.125;
    record.weights.jump = 0.25;
    record.stay = {0.75, {}, 500};
    record.budget = {120, 10'000'000'000, Duration::seconds(3600)};
    record.walkers_max = 2;
    record.late_after = Duration::seconds(60);
    return record;
}

TaskRecord largest_task() {
    TaskRecord record = some_task();
    record.name.assign(limits::kTaskNameMax, 'n');
    record.weights.policy.assign(limits::kTaskNameMax, 'p');
    record.stay.loss = 0.1;
    record.merge = {"multi-krum", 0.375};
    record.admission.gate = {true, 3, 1, 1, 0.5, 0.15, 1.5};
    record.admission.members.clear();
    for (uint64_t i = 0; i < limits::kTaskMembersMax; ++i)
        record.admission.members.push_back(plain_address(UINT64_MAX - limits::kTaskMembersMax + i));
    return record;
}

std::string vector_line(const std::string& name) {
    std::ifstream in(AIP_SOURCE_DIR "/rfc/vectors/0010/task.txt");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name + " ")) return line.substr(name.size() + 1);
    return {};
}

TEST(TaskCodec, ComesBackAsItWas) {
    for (const TaskRecord& record : {some_task(), largest_task(), open_task_rules("fashion")}) {
        const auto parsed = parse_task(encode_task(record));
        ASSERT_TRUE(parsed) << parsed.error().text;
        EXPECT_EQ(*parsed, record);
    }
}

TEST(TaskCodec, IsTheOneOfTheRfc) {
    const Bytes body = encode_task(some_task());
    EXPECT_EQ(to_hex(body), vector_line("body"));
    EXPECT_EQ(task_id(body).hex(), vector_line("id"));
    EXPECT_EQ(task_key(some_task(), task_id(body)), vector_line("key"));
}

TEST(TaskCodec, FitsOnePacketWhenFull) {
    const auto sealed = seal_task(largest_task(), test::make_signer("a"));
    ASSERT_TRUE(sealed) << sealed.error().text;
    EXPECT_LE(sealed->sealed.size(), limits::kTaskBytesMax);
}

TEST(TaskCodec, RefusesEveryTruncation) {
    const Bytes body = encode_task(some_task());
    for (size_t length = 0; length < body.size(); ++length)
        EXPECT_FALSE(parse_task(ByteView(body).first(length))) << "of " << length << " bytes";
    Bytes longer = body;
    longer.resize(body.size() + 8);
    EXPECT_FALSE(parse_task(longer)) << "with a word too many";
}

TEST(TaskCodec, SurvivesFlippedBytes) {
    const Bytes body = encode_task(some_task());
    SeededRng rng(3);
    for (int round = 0; round < 20'000; ++round) {
        Bytes bad = body;
        for (uint64_t n = 1 + rng.below(4); n > 0; --n) bad[rng.below(bad.size())] = static_cast<uint8_t>(rng.next());
        const auto parsed = parse_task(bad);
        if (!parsed) continue;
        const auto again = parse_task(encode_task(*parsed));
        ASSERT_TRUE(again) << again.error().text;
        ASSERT_EQ(*again, *parsed);
    }
}

TEST(TaskRecord, SaysWhichRuleIsWrongAndWhatIsAllowed) {
    const auto complaint = [](auto change) {
        TaskRecord record = some_task();
        change(record);
        const auto checked = check_task(record);
        return checked ? std::string() : checked.error().text;
    };
    EXPECT_EQ(complaint([](TaskRecord&) {}), "");
    EXPECT_THAT(complaint([](TaskRecord& t) { t.name = "Fashion"; }), HasSubstr("name needs 1 to 64 characters"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.name = "a@b"; }), HasSubstr("name needs"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.created = WallTime::from_unix_ms(-1); }), HasSubstr("1970"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.sketch.size = 65; }), HasSubstr("up to 64"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.weights.policy = ""; }), HasSubstr("policy"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.weights.jump = 1.5; }), HasSubstr("jump is 1.5; allowed is 0 to 1"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.weights.theta = 0.0 / 0.0; }), HasSubstr("theta is"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.weights.age_bonus = -1; }), HasSubstr("age_bonus is -1"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.stay.accuracy = 90; }), HasSubstr("accuracy is 90; allowed is 0 to 1"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.stay.loss = 1.0 / 0.0; }), HasSubstr("loss"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.stay.steps = UINT64_MAX; }), HasSubstr("steps"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.budget.stops = UINT32_MAX; }), HasSubstr("stops"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.budget.wire_bytes = UINT64_MAX; }), HasSubstr("wire bytes"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.budget.time = Duration::nanoseconds(1'500'000); }),
                HasSubstr("time of a journey"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.walkers_max = 0; }), HasSubstr("0 walkers; allowed is 1 to 64"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.merge.rule = "best"; }), HasSubstr("no merging rule is called 'best'"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.merge.outliers = 0.5; }), HasSubstr("outliers is 0 to less than 0.5"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.admission.gate.narrowing = 1; }), HasSubstr("gate distance"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.admission.gate.loss_elsewhere = 1; }), HasSubstr("gate loss, which"));
    EXPECT_THAT(complaint([](TaskRecord& t) { t.late_after = Duration::milliseconds(1); }), HasSubstr("lateness"));
}

TEST(TaskRecord, ListsMembersInOrderOnceAndOnlyIfListed) {
    const auto refused = [](std::vector<Address> members, bool listed) {
        TaskRecord record = some_task();
        record.admission.members = std::move(members);
        record.admission.members_listed = listed;
        return !check_task(record);
    };
    EXPECT_FALSE(refused({}, false));
    EXPECT_TRUE(refused({}, true));
    EXPECT_TRUE(refused({plain_address(1)}, false));
    EXPECT_TRUE(refused({plain_address(2), plain_address(1)}, true));
    EXPECT_TRUE(refused({plain_address(1), plain_address(1)}, true));
    EXPECT_TRUE(refused({Address{}}, true));
    EXPECT_TRUE(refused(std::vector<Address>(limits::kTaskMembersMax + 1), true));
    EXPECT_TRUE(refused({plain_address(1), Address::make(NetworkId{{0xff, 0, 0, 0, 0}}, InterfaceId{2})}, true));
}

TEST(SignedTask, OpensAsSealedAndIsNamedByItsDigest) {
    const crypto::Signer creator = test::make_signer("a");
    const auto sealed = seal_task(some_task(), creator);
    ASSERT_TRUE(sealed) << sealed.error().text;
    EXPECT_TRUE(is_task_key(sealed->key));
    EXPECT_EQ(task_name(sealed->key), "fashion");
    crypto::Verifier verifier(test::root_key());
    const auto opened = open_task(sealed->sealed, verifier, test::kWall);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->record, some_task());
    EXPECT_EQ(opened->id, sealed->id);
    EXPECT_EQ(opened->key, sealed->key);
    EXPECT_EQ(opened->creator.address, creator.self().address);
    EXPECT_EQ(opened->sealed, sealed->sealed);
}

TEST(SignedTask, AnotherRuleIsAnotherTask) {
    TaskRecord other = some_task();
    other.walkers_max = 3;
    EXPECT_NE(seal_task(other, test::make_signer("a"))->key, seal_task(some_task(), test::make_signer("a"))->key);
}

TEST(SignedTask, RefusesForgeriesAndOtherNetworks) {
    const auto sealed = seal_task(some_task(), test::make_signer("a"));
    crypto::Verifier verifier(test::root_key());
    Bytes forged = sealed->sealed;
    forged.back() ^= 1;
    EXPECT_FALSE(open_task(forged, verifier, test::kWall));
    EXPECT_FALSE(open_task(seal_task(some_task(), test::make_signer("a", "other"))->sealed, verifier, test::kWall));
    const Bytes wrong_domain = test::make_signer("a").seal("journey", encode_task(some_task()));
    EXPECT_FALSE(open_task(wrong_domain, verifier, test::kWall));
    EXPECT_FALSE(open_task(Bytes(limits::kTaskBytesMax + 1), verifier, test::kWall));
}

}  // namespace
}  // namespace aip::routing
