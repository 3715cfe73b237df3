// Members of a task, their packets carried by hand: who learns of what, when, and at what price.
#include "routing/interest.hpp"

#include <gmock/gmock.h>

#include <queue>

#include "base/limits.hpp"
#include "tests/routing/interest_member.hpp"

namespace aip::routing {
namespace {

using aipacket::Kind;
using test::at_ms;
using test::interest;
using test::Member;
using test::wall_at;
using testing::ElementsAre;
using testing::HasSubstr;

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

}  // namespace
}  // namespace aip::routing
