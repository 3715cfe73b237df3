// Members of a task, their packets carried by hand: who learns of what, when, and at what price.
#include "routing/interest.hpp"

#include <gmock/gmock.h>

#include <queue>

#include "base/limits.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using aipacket::Kind;
using test::at_ms;
using test::kWall;
using test::plain_address;
using test::wall_at;
using testing::ElementsAre;
using testing::HasSubstr;

struct Member {
    explicit Member(const std::string& name, InterestOptions options = {}, uint64_t seed = 1)
        : signer(test::make_signer(name)),
          verifier(test::root_key()),
          rng(seed),
          exchange(signer, verifier, rng, options) {}
    Address address() const { return signer.self().address; }
    std::optional<InterestRecord> holds(const Member& other, std::string_view task = "task") const {
        const auto entry = exchange.table().find(task, other.address());
        return entry ? std::optional(entry->record) : std::nullopt;
    }

    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    InterestExchange exchange;
};

LocalInterest interest(uint64_t first = 10) { return {{{first, 20}, {}}, first + 20, 100}; }

// Members in a row, one hop from one to the next, 5 ms a hop.
struct Row : testing::Test {
    void row(size_t n, InterestOptions options = {}) {
        for (size_t i = 0; i < n; ++i) add("node " + std::to_string(i), options);
        connect();
    }
    Member& add(const std::string& name, InterestOptions options = {}) {
        members.push_back(std::make_unique<Member>(name, options, members.size() + 1));
        return *members.back();
    }
    void connect() {
        for (size_t i = 0; i < members.size(); ++i) connect(i);
    }
    void connect(size_t i) {
        std::vector<Reach> reach;
        for (size_t j = 0; j < members.size(); ++j)
            if (j != i && !cut.contains({i, j}))
                reach.push_back(
                    {members[j]->address(), static_cast<double>(i > j ? i - j : j - i), i + 1 == j || j + 1 == i});
        members[i]->exchange.set_reachable(reach, now());
    }
    void join(size_t i, uint64_t first, const std::string& task = "task") {
        ASSERT_TRUE(members[i]->exchange.set(task, interest(first), now()));
    }
    void join_all(const std::string& task = "task") {
        for (size_t i = 0; i < members.size(); ++i) join(i, i + 1, task);
    }
    void run(int64_t ms) {
        for (const int64_t end = now_ms + ms; now_ms < end; ++now_ms) {
            while (!air.empty() && air.top().at <= now_ms) {
                const Flying packet = air.top();
                air.pop();
                members[packet.to]->exchange.on_packet(packet.out.kind, members[packet.from]->address(),
                                                       packet.out.payload, now(), wall());
            }
            for (size_t i = 0; i < members.size(); ++i)
                if (members[i]->exchange.next_wakeup() <= now()) poll(i);
        }
    }
    void poll(size_t from) {
        for (InterestOut& out : members[from]->exchange.poll(now(), wall())) {
            ++packets;
            bytes += out.payload.size();
            const auto records = out.kind == Kind::kInterest ? parse_records(out.payload)->size() : 0;
            sent_records += records;
            const size_t to = index(out.to);
            if (to >= members.size() || cut.contains({from, to}) || lost.chance(loss)) continue;
            const int64_t hops = from > to ? static_cast<int64_t>(from - to) : static_cast<int64_t>(to - from);
            air.push({now_ms + 5 * hops, number++, from, to, std::move(out)});
        }
    }
    size_t index(const Address& address) const {
        size_t i = 0;
        while (i < members.size() && members[i]->address() != address) ++i;
        return i;
    }
    bool all_know_all(const std::string& task = "task") const {
        return std::all_of(members.begin(), members.end(),
                           [&](const auto& m) { return m->exchange.table().count(task) == members.size(); });
    }
    int64_t until_all_know_all(int64_t limit_ms, const std::string& task = "task") {
        const int64_t start = now_ms;
        while (!all_know_all(task) && now_ms < start + limit_ms) run(10);
        return all_know_all(task) ? now_ms - start : -1;
    }
    Instant now() const { return at_ms(now_ms); }
    WallTime wall() const { return wall_at(now()); }
    Member& operator[](size_t i) { return *members[i]; }

    struct Flying {
        int64_t at;
        uint64_t number;
        size_t from, to;
        InterestOut out;
        bool operator<(const Flying& o) const { return at != o.at ? at > o.at : number > o.number; }
    };
    std::vector<std::unique_ptr<Member>> members;
    std::priority_queue<Flying> air;
    std::set<std::pair<size_t, size_t>> cut;
    SeededRng lost{9};
    double loss = 0;
    int64_t now_ms = 0;
    uint64_t number = 0;
    size_t packets = 0, bytes = 0, sent_records = 0;
};

TEST_F(Row, FourMembersKnowEachOtherWithinASecond) {
    row(4);
    join_all();
    const int64_t took = until_all_know_all(1000);
    EXPECT_GE(took, 0);
    EXPECT_THAT(members[0]->holds(*members[3])->sketch.labels, ElementsAre(4, 20));
    EXPECT_EQ(members[3]->holds(*members[0])->samples, 21u);
}

TEST_F(Row, AChangeReachesEverybodyAtOnceButIsRateCapped) {
    row(8);
    join_all();
    ASSERT_GE(until_all_know_all(3000), 0);
    run(5000);
    sent_records = 0;
    join(0, 100);
    run(300);
    EXPECT_EQ((*this)[7].holds((*this)[0])->sketch.labels[0], 100u);
    EXPECT_LE(sent_records, 10u) << "seven members need it once each";
    const uint64_t before = (*this)[0].exchange.last_sequence();
    for (uint64_t i = 1; i <= 100; ++i) {
        join(0, 200 + i);
        run(10);
    }
    run(1500);
    EXPECT_EQ((*this)[7].holds((*this)[0])->sketch.labels[0], 300u) << "the last one counts";
    EXPECT_LE((*this)[0].exchange.last_sequence() - before, 3000u);
    EXPECT_LE(sent_records, 40u);
}

TEST_F(Row, EachRecordCrossesToEachMemberAboutOnce) {
    row(16);
    join_all();
    ASSERT_GE(until_all_know_all(5000), 0);
    EXPECT_LE(sent_records, 16u * 15 * 5 / 4);
    for (const auto& member : members) EXPECT_LE(member->exchange.signature_checks(), 17u);
}

TEST_F(Row, SettingTheSameAgainMakesNoRecord) {
    row(2);
    join_all();
    run(3000);
    const uint64_t before = (*this)[0].exchange.last_sequence();
    join(0, 1);
    run(2000);
    EXPECT_EQ((*this)[0].exchange.last_sequence(), before);
}

TEST_F(Row, WhatIsRefreshedTogetherTravelsTogether) {
    row(2);
    for (int t = 0; t < 4; ++t) join(0, 5, "task" + std::to_string(t));
    join(1, 5, "task0");
    for (int t = 1; t < 4; ++t) join(1, 5, "task" + std::to_string(t));
    run(2000);
    const uint64_t before = (*this)[0].exchange.last_sequence();
    now_ms += 610'000;
    run(1000);
    EXPECT_GT((*this)[0].exchange.last_sequence(), before);
    EXPECT_EQ((*this)[1].exchange.table().size(), 8u);
    for (int t = 0; t < 4; ++t) EXPECT_GT((*this)[1].holds((*this)[0], "task" + std::to_string(t))->sequence, before);
}

TEST_F(Row, WithdrawingTakesTheRecordOutEverywhere) {
    row(5);
    join_all();
    ASSERT_GE(until_all_know_all(2000), 0);
    run(1500);
    (*this)[2].exchange.withdraw("task", now());
    run(1000);
    for (const auto& member : members) EXPECT_EQ(member->exchange.table().count("task"), 4u);
    join(2, 9);
    EXPECT_GE(until_all_know_all(2000), 0) << "and it can join again";
}

TEST_F(Row, RecordsOfANodeThatIsGoneExpire) {
    row(3);
    join_all();
    ASSERT_GE(until_all_know_all(2000), 0);
    for (size_t i = 0; i < 2; ++i) cut.insert({{2, i}, {i, 2}});
    for (int minute = 0; minute < 26; ++minute) {
        now_ms += 59'000;
        run(1000);
    }
    EXPECT_EQ((*this)[0].exchange.table().count("task"), 2u);
    EXPECT_NE((*this)[0].holds((*this)[1]), std::nullopt) << "the others were refreshed";
}

TEST_F(Row, ARestartedNeighbourLearnsTheTableAtOnce) {
    row(4);
    join_all();
    ASSERT_GE(until_all_know_all(2000), 0);
    run(20'000);
    members[3] = std::make_unique<Member>("node 3", InterestOptions{}, 77);
    connect(3);
    join(3, 50);
    EXPECT_GE(until_all_know_all(1000), 0);
    run(1000);
    EXPECT_EQ((*this)[0].holds((*this)[3])->sketch.labels[0], 50u) << "and its clock takes it above its old sequence";
}

TEST_F(Row, LostPacketsAreRepaired) {
    row(8);
    loss = 0.3;
    join_all();
    EXPECT_GE(until_all_know_all(60'000), 0);
}

TEST_F(Row, APartitionHeals) {
    row(6);
    for (size_t i = 0; i < 3; ++i)
        for (size_t j = 3; j < 6; ++j) cut.insert({{i, j}, {j, i}});
    connect();
    join_all();
    run(5000);
    for (const auto& member : members) EXPECT_EQ(member->exchange.table().count("task"), 3u);
    cut.clear();
    connect();
    EXPECT_GE(until_all_know_all(3000), 0);
}

// Two groups so far apart that nobody of one is near anybody of the other: 0 1 2 3 4 ................... 5 6 7 8 9
TEST_F(Row, GroupsThatAreFarFromEachOtherAreJoined) {
    for (size_t i = 0; i < 10; ++i) add("node " + std::to_string(i));
    for (size_t i = 0; i < 10; ++i) {
        std::vector<Reach> reach;
        for (size_t j = 0; j < 10; ++j)
            if (j != i) reach.push_back({members[j]->address(), (i < 5) == (j < 5) ? 1.0 : 50.0});
        members[i]->exchange.set_reachable(reach, now());
    }
    join_all();
    EXPECT_GE(until_all_know_all(130'000), 0);
    run(120'000);
    bytes = 0;
    run(600'000);
    EXPECT_LE(bytes, 10u * 4 * 61 * 60 * 2) << "and then signs of life are all";
}

TEST_F(Row, AListenerKnowsTheMembersWithoutBeingOne) {
    row(3);
    join(0, 1);
    join(1, 2);
    run(2000);
    EXPECT_EQ((*this)[2].exchange.table().count("task"), 0u) << "nobody is told what he does not listen to";
    ASSERT_TRUE((*this)[2].exchange.listen("task", now()));
    run(1000);
    EXPECT_EQ((*this)[2].exchange.table().count("task"), 2u);
    EXPECT_EQ((*this)[0].exchange.table().count("task"), 2u);
}

TEST_F(Row, QuietMembersSayLittle) {
    row(4);
    join_all();
    run(30'000);
    packets = bytes = 0;
    run(100'000);
    EXPECT_LE(packets, 4u * 4 * 14) << "a sign of life to each partner in 10 s";
    EXPECT_LE(bytes, 4u * 4 * 14 * 40);
}

TEST_F(Row, HowBusyANodeIsTravelsSlower) {
    row(2);
    join_all();
    run(3000);
    VersionId version;
    version.bytes.fill(0xab);
    (*this)[0].exchange.set_busy("task", 3, version, now());
    run(2000);
    EXPECT_EQ((*this)[1].holds((*this)[0])->queue, 0u);
    run(9000);
    EXPECT_EQ((*this)[1].holds((*this)[0])->queue, 3u);
    EXPECT_EQ((*this)[1].holds((*this)[0])->last_version, 0xabababababababab);
}

TEST_F(Row, TellsHowManyMembersAreItsNeighbours) {
    row(4);
    join(0, 1);
    join(1, 2);
    join(2, 3);
    run(12'000);
    EXPECT_EQ((*this)[0].holds((*this)[1])->degree, 2u);
    EXPECT_EQ((*this)[0].holds((*this)[2])->degree, 1u) << "its other neighbour is no member";
    join(3, 4);
    run(12'000);
    EXPECT_EQ((*this)[0].holds((*this)[2])->degree, 2u);
    cut.insert({{2, 3}, {3, 2}});
    connect(2);
    run(12'000);
    EXPECT_EQ((*this)[0].holds((*this)[2])->degree, 1u) << "a link is down";
}

TEST_F(Row, MomentsTravelToo) {
    row(2);
    join(1, 1);
    LocalInterest local;
    local.sketch.moments = {4, {8, 0}, {20, 1}};
    local.samples = 4;
    local.memory_bytes = uint64_t{3} << 30;
    ASSERT_TRUE((*this)[0].exchange.set("task", local, now()));
    run(1000);
    const auto held = (*this)[1].holds((*this)[0]);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->sketch, local.sketch);
    EXPECT_EQ(held->memory_bytes, uint64_t{3} << 30);
}

TEST_F(Row, OnlyMembersTheTaskAdmitsCount) {
    row(2);
    (*this)[1].exchange.admit_by([](std::string_view, const Address&) { return false; });
    join_all();
    run(1000);
    EXPECT_EQ((*this)[1].exchange.table().count("task"), 1u);
    EXPECT_GE((*this)[1].exchange.count(InterestVerdict::kNotMember), 1u);
}

TEST_F(Row, PrivateSketchesSaySo) {
    InterestOptions options;
    options.epsilon = 0.5;
    row(2, options);
    join_all();
    run(1000);
    const auto held = (*this)[1].holds((*this)[0]);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->epsilon, 0.5);
    EXPECT_EQ(held->samples, held->sketch.samples()) << "the exact number would tell too much";
    LocalInterest moments;
    moments.sketch.moments = {1, {1}, {1}};
    EXPECT_THAT((*this)[0].exchange.set("other", moments, now()).error().text, HasSubstr("privacy_epsilon"));
}

TEST_F(Row, APrivateReleaseIsReusedUntilTheDataReallyChanges) {
    InterestOptions options;
    options.epsilon = 0.5;
    row(2, options);
    const auto set = [&](uint64_t first) {
        ASSERT_TRUE((*this)[0].exchange.set("task", {{{first, 500}, {}}, first + 500, 100}, now()));
        run(1500);
    };
    join(1, 1);
    set(1000);
    run(12'000);
    const auto first = (*this)[1].holds((*this)[0]);
    ASSERT_TRUE(first);
    for (uint64_t more = 1; more <= 100; more += 9) set(1000 + more);
    EXPECT_EQ((*this)[1].holds((*this)[0]), first) << "small changes make no record at all";
    now_ms += 610'000;
    run(1500);
    const auto refreshed = (*this)[1].holds((*this)[0]);
    EXPECT_GT(refreshed->sequence, first->sequence);
    EXPECT_EQ(refreshed->sketch, first->sketch) << "and a refresh says the same";
    set(1500);
    EXPECT_NE((*this)[1].holds((*this)[0])->sketch, first->sketch);
}

TEST_F(Row, RefuseMoreTasksThanTheLimit) {
    row(1);
    for (uint32_t i = 0; i < limits::kInterestTasksMax; ++i) join(0, 1, "task" + std::to_string(i));
    auto& exchange = (*this)[0].exchange;
    EXPECT_THAT(exchange.set("one-more", interest(), now()).error().text, HasSubstr("16 tasks"));
    EXPECT_FALSE(exchange.set("Bad Name", interest(), now()));
    EXPECT_FALSE(exchange.set("task0", LocalInterest{}, now()));
    EXPECT_FALSE(exchange.set("task0", LocalInterest{{{0, 0}, {}}, 0, 0}, now()));
    for (uint32_t i = limits::kInterestTasksMax; i < limits::kInterestListenMax; ++i)
        EXPECT_TRUE(exchange.listen("more" + std::to_string(i), now()));
    EXPECT_THAT(exchange.listen("last", now()).error().text, HasSubstr("64 tasks"));
}

// a listens; b's packets are made by hand.
struct Judge : testing::Test {
    Judge() {
        const std::vector<Reach> reach{{b.address(), 1}, {c.address(), 2}};
        a.exchange.set_reachable(reach, now());
        AIP_ASSERT(a.exchange.set("task", interest(), now()));
        static_cast<void>(a.exchange.poll(now(), wall()));
    }
    Instant now() const { return at_ms(now_ms); }
    WallTime wall() const { return wall_at(now()); }
    InterestRecord record(const Member& origin, uint64_t sequence, int64_t life_s = 35) const {
        InterestRecord out;
        out.origin = origin.address();
        out.task = task_ref("task");
        out.sequence = sequence;
        out.issued = wall();
        out.lifetime = Duration::seconds(life_s);
        out.sketch.labels = {1};
        return out;
    }
    static Bytes packet(const InterestRecord& record, const Member& signer, bool credential = true) {
        const Bytes sealed = signer.signer.seal(kInterestDomain, encode_interest(record));
        const auto parts = crypto::take_seal_off(sealed);
        RecordView view{{}, crypto::credential_hint(parts->credential), parts->body, parts->signature};
        if (credential) view.credential = parts->credential;
        Bytes payload;
        append_record(payload, view);
        return payload;
    }
    Bytes packet(const Member& origin, uint64_t sequence) const { return packet(record(origin, sequence), origin); }
    InterestVerdict hear(const Bytes& payload, const Member& from) { return hear(payload, from.address()); }
    InterestVerdict hear(const Bytes& payload, const Address& from, Kind kind = Kind::kInterest) {
        return a.exchange.on_packet(kind, from, payload, now(), wall());
    }
    // b says it has this record of c, and is asked for it.
    void offer(const Member& origin, uint64_t sequence) {
        const uint64_t task = load_be64(task_ref("task").bytes.data());
        hear(encode_gossip(Presence{false, 5, {task}}), b.address(), Kind::kGossip);
        hear(encode_gossip(News{5, 0, 1, 1, 10, 0, {{task, origin.address().interface_id(), sequence, false}}}),
             b.address(), Kind::kGossip);
        static_cast<void>(a.exchange.poll(now(), wall()));
    }

    Member a{"a"}, b{"b"}, c{"c"};
    int64_t now_ms = 0;
};

TEST_F(Judge, RefusesAStaleSequence) {
    EXPECT_EQ(hear(packet(b, 100), b), InterestVerdict::kAccepted);
    EXPECT_EQ(hear(packet(b, 99), b), InterestVerdict::kStale);
    EXPECT_EQ(hear(packet(b, 100), b), InterestVerdict::kStale);
    EXPECT_EQ(hear(packet(b, 101), b), InterestVerdict::kAccepted);
    EXPECT_EQ(a.exchange.signature_checks(), 2u);
}

TEST_F(Judge, RefusesAnOldRecordEvenAfterTheNewestHasExpired) {
    const Bytes old = packet(record(b, 99, 3600), b);
    EXPECT_EQ(hear(packet(record(b, 100, 5), b), b), InterestVerdict::kAccepted);
    now_ms += 6000;
    static_cast<void>(a.exchange.poll(now(), wall()));
    EXPECT_FALSE(a.holds(b));
    EXPECT_EQ(hear(old, b), InterestVerdict::kStale);
}

TEST_F(Judge, RefusesExpiredAndFutureRecords) {
    const Bytes late = packet(record(b, 100, 5), b);
    now_ms += 400'000;
    EXPECT_EQ(hear(late, b), InterestVerdict::kExpired);
    now_ms += 400'000;
    const Bytes early = packet(record(b, 101, 5), b);
    now_ms -= 400'000;
    EXPECT_EQ(hear(early, b), InterestVerdict::kExpired);
}

TEST_F(Judge, RefusesWhatNobodyAskedFor) {
    EXPECT_EQ(hear(packet(c, 1), b), InterestVerdict::kUnwanted) << "c's record, brought by b unasked";
    EXPECT_EQ(hear(packet(a, 1), b), InterestVerdict::kOwnRecord);
    EXPECT_EQ(hear(packet(b, 1), plain_address(77)), InterestVerdict::kNotPeer);
    InterestRecord other = record(b, 1);
    other.task = task_ref("other");
    EXPECT_EQ(hear(packet(other, b), b), InterestVerdict::kOtherTask);
    EXPECT_EQ(hear(packet(record(c, 5), b), c), InterestVerdict::kWrongOrigin) << "b signs for c";
    EXPECT_EQ(a.exchange.signature_checks(), 0u);
}

TEST_F(Judge, TakesARecordItAskedForFromWhomItAsked) {
    offer(c, 7);
    EXPECT_EQ(hear(packet(c, 7), b), InterestVerdict::kAccepted);
    EXPECT_TRUE(a.holds(c));
}

TEST_F(Judge, AsksForTheCredentialItLacks) {
    const Bytes bare = packet(record(b, 5), b, false);
    EXPECT_EQ(hear(bare, b), InterestVerdict::kUnknownSigner);
    EXPECT_EQ(hear(packet(b, 5), b), InterestVerdict::kAccepted);
    EXPECT_EQ(hear(packet(record(b, 6), b, false), b), InterestVerdict::kAccepted) << "now it knows the signer";
}

TEST_F(Judge, WhoAnswersWithAForgeryIsNotHeardForAWhile) {
    offer(c, 7);
    Bytes bad = packet(c, 7);
    bad.back() ^= 1;
    EXPECT_EQ(hear(bad, b), InterestVerdict::kBadSignature);
    EXPECT_EQ(hear(packet(b, 1), b), InterestVerdict::kMuted);
    now_ms += 10'000;
    EXPECT_EQ(hear(packet(b, 1), b), InterestVerdict::kAccepted);
}

TEST_F(Judge, RefusesWhatIsBrokenAndCountsIt) {
    Bytes bad = packet(b, 1);
    bad.back() ^= 1;
    EXPECT_EQ(hear(bad, b), InterestVerdict::kBadSignature);
    EXPECT_EQ(hear(Bytes(50), b), InterestVerdict::kMalformed);
    EXPECT_EQ(hear(Bytes(limits::kInterestPayloadMax + 1), b), InterestVerdict::kTooLong);
    EXPECT_EQ(hear(packet(b, 1), b.address(), Kind::kOffer), InterestVerdict::kUnknownKind);
    EXPECT_EQ(hear(Bytes(31), b.address(), Kind::kGossip), InterestVerdict::kMalformed);
    EXPECT_EQ(a.exchange.table().size(), 1u);
}

TEST_F(Judge, OnlyHoldersOfACertificateOfTheNetworkCount) {
    const crypto::Signer stranger = test::make_signer("b", "another root");  // b's own key, but nobody certified it
    const Bytes sealed = stranger.seal(kInterestDomain, encode_interest(record(b, 1)));
    const auto parts = crypto::take_seal_off(sealed);
    RecordView view{parts->credential, crypto::credential_hint(parts->credential), parts->body, parts->signature};
    Bytes payload;
    append_record(payload, view);
    EXPECT_EQ(hear(payload, b), InterestVerdict::kBadSignature);
    EXPECT_FALSE(a.holds(b));
}

TEST_F(Judge, AFloodOfForgeriesCostsNoMoreChecksThanTheBucketHolds) {
    Bytes forged = packet(b, 1);
    forged.back() ^= 1;
    for (int i = 0; i < 10'000; ++i) {
        now_ms = i / 10;
        hear(forged, b);
    }
    EXPECT_LE(a.exchange.signature_checks(), 41u);
    EXPECT_GE(a.exchange.count(InterestVerdict::kRateLimited), 9'900u);
    EXPECT_EQ(a.exchange.table().size(), 1u);
}

TEST_F(Judge, AFloodOfForgeriesOfOthersCostsNoCheckAtAll) {
    const Bytes forged = packet(c, 1);
    for (int i = 0; i < 10'000; ++i) {
        now_ms = i / 10;
        hear(forged, b);
    }
    EXPECT_EQ(a.exchange.signature_checks(), 0u);
    EXPECT_EQ(a.exchange.count(InterestVerdict::kUnwanted) + a.exchange.count(InterestVerdict::kRateLimited), 10'000u);
}

TEST_F(Judge, AFloodOfInventedNewsIsBounded) {
    const uint64_t task = load_be64(task_ref("task").bytes.data());
    hear(encode_gossip(Presence{false, 5, {task}}), b.address(), Kind::kGossip);
    size_t asked = 0;
    for (uint64_t i = 0; i < 10'000; ++i) {
        now_ms = static_cast<int64_t>(i / 10);
        News news{5, 0, 1, 1, 10, 0, {}};
        for (uint64_t k = 0; k < 50; ++k) news.items.push_back({task, InterfaceId{1000 + 50 * i + k}, 9, false});
        hear(encode_gossip(news), b.address(), Kind::kGossip);
        for (const InterestOut& out : a.exchange.poll(now(), wall())) asked += out.payload.size();
    }
    EXPECT_LE(a.exchange.gossip().wanted(), 256u);
    EXPECT_LE(asked, 40'000u) << "bytes in a second";
}

InterestTable::Put put(InterestTable& table, uint64_t origin, uint64_t sequence, Instant now,
                       const std::string& task = "task", int64_t life_s = 1) {
    InterestRecord record;
    record.origin = plain_address(origin);
    record.task = task_ref(task);
    record.sequence = sequence;
    record.lifetime = Duration::seconds(life_s);
    record.sketch.labels = {1};
    const Bytes body = encode_interest(record);
    return table.put(record, {crypto::CredentialBytes{}, body, crypto::Signature{}}, now);
}

TEST(InterestTable, HasALimitInAllAndPerOrigin) {
    InterestTable table(plain_address(1).network());
    for (uint32_t i = 0; i <= limits::kInterestTasksMax; ++i) table.listen("t" + std::to_string(i));
    table.listen("task");
    for (uint64_t i = 1; i <= limits::kInterestMembersMax; ++i)
        ASSERT_EQ(put(table, i, 1, at_ms(0)), InterestTable::Put::kStored);
    EXPECT_EQ(put(table, 999'999, 1, at_ms(0)), InterestTable::Put::kFull);
    uint64_t i = 1;
    while (put(table, i, 1, at_ms(0), "t" + std::to_string(i % 3)) == InterestTable::Put::kStored) ++i;
    EXPECT_EQ(table.size(), limits::kInterestRecordsMax);
    table.expire(at_ms(1000));
    EXPECT_EQ(table.size(), 0u);
    for (uint32_t t = 0; t <= limits::kInterestTasksMax; ++t)
        EXPECT_EQ(put(table, 999'999, 1, at_ms(1000), "t" + std::to_string(t)),
                  t < limits::kInterestTasksMax ? InterestTable::Put::kStored : InterestTable::Put::kFull);
}

TEST(InterestTable, ForgetsOldSequencesOnlyWhenItNeedsTheRoom) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    for (uint64_t i = 1; i <= 3 * limits::kInterestRecordsMax; ++i) {
        ASSERT_EQ(put(table, i, 5, at_ms(static_cast<int64_t>(i))), InterestTable::Put::kStored);
        table.expire(at_ms(static_cast<int64_t>(i)));
    }
    EXPECT_EQ(put(table, 3 * limits::kInterestRecordsMax, 4, at_ms(0)), InterestTable::Put::kStale);
    EXPECT_LE(table.size(), 1101u);
}

TEST(InterestTable, ListsItsChangesInOrderAndForgetsATask) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    table.listen("more");
    for (uint64_t i = 1; i <= 3; ++i) put(table, i, 1, at_ms(0));
    put(table, 1, 2, at_ms(0));
    put(table, 9, 1, at_ms(0), "more");
    std::vector<uint64_t> order;
    for (auto i = table.oldest(); i != InterestTable::kNone; i = table.newer(i))
        order.push_back(static_cast<uint64_t>(table.origin(i)));
    EXPECT_THAT(order, ElementsAre(2, 3, 1, 9));
    table.forget(*table.task_of("task"));
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.origin(table.oldest()), InterfaceId{9});
    EXPECT_EQ(table.credential(InterfaceId{1}), nullptr);
    EXPECT_FALSE(table.task_of("task"));
}

TEST(InterestTable, ANewCredentialOfAnOriginPutsItsOtherRecordsOutOfUse) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    table.listen("more");
    put(table, 1, 1, at_ms(0), "more");
    InterestRecord record;
    record.origin = plain_address(1);
    record.task = task_ref("task");
    record.sequence = 2;
    record.lifetime = Duration::seconds(1);
    record.sketch.labels = {1};
    crypto::CredentialBytes other;
    other.bytes.fill(7);
    const Bytes body = encode_interest(record);
    ASSERT_EQ(table.put(record, {other, body, {}}, at_ms(0)), InterestTable::Put::kStored);
    EXPECT_EQ(table.count("more"), 0u);
    EXPECT_EQ(table.count("task"), 1u);
}

}  // namespace
}  // namespace aip::routing
