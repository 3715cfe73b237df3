// What a member believes of what others say: nothing stale, forged or unasked for.
#include <gmock/gmock.h>

#include "base/limits.hpp"
#include "tests/routing/interest_member.hpp"

namespace aip::routing {
namespace {

using aipacket::Kind;
using test::at_ms;
using test::interest;
using test::Member;
using test::plain_address;
using test::wall_at;

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

}  // namespace
}  // namespace aip::routing
