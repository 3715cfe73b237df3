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

Hello hello_naming(const Address& whom, uint64_t sequence) {
    Hello hello;
    hello.sequence = sequence;
    hello.wall = kWall;
    hello.interval = Duration::seconds(1);
    hello.mtu = 1500;
    hello.heard_total = 1;
    hello.heard = {{whom, Duration::milliseconds(10)}};
    return hello;
}

Bytes sealed(const crypto::Signer& signer, const Hello& hello) {
    return signer.seal(kHelloDomain, encode_hello(hello));
}

// One host with port 0, and the hellos of `b` made by hand.
struct OneHost : testing::Test {
    OneHost() { a.neighbours.add_port(0, 1500, at_ms(0)); }
    HelloVerdict hear(const Bytes& bytes, int64_t ms = 0, uint8_t from = 9, uint16_t port = 0) {
        return a.neighbours.on_hello(port, mac(from), bytes, at_ms(ms), wall_at(at_ms(ms)));
    }
    HelloVerdict hear(uint64_t sequence, int64_t ms = 0) {
        return hear(sealed(b, hello_naming(a.address(), sequence)), ms);
    }

    Host a{"a", 1};
    crypto::Signer b = test::make_signer("b");
};

//   a ---- b
TEST(Neighbours, FindEachOtherWithinAFewHellos) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(300);
    EXPECT_TRUE(a.two_way(b));
    EXPECT_TRUE(b.two_way(a));
    EXPECT_TRUE(a.neighbours.changed());
    EXPECT_FALSE(a.neighbours.changed()) << "asked twice";
    const Neighbour* n = a.sees(b);
    EXPECT_EQ(n->mtu, 1500);
    EXPECT_EQ(n->identity, b.signer.self().identity);
    EXPECT_EQ(n->missed(n->last_heard + Duration::milliseconds(2100)), 2u);
}

//   a ---- b     cut both ways
TEST(Neighbours, ALostNeighbourGoesAfterThreeAndAHalfIntervals) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(5000);
    static_cast<void>(a.neighbours.changed());
    lan.block(b, a);
    lan.run(2000);
    EXPECT_TRUE(a.two_way(b)) << "two missing hellos are forgiven";
    lan.run(1700);
    EXPECT_EQ(a.sees(b), nullptr);
    EXPECT_TRUE(a.neighbours.changed());
    EXPECT_EQ(a.neighbours.lost(), 1u);
    lan.unblock(b, a);
    lan.run(1500);
    EXPECT_TRUE(a.two_way(b)) << "and comes back";
}

//   a ---> b     b never reaches a
TEST(Neighbours, AOneWayLinkIsSeenAndNeverUsable) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.block(b, a);
    lan.run(5000);
    ASSERT_NE(b.sees(a), nullptr);
    EXPECT_EQ(b.sees(a)->state, LinkState::kOneWay);
    EXPECT_EQ(a.sees(b), nullptr);
    EXPECT_FALSE(b.neighbours.changed());
    lan.unblock(b, a);
    lan.run(1500);
    EXPECT_TRUE(b.two_way(a));
    lan.block(b, a);
    lan.run(5000);
    ASSERT_NE(b.sees(a), nullptr);
    EXPECT_EQ(b.sees(a)->state, LinkState::kOneWay) << "a no longer names b";
}

//   a ==== b     two links, on ports 0 and 1
TEST(Neighbours, SeveralLinksToOneNodeAreSeveralEntries) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b, 0, 0);
    lan.join(a, b, 1, 1);
    lan.run(3000);
    ASSERT_EQ(a.neighbours.table().size(), 2u);
    EXPECT_EQ(a.neighbours.table()[0].state, LinkState::kTwoWay);
    EXPECT_EQ(a.neighbours.table()[1].state, LinkState::kTwoWay);
    a.neighbours.remove_port(0);
    ASSERT_EQ(a.neighbours.table().size(), 1u);
    EXPECT_EQ(a.neighbours.table()[0].port, 1);
}

// 40 nodes on one wire: more than one hello can name.
TEST(Neighbours, ACrowdTakesTurnsInTheHellosAndStaysTwoWay) {
    Lan lan;
    std::vector<std::unique_ptr<Host>> hosts;
    for (int i = 0; i < 40; ++i) hosts.push_back(std::make_unique<Host>("crowd " + std::to_string(i), i));
    for (size_t i = 0; i < hosts.size(); ++i)
        for (size_t j = 0; j < i; ++j) lan.join(*hosts[i], *hosts[j]);
    lan.run(4000);
    const size_t at_start = lan.hellos();
    for (const auto& host : hosts) static_cast<void>(host->neighbours.changed());
    lan.run(6000);
    for (const auto& host : hosts) {
        EXPECT_EQ(host->neighbours.table().size(), 39u);
        for (const Neighbour& n : host->neighbours.table()) EXPECT_EQ(n.state, LinkState::kTwoWay);
        EXPECT_FALSE(host->neighbours.changed()) << "a link flapped";
    }
    EXPECT_LE(lan.hellos() - at_start, 40u * 7) << "hellos must not breed hellos";
}

TEST(Neighbours, SendAboutOneHelloASecondAndSleepBetween) {
    Host a("a", 1), b("b", 2);
    Lan lan;
    lan.join(a, b);
    lan.run(2000);
    const size_t before = lan.hellos();
    EXPECT_GT(a.neighbours.next_wakeup(), lan.now());
    lan.run(60'000);
    EXPECT_GE(lan.hellos() - before, 2u * 60);
    EXPECT_LE(lan.hellos() - before, 2u * 69);
}

TEST_F(OneHost, RefusesAHelloHeardBefore) {
    const Bytes hello = sealed(b, hello_naming(a.address(), 5));
    EXPECT_EQ(hear(hello), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(hello), HelloVerdict::kReplay);
    EXPECT_EQ(hear(hello, 0, 66, 0), HelloVerdict::kReplay) << "from elsewhere";
    EXPECT_EQ(a.neighbours.signature_checks(), 1u) << "a replay costs no signature check";
}

TEST_F(OneHost, AcceptsHellosThatOvertookEachOtherOnceEach) {
    EXPECT_EQ(hear(10), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(9), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(9), HelloVerdict::kReplay);
    EXPECT_EQ(hear(80), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(17), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(16), HelloVerdict::kReplay) << "older than the window";
}

TEST_F(OneHost, RefusesOldHellosOfANodeThatIsGone) {
    EXPECT_EQ(hear(10), HelloVerdict::kAccepted);
    static_cast<void>(a.neighbours.poll(at_ms(10'000), wall_at(at_ms(10'000))));
    ASSERT_TRUE(a.neighbours.table().empty());
    EXPECT_EQ(hear(10, 10'000), HelloVerdict::kReplay);
    EXPECT_EQ(hear(11, 10'000), HelloVerdict::kAccepted);
}

TEST_F(OneHost, AcceptsARestartThatContinuesAbove) {
    EXPECT_EQ(hear(10), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(1'000'000), HelloVerdict::kAccepted);
    EXPECT_EQ(hear(11), HelloVerdict::kReplay);
}

TEST_F(OneHost, RefusesAClockThatRunsBackWhileTheNodeIsThere) {
    Hello hello = hello_naming(a.address(), 10);
    EXPECT_EQ(hear(sealed(b, hello)), HelloVerdict::kAccepted);
    hello.sequence = 11;
    hello.wall = WallTime::from_unix_ms(kWall.unix_ms() - 10'000);
    EXPECT_EQ(hear(sealed(b, hello)), HelloVerdict::kReplay);
}

TEST_F(OneHost, RefusesAClockFarFromItsOwn) {
    Hello hello = hello_naming(a.address(), 10);
    hello.wall = kWall + Duration::seconds(301);
    EXPECT_EQ(hear(sealed(b, hello)), HelloVerdict::kWrongClock);
    hello.wall = WallTime::from_unix_ms(0);
    EXPECT_EQ(hear(sealed(b, hello)), HelloVerdict::kWrongClock);
}

TEST_F(OneHost, RefusesItsOwnHelloComingBack) {
    EXPECT_EQ(hear(sealed(a.signer, hello_naming(a.address(), 5))), HelloVerdict::kOwnHello);
    EXPECT_TRUE(a.neighbours.table().empty());
}

// Two keys with one truncated hash cannot be made here, so these two begin after the signature check.
TEST_F(OneHost, RefusesAnotherKeyForAnAddressItKnows) {
    crypto::Principal first = b.self();
    crypto::Principal second = b.self();
    second.identity = test::key_of("impostor").public_key();
    const Hello one = hello_naming(a.address(), 5);
    const Hello two = hello_naming(a.address(), 6);
    EXPECT_EQ(a.neighbours.on_checked_hello(0, mac(1), first, one, at_ms(0)), HelloVerdict::kAccepted);
    EXPECT_EQ(a.neighbours.on_checked_hello(0, mac(2), second, two, at_ms(0)), HelloVerdict::kAddressConflict);
    ASSERT_EQ(a.neighbours.table().size(), 1u);
    EXPECT_EQ(a.neighbours.table()[0].identity, first.identity);
}

TEST_F(OneHost, RefusesItsOwnAddressUnderAnotherKey) {
    crypto::Principal impostor = b.self();
    impostor.address = a.address();
    EXPECT_EQ(a.neighbours.on_checked_hello(0, mac(1), impostor, hello_naming(a.address(), 5), at_ms(0)),
              HelloVerdict::kAddressConflict);
    EXPECT_TRUE(a.neighbours.table().empty());
}

TEST_F(OneHost, CountsWhatItRefusesByReason) {
    Bytes bad = sealed(b, hello_naming(a.address(), 5));
    bad.back() ^= 1;
    EXPECT_EQ(hear(bad), HelloVerdict::kBadSignature);
    EXPECT_EQ(hear(Bytes(10)), HelloVerdict::kMalformed);
    EXPECT_EQ(hear(Bytes(limits::kHelloBytesMax + 1)), HelloVerdict::kTooLong);
    EXPECT_EQ(hear(sealed(b, hello_naming(a.address(), 5)), 0, 9, 7), HelloVerdict::kUnknownPort);
    const crypto::Signer stranger = test::make_signer("stranger", "another network");
    EXPECT_EQ(hear(sealed(stranger, hello_naming(a.address(), 5))), HelloVerdict::kBadSignature);
    const Bytes wrong_domain = b.seal("interest", encode_hello(hello_naming(a.address(), 5)));
    EXPECT_EQ(hear(wrong_domain), HelloVerdict::kBadSignature);
    EXPECT_EQ(a.neighbours.count(HelloVerdict::kBadSignature), 3u);
    EXPECT_EQ(a.neighbours.count(HelloVerdict::kMalformed), 1u);
    EXPECT_EQ(a.neighbours.count(HelloVerdict::kTooLong), 1u);
    EXPECT_EQ(a.neighbours.count(HelloVerdict::kUnknownPort), 1u);
    EXPECT_TRUE(a.neighbours.table().empty());
}

TEST_F(OneHost, AFloodOfForgeriesCostsNoMoreChecksThanTheBucketHolds) {
    EXPECT_EQ(hear(1), HelloVerdict::kAccepted);
    const uint64_t before = a.neighbours.signature_checks();
    Bytes forged = sealed(test::make_signer("c"), hello_naming(a.address(), 5));
    forged.back() ^= 1;
    for (int i = 0; i < 10'000; ++i) hear(forged, i / 10, static_cast<uint8_t>(i));  // one second of them
    EXPECT_LE(a.neighbours.signature_checks() - before, 150u);
    EXPECT_GE(a.neighbours.count(HelloVerdict::kRateLimited), 9'850u);
    EXPECT_EQ(hear(2, 1000), HelloVerdict::kAccepted) << "a known link has tokens of its own";
}

TEST_F(OneHost, TheTableHasALimit) {
    crypto::Principal sender = b.self();
    for (uint64_t i = 0; i <= limits::kNeighboursMax; ++i) {
        sender.address = test::plain_address(i + 1);
        const auto verdict = a.neighbours.on_checked_hello(0, mac(1), sender, hello_naming(a.address(), 1), at_ms(0));
        EXPECT_EQ(verdict, i < limits::kNeighboursMax ? HelloVerdict::kAccepted : HelloVerdict::kTableFull);
    }
}

}  // namespace
}  // namespace aip::routing
