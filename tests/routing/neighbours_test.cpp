#include "routing/neighbours.hpp"

#include <gmock/gmock.h>

#include "tests/routing/lan.hpp"

namespace aip::routing {
namespace {

using test::at_ms;
using test::Host;
using test::kWall;
using test::Lan;
using test::mac;
using test::wall_at;

Introduction introduction(uint64_t sequence) {
    Introduction out;
    out.sequence = sequence;
    out.wall = kWall;
    out.lifetime = Duration::seconds(35);
    out.mtu = 1500;
    return out;
}

Bytes sealed(const crypto::Signer& signer, const Introduction& body) {
    return signer.seal(kIntroductionDomain, encode_introduction(body));
}

// One host with port 0, and the introductions of `b` made by hand.
struct OneHost : testing::Test {
    OneHost() { a.neighbours.add_port(0, 1500, at_ms(0)); }
    IntroductionVerdict hear(const Bytes& bytes, int64_t ms = 0, uint8_t from = 9, uint16_t port = 0) {
        return a.neighbours.on_introduction(port, mac(from), bytes, at_ms(ms), wall_at(at_ms(ms)));
    }
    IntroductionVerdict hear(uint64_t sequence, int64_t ms = 0) { return hear(sealed(b, introduction(sequence)), ms); }

    Host a{"a", 1};
    crypto::Signer b = test::make_signer("b");
};

//   a ---- b
TEST(Neighbours, AreIntroducedAtOnceAndReportedOnce) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(100);
    ASSERT_NE(a.sees(b), nullptr);
    ASSERT_NE(b.sees(a), nullptr);
    EXPECT_EQ(a.sees(b)->mtu, 1500);
    EXPECT_EQ(a.sees(b)->identity, b.signer.self().identity);
    EXPECT_EQ(a.neighbours.find(0, a.sees(b)->link, b.address().interface_id()), a.sees(b));
    EXPECT_EQ(a.neighbours.take_newcomers().size(), 1u);
    EXPECT_TRUE(a.neighbours.take_newcomers().empty());
}

//   a ---- b     b comes up later: its introduction asks for an answer
TEST(Neighbours, ANodeThatComesLaterIsAnsweredAtOnce) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.add(a, 0);
    lan.run(3000);
    lan.join(a, b);
    lan.run(100);
    EXPECT_NE(b.sees(a), nullptr);
}

//   a ---- b     cut for longer than an introduction lives
TEST(Neighbours, AnIntroductionThatIsNotRenewedExpires) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(1000);
    lan.block(b, a);
    lan.run(20'000);
    EXPECT_NE(a.sees(b), nullptr);
    lan.run(16'000);
    EXPECT_EQ(a.sees(b), nullptr);
    lan.unblock(b, a);
    lan.run(10'100);
    EXPECT_NE(a.sees(b), nullptr) << "and comes back";
}

//   a ---- b     every introduction of b's was lost, but its Babel packets arrive
TEST(Neighbours, AStrangerIsAskedToIntroduceItself) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.block(b, a);
    lan.run(500);
    ASSERT_EQ(a.sees(b), nullptr);
    lan.unblock(b, a);
    lan.run(1000);
    const size_t before = lan.introductions();
    for (int i = 0; i < 1000; ++i) a.neighbours.on_stranger(0, lan.now());
    lan.run(200);
    EXPECT_NE(a.sees(b), nullptr);
    EXPECT_LE(lan.introductions() - before, 2u) << "a question and its answer, whatever a stranger sends";
}

//   a ==== b     two links, on ports 0 and 1
TEST(Neighbours, SeveralLinksToOneNodeAreSeveralEntries) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b, 0, 0);
    lan.join(a, b, 1, 1);
    lan.run(300);
    ASSERT_EQ(a.neighbours.table().size(), 2u);
    a.neighbours.remove_port(0);
    ASSERT_EQ(a.neighbours.table().size(), 1u);
    EXPECT_EQ(a.neighbours.table()[0].port, 1);
}

TEST(Neighbours, IntroduceThemselvesEveryTenSecondsAndSleepBetween) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(2000);
    const size_t before = lan.introductions();
    EXPECT_GT(a.neighbours.next_wakeup(), lan.now());
    lan.run(100'000);
    EXPECT_GE(lan.introductions() - before, 2u * 10);
    EXPECT_LE(lan.introductions() - before, 2u * 12);
}

TEST_F(OneHost, RefusesAnIntroductionHeardBefore) {
    const Bytes bytes = sealed(b, introduction(5));
    EXPECT_EQ(hear(bytes), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(bytes), IntroductionVerdict::kReplay);
    EXPECT_EQ(hear(bytes, 0, 66, 0), IntroductionVerdict::kReplay) << "from elsewhere";
    EXPECT_EQ(a.neighbours.signature_checks(), 1u) << "a replay costs no signature check";
}

TEST_F(OneHost, AcceptsIntroductionsThatOvertookEachOtherOnceEach) {
    EXPECT_EQ(hear(10), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(9), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(9), IntroductionVerdict::kReplay);
    EXPECT_EQ(hear(80), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(17), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(16), IntroductionVerdict::kReplay) << "older than the window";
}

TEST_F(OneHost, RefusesOldIntroductionsOfANodeThatIsGone) {
    EXPECT_EQ(hear(10), IntroductionVerdict::kAccepted);
    static_cast<void>(a.neighbours.poll(at_ms(36'000), wall_at(at_ms(36'000))));
    ASSERT_TRUE(a.neighbours.table().empty());
    EXPECT_EQ(hear(10, 36'000), IntroductionVerdict::kReplay);
    EXPECT_EQ(hear(11, 36'000), IntroductionVerdict::kAccepted);
}

TEST_F(OneHost, AcceptsARestartThatContinuesAbove) {
    EXPECT_EQ(hear(10), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(1'000'000), IntroductionVerdict::kAccepted);
    EXPECT_EQ(hear(11), IntroductionVerdict::kReplay);
}

TEST_F(OneHost, RefusesAClockThatRunsBackWhileTheNodeIsThere) {
    Introduction body = introduction(10);
    EXPECT_EQ(hear(sealed(b, body)), IntroductionVerdict::kAccepted);
    body.sequence = 11;
    body.wall = WallTime::from_unix_ms(kWall.unix_ms() - 10'000);
    EXPECT_EQ(hear(sealed(b, body)), IntroductionVerdict::kReplay);
}

TEST_F(OneHost, RefusesAClockFarFromItsOwn) {
    Introduction body = introduction(10);
    body.wall = kWall + Duration::seconds(301);
    EXPECT_EQ(hear(sealed(b, body)), IntroductionVerdict::kWrongClock);
    body.wall = WallTime::from_unix_ms(0);
    EXPECT_EQ(hear(sealed(b, body)), IntroductionVerdict::kWrongClock);
}

TEST_F(OneHost, RefusesItsOwnIntroductionComingBack) {
    EXPECT_EQ(hear(sealed(a.signer, introduction(5))), IntroductionVerdict::kOwn);
    EXPECT_TRUE(a.neighbours.table().empty());
}

// Two keys with one truncated hash cannot be made here, so these two begin after the signature check.
TEST_F(OneHost, RefusesAnotherKeyForAnAddressItKnows) {
    crypto::Principal first = b.self();
    crypto::Principal second = b.self();
    second.identity = test::key_of("impostor").public_key();
    const Introduction one = introduction(5);
    const Introduction two = introduction(6);
    EXPECT_EQ(a.neighbours.on_checked(0, mac(1), first, one, at_ms(0)), IntroductionVerdict::kAccepted);
    EXPECT_EQ(a.neighbours.on_checked(0, mac(2), second, two, at_ms(0)), IntroductionVerdict::kAddressConflict);
    ASSERT_EQ(a.neighbours.table().size(), 1u);
    EXPECT_EQ(a.neighbours.table()[0].identity, first.identity);
}

TEST_F(OneHost, RefusesItsOwnAddressUnderAnotherKey) {
    crypto::Principal impostor = b.self();
    impostor.address = a.address();
    EXPECT_EQ(a.neighbours.on_checked(0, mac(1), impostor, introduction(5), at_ms(0)),
              IntroductionVerdict::kAddressConflict);
    EXPECT_TRUE(a.neighbours.table().empty());
}

TEST_F(OneHost, CountsWhatItRefusesByReason) {
    Bytes bad = sealed(b, introduction(5));
    bad.back() ^= 1;
    EXPECT_EQ(hear(bad), IntroductionVerdict::kBadSignature);
    EXPECT_EQ(hear(Bytes(10)), IntroductionVerdict::kMalformed);
    EXPECT_EQ(hear(Bytes(limits::kIntroductionBytesMax + 1)), IntroductionVerdict::kTooLong);
    EXPECT_EQ(hear(sealed(b, introduction(5)), 0, 9, 7), IntroductionVerdict::kUnknownPort);
    const crypto::Signer stranger = test::make_signer("stranger", "another network");
    EXPECT_EQ(hear(sealed(stranger, introduction(5))), IntroductionVerdict::kBadSignature);
    const Bytes wrong_domain = b.seal("interest", encode_introduction(introduction(5)));
    EXPECT_EQ(hear(wrong_domain), IntroductionVerdict::kBadSignature);
    EXPECT_EQ(a.neighbours.count(IntroductionVerdict::kBadSignature), 3u);
    EXPECT_EQ(a.neighbours.count(IntroductionVerdict::kMalformed), 1u);
    EXPECT_EQ(a.neighbours.count(IntroductionVerdict::kTooLong), 1u);
    EXPECT_EQ(a.neighbours.count(IntroductionVerdict::kUnknownPort), 1u);
    EXPECT_TRUE(a.neighbours.table().empty());
}

TEST_F(OneHost, AFloodOfForgeriesCostsNoMoreChecksThanTheBucketHolds) {
    EXPECT_EQ(hear(1), IntroductionVerdict::kAccepted);
    const uint64_t before = a.neighbours.signature_checks();
    Bytes forged = sealed(test::make_signer("c"), introduction(5));
    forged.back() ^= 1;
    for (int i = 0; i < 10'000; ++i) hear(forged, i / 10, static_cast<uint8_t>(i));  // one second of them
    EXPECT_LE(a.neighbours.signature_checks() - before, 150u);
    EXPECT_GE(a.neighbours.count(IntroductionVerdict::kRateLimited), 9'850u);
    EXPECT_EQ(hear(2, 1000), IntroductionVerdict::kAccepted) << "a known link has tokens of its own";
}

TEST_F(OneHost, TheTableHasALimit) {
    crypto::Principal sender = b.self();
    for (uint64_t i = 0; i <= limits::kNeighboursMax; ++i) {
        sender.address = test::plain_address(i + 1);
        const auto verdict = a.neighbours.on_checked(0, mac(1), sender, introduction(1), at_ms(0));
        EXPECT_EQ(verdict,
                  i < limits::kNeighboursMax ? IntroductionVerdict::kAccepted : IntroductionVerdict::kTableFull);
    }
}

}  // namespace
}  // namespace aip::routing
