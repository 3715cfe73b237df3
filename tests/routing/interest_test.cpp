#include "routing/interest.hpp"

#include <gmock/gmock.h>

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
    explicit Member(const std::string& name, InterestOptions options = {})
        : signer(test::make_signer(name)),
          verifier(test::root_key()),
          rng(1),
          exchange(signer, verifier, rng, options) {}
    Address address() const { return signer.self().address; }
    const InterestRecord* holds(const Member& other, std::string_view task = "task") const {
        const InterestEntry* entry = exchange.table().find(task, other.address());
        return entry == nullptr ? nullptr : &entry->record;
    }

    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    InterestExchange exchange;
};

LocalInterest interest(uint64_t first = 10) { return {{first, 20}, first + 20, 100}; }

// a and b, peers of each other; packets pass by hand, in steps of 10 ms.
struct Pair : testing::Test {
    Pair() {
        peer(a, {b.address()});
        peer(b, {a.address()});
    }
    void peer(Member& member, std::vector<Address> peers) { member.exchange.set_peers(peers, now()); }
    void run(int64_t ms) {
        for (const int64_t end = now_ms + ms; now_ms < end; now_ms += 10) {
            carry(a, b);
            carry(b, a);
        }
    }
    void carry(Member& from, Member& to) {
        for (const InterestOut& out : from.exchange.poll(now(), wall())) {
            ++(out.kind == Kind::kInterest ? records : acks);
            ASSERT_EQ(out.to, to.address());
            if (drop == out.kind) continue;
            to.exchange.on_packet(out.kind, from.address(), out.payload, now(), wall());
        }
    }
    Instant now() const { return at_ms(now_ms); }
    WallTime wall() const { return wall_at(now()); }
    Bytes record_of(const Member& member, uint64_t sequence, int64_t life_s = 35) const {
        InterestRecord record{
            member.address(), "task", sequence, wall(), wall() + Duration::seconds(life_s), {1}, 1, 1};
        return member.signer.seal(kInterestDomain, encode_interest(record));
    }
    InterestVerdict hear(const Bytes& payload, Kind kind = Kind::kInterest) {
        return a.exchange.on_packet(kind, b.address(), payload, now(), wall());
    }

    Member a{"a"}, b{"b"};
    int64_t now_ms = 0;
    int records = 0, acks = 0;
    std::optional<Kind> drop;
};

TEST_F(Pair, TellEachOtherAtOnce) {
    ASSERT_TRUE(a.exchange.set("task", interest(5), now()));
    ASSERT_TRUE(b.exchange.set("task", interest(7), now()));
    run(50);
    ASSERT_NE(a.holds(b), nullptr);
    ASSERT_NE(b.holds(a), nullptr);
    EXPECT_THAT(a.holds(b)->label_counts, ElementsAre(7, 20));
    EXPECT_EQ(b.holds(a)->samples, 25u);
    EXPECT_EQ(a.exchange.table().entries("task").size(), 2u) << "its own record among them";
    EXPECT_TRUE(a.exchange.table().entries("other").empty());
}

TEST_F(Pair, SendOnceWhenAcknowledgedAndAgainAtTheRefresh) {
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(8000);
    EXPECT_EQ(records, 1);
    EXPECT_EQ(acks, 1);
    run(3000);
    EXPECT_EQ(records, 2);
    EXPECT_GT(a.exchange.next_wakeup(), now());
}

TEST_F(Pair, SendAgainWithBackOffUntilAcknowledged) {
    drop = Kind::kInterestAck;
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(9000);
    EXPECT_GE(records, 5);
    EXPECT_LE(records, 8);
    EXPECT_EQ(b.exchange.count(InterestVerdict::kAccepted), 1u);
    EXPECT_EQ(b.exchange.count(InterestVerdict::kDuplicate), static_cast<uint64_t>(records - 1));
    EXPECT_EQ(b.exchange.signature_checks(), 1u) << "a repetition costs no signature check";
    EXPECT_EQ(acks, records) << "each repetition is acknowledged again";
}

TEST_F(Pair, APeerThatIsGoneIsNotHammered) {
    drop = Kind::kInterest;
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(20'000);
    const int before = records;
    run(60'000);
    EXPECT_LE(records - before, 10);
    drop.reset();
    run(9000);
    EXPECT_NE(b.holds(a), nullptr);
}

TEST_F(Pair, AChangeIsSentAtOnceButRateCapped) {
    ASSERT_TRUE(a.exchange.set("task", interest(0), now()));
    run(2000);
    for (uint64_t i = 1; i <= 100; ++i) {
        ASSERT_TRUE(a.exchange.set("task", interest(i), now()));
        run(10);
    }
    EXPECT_LE(records, 3);
    run(1100);
    EXPECT_LE(records, 4);
    EXPECT_THAT(b.holds(a)->label_counts, ElementsAre(100, 20)) << "the last one counts";
}

TEST_F(Pair, SettingTheSameAgainSendsNothing) {
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(2000);
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(2000);
    EXPECT_EQ(records, 1);
}

TEST_F(Pair, WithdrawingTakesTheRecordOutEverywhere) {
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(2000);
    a.exchange.withdraw("task", now());
    run(1000);
    EXPECT_EQ(b.holds(a), nullptr);
    EXPECT_EQ(a.holds(a), nullptr);
    EXPECT_TRUE(b.exchange.table().tasks().empty());
    run(40'000);
    EXPECT_EQ(records, 2) << "a withdrawn task is not refreshed";
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(100);
    EXPECT_NE(b.holds(a), nullptr) << "and can be joined again";
}

TEST_F(Pair, RecordsOfANodeThatIsGoneExpire) {
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    run(100);
    drop = Kind::kInterest;
    run(34'000);
    EXPECT_NE(b.holds(a), nullptr);
    run(1000);
    EXPECT_EQ(b.holds(a), nullptr);
    EXPECT_EQ(b.exchange.table().size(), 0u);
}

TEST_F(Pair, ANewPeerIsToldAtOnce) {
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    peer(a, {});
    run(1000);
    EXPECT_EQ(records, 0);
    peer(a, {b.address()});
    run(20);
    EXPECT_NE(b.holds(a), nullptr);
}

TEST_F(Pair, ARestartContinuesAboveItsOldSequence) {
    ASSERT_TRUE(a.exchange.set("task", interest(1), now()));
    run(2000);
    const uint64_t before = a.exchange.last_sequence();
    EXPECT_GE(before, static_cast<uint64_t>(kWall.unix_ms()));
    InterestOptions options;
    options.first_sequence = before;
    Member again("a", options);
    peer(again, {b.address()});
    ASSERT_TRUE(again.exchange.set("task", interest(2), now()));
    carry(again, b);
    EXPECT_GT(b.holds(a)->sequence, before);
    EXPECT_THAT(b.holds(a)->label_counts, ElementsAre(2, 20));
}

TEST_F(Pair, RefuseAStaleSequence) {
    EXPECT_EQ(hear(record_of(b, 100)), InterestVerdict::kAccepted);
    EXPECT_EQ(hear(record_of(b, 99)), InterestVerdict::kStale);
    EXPECT_EQ(hear(record_of(b, 100)), InterestVerdict::kDuplicate);
    EXPECT_EQ(hear(record_of(b, 101)), InterestVerdict::kAccepted);
    EXPECT_EQ(a.exchange.signature_checks(), 2u);
}

TEST_F(Pair, RefuseAnOldRecordEvenAfterTheNewestHasExpired) {
    const Bytes old = record_of(b, 99, 3600);
    EXPECT_EQ(hear(record_of(b, 100, 5)), InterestVerdict::kAccepted);
    run(6000);
    EXPECT_EQ(a.holds(b), nullptr);
    EXPECT_EQ(hear(old), InterestVerdict::kStale);
}

TEST_F(Pair, RefuseExpiredAndFutureRecords) {
    const Bytes late = record_of(b, 100, 5);
    now_ms += 400'000;
    EXPECT_EQ(hear(late), InterestVerdict::kExpired);
    now_ms += 400'000;
    const Bytes early = record_of(b, 101, 5);
    now_ms -= 400'000;
    EXPECT_EQ(hear(early), InterestVerdict::kExpired);
}

TEST_F(Pair, RefuseRecordsOfStrangersAndOfOthers) {
    const Member c("c");
    EXPECT_EQ(hear(record_of(c, 1)), InterestVerdict::kWrongOrigin) << "c's record, brought by b";
    EXPECT_EQ(hear(record_of(a, 1)), InterestVerdict::kWrongOrigin) << "our own record, brought by b";
    EXPECT_EQ(a.exchange.on_packet(Kind::kInterest, c.address(), record_of(c, 1), now(), wall()),
              InterestVerdict::kNotPeer);
    InterestRecord lie{c.address(), "task", 5, wall(), wall() + Duration::seconds(5), {1}, 1, 1};
    EXPECT_EQ(hear(b.signer.seal(kInterestDomain, encode_interest(lie))), InterestVerdict::kWrongOrigin);
    EXPECT_EQ(a.exchange.signature_checks(), 0u);
    EXPECT_EQ(a.exchange.count(InterestVerdict::kWrongOrigin), 3u);
}

TEST_F(Pair, RefuseWhatIsBrokenAndCountIt) {
    Bytes bad = record_of(b, 1);
    bad.back() ^= 1;
    EXPECT_EQ(hear(bad), InterestVerdict::kBadSignature);
    EXPECT_EQ(hear(Bytes(50)), InterestVerdict::kMalformed);
    EXPECT_EQ(hear(Bytes(limits::kInterestRecordBytesMax + 1)), InterestVerdict::kTooLong);
    EXPECT_EQ(hear(record_of(b, 1), Kind::kOffer), InterestVerdict::kUnknownKind);
    EXPECT_EQ(hear(Bytes(31), Kind::kInterestAck), InterestVerdict::kMalformed);
    EXPECT_EQ(hear(encode_interest_ack({a.address(), 1, 1}), Kind::kInterestAck), InterestVerdict::kUnexpectedAck);
    EXPECT_EQ(hear(encode_interest_ack({b.address(), 1, 1}), Kind::kInterestAck), InterestVerdict::kUnexpectedAck);
    EXPECT_EQ(a.exchange.table().size(), 0u);
}

TEST_F(Pair, AFloodOfForgeriesCostsNoMoreChecksThanTheBucketHolds) {
    Bytes forged = record_of(b, 1);
    forged.back() ^= 1;
    for (int i = 0; i < 10'000; ++i) {
        now_ms = i / 10;
        hear(forged);
    }
    EXPECT_LE(a.exchange.signature_checks(), 24u);
    EXPECT_GE(a.exchange.count(InterestVerdict::kRateLimited), 9'976u);
}

TEST_F(Pair, AFloodFromManyPeersIsBoundedInAll) {
    std::vector<std::unique_ptr<Member>> many;
    std::vector<Address> peers;
    for (int i = 0; i < 100; ++i) {
        many.push_back(std::make_unique<Member>("many " + std::to_string(i)));
        peers.push_back(many.back()->address());
    }
    peer(a, peers);
    for (const auto& member : many) {
        Bytes forged = record_of(*member, 1);
        forged.back() ^= 1;
        for (int i = 0; i < 100; ++i) a.exchange.on_packet(Kind::kInterest, member->address(), forged, now(), wall());
    }
    EXPECT_LE(a.exchange.signature_checks(), 500u);
}

TEST_F(Pair, RefuseMoreTasksThanTheLimit) {
    for (uint32_t i = 0; i < limits::kInterestTasksMax; ++i)
        ASSERT_TRUE(a.exchange.set("task" + std::to_string(i), interest(), now()));
    EXPECT_THAT(a.exchange.set("one-more", interest(), now()).error().text, HasSubstr("16 tasks"));
    EXPECT_FALSE(a.exchange.set("Bad Name", interest(), now()));
    EXPECT_FALSE(a.exchange.set("task0", LocalInterest{}, now()));
    EXPECT_FALSE(a.exchange.set("task0", LocalInterest{{0, 0}, 0, 0}, now()));
}

TEST_F(Pair, ManyPeersAreServedInBurstsAndNoneIsStarved) {
    std::vector<Address> peers;
    for (uint64_t i = 1; i <= 1000; ++i) peers.push_back(plain_address(i));
    peer(a, peers);
    ASSERT_TRUE(a.exchange.set("task", interest(), now()));
    std::set<Address> served;
    size_t polls = 0;
    for (; polls < 100 && served.size() < 1000; ++polls, now_ms += 10) {
        const auto out = a.exchange.poll(now(), wall());
        EXPECT_LE(out.size(), 32u);
        for (const InterestOut& packet : out) served.insert(packet.to);
    }
    EXPECT_EQ(served.size(), 1000u);
}

TEST(InterestTable, HasALimitInAllAndPerOrigin) {
    InterestTable table;
    InterestRecord record{plain_address(1), "task", 1, kWall, kWall + Duration::seconds(1), {1}, 1, 1};
    for (uint64_t i = 1; i <= limits::kInterestRecordsMax; ++i) {
        record.origin = plain_address(i);
        ASSERT_EQ(table.put(record, at_ms(0), at_ms(1000)), InterestTable::Put::kStored);
    }
    record.origin = plain_address(999'999);
    EXPECT_EQ(table.put(record, at_ms(0), at_ms(1000)), InterestTable::Put::kFull);
    table.expire(at_ms(1000));
    EXPECT_EQ(table.size(), 0u);
    for (uint32_t i = 0; i <= limits::kInterestTasksMax; ++i) {
        record.task = "t" + std::to_string(i);
        const auto put = table.put(record, at_ms(1000), at_ms(2000));
        EXPECT_EQ(put, i < limits::kInterestTasksMax ? InterestTable::Put::kStored : InterestTable::Put::kFull);
    }
}

TEST(InterestTable, ForgetsOldSequencesOnlyWhenItNeedsTheRoom) {
    InterestTable table;
    InterestRecord record{plain_address(1), "task", 5, kWall, kWall + Duration::seconds(1), {1}, 1, 1};
    for (uint64_t i = 1; i <= 4 * limits::kInterestRecordsMax; ++i) {
        record.origin = plain_address(i);
        ASSERT_EQ(table.put(record, at_ms(static_cast<int64_t>(i)), at_ms(static_cast<int64_t>(i) + 100)),
                  InterestTable::Put::kStored);
        table.expire(at_ms(static_cast<int64_t>(i)));
    }
    EXPECT_EQ(table.put(record, at_ms(0), at_ms(1)), InterestTable::Put::kStale);
    EXPECT_LE(table.size(), 101u);
}

}  // namespace
}  // namespace aip::routing
