#include "routing/babel/mac.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/hmac.hpp"
#include "routing/babel/speaker.hpp"
#include "tests/routing/babel/packets.hpp"

namespace aip::routing::babel::test {
namespace {

using Verdict = Authenticator::Verdict;

const MacKey kKey(32, 1), kOther(16, 2), kThird(64, 3);
const Address kA{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa}};
const Address kB{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb}};

Instant ms(int64_t n) { return Instant() + Duration::milliseconds(n); }

Bytes hello(uint16_t seqno) {
    PacketWriter writer(512);
    EXPECT_TRUE(writer.add(HelloTlv{false, seqno, Duration::seconds(1), {}}));
    return writer.finish();
}

// a and b on one link.
struct Link {
    SeededRng rng{1};
    Authenticator a, b;
    explicit Link(std::vector<MacKey> keys_a = {kKey}, std::vector<MacKey> keys_b = {kKey})
        : a(std::move(keys_a), rng), b(std::move(keys_b), rng) {}

    Bytes from_a(const Address& to = kGroup) { return a.protect(hello(1), {kA, to}); }
    Verdict at_b(const Bytes& packet, Instant now, const Address& to = kGroup) {
        return b.check(packet, {kA, to}, now);
    }
    // Whatever is due, there and back, until nothing is.
    void answer(Instant now) {
        for (int i = 0; i < 4; ++i) {
            for (const auto& out : a.take_answers(kA)) static_cast<void>(b.check(out.packet, {kA, out.to}, now));
            for (const auto& out : b.take_answers(kB)) static_cast<void>(a.check(out.packet, {kB, out.to}, now));
        }
    }
    void meet(Instant now) {
        EXPECT_EQ(at_b(from_a(), now), Verdict::kChallenged);
        answer(now);
        EXPECT_EQ(at_b(from_a(), now), Verdict::kGood);
    }
};

TEST(Mac, AStrangerIsChallengedOnceAndThenKnown) {
    Link link;
    link.meet(ms(0));
    EXPECT_EQ(link.a.check(link.b.protect(hello(1), {kB, kGroup}), {kB, kGroup}, ms(1)), Verdict::kGood);
}

TEST(Mac, TheAnswerItselfIsGood) {
    Link link;
    EXPECT_EQ(link.at_b(link.from_a(), ms(0)), Verdict::kChallenged);
    const auto challenges = link.b.take_answers(kB);
    ASSERT_EQ(challenges.size(), 1u);
    EXPECT_EQ(challenges[0].to, kA);
    EXPECT_EQ(link.a.check(challenges[0].packet, {kB, kA}, ms(1)), Verdict::kChallenged);
    const auto replies = link.a.take_answers(kA);
    ASSERT_EQ(replies.size(), 1u);  // the reply, and a challenge of its own
    EXPECT_EQ(link.b.check(replies[0].packet, {kA, kB}, ms(2)), Verdict::kGood);
    EXPECT_TRUE(parse(replies[0].packet).tlvs.empty());
    EXPECT_EQ(link.b.check(replies[0].packet, {kA, kB}, ms(3)), Verdict::kReplay);
}

TEST(Mac, WhatItAddsIsWhatItSays) {
    Link link({kKey, kOther});
    EXPECT_EQ(link.from_a().size(), hello(1).size() + link.a.overhead());
    EXPECT_EQ(parse(link.from_a()).tlvs, parse(hello(1)).tlvs);
}

TEST(Mac, RefusesAPacketHeardBefore) {
    Link link;
    link.meet(ms(0));
    const Bytes first = link.from_a(), second = link.from_a();
    EXPECT_EQ(link.at_b(second, ms(1)), Verdict::kGood);
    EXPECT_EQ(link.at_b(second, ms(2)), Verdict::kReplay);
    EXPECT_EQ(link.at_b(first, ms(3)), Verdict::kReplay);
    EXPECT_TRUE(link.b.take_answers(kB).empty());
}

TEST(Mac, UnicastMayOvertakeMulticast) {
    Link link;
    link.meet(ms(0));
    const Bytes slow = link.from_a(), fast = link.from_a(kB);
    EXPECT_EQ(link.at_b(fast, ms(1), kB), Verdict::kGood);
    EXPECT_EQ(link.at_b(slow, ms(2)), Verdict::kGood);
    EXPECT_EQ(link.at_b(slow, ms(3)), Verdict::kReplay);
    EXPECT_EQ(link.at_b(fast, ms(3), kB), Verdict::kReplay);
}

TEST(Mac, RefusesAnotherKeyAndAnotherAddress) {
    Link link({kOther});
    EXPECT_EQ(link.at_b(link.from_a(), ms(0)), Verdict::kBadMac);
    Link same;
    const Bytes packet = same.from_a();
    EXPECT_EQ(same.b.check(packet, {kB, kGroup}, ms(0)), Verdict::kBadMac);
    EXPECT_EQ(same.b.check(packet, {kA, kB}, ms(0)), Verdict::kBadMac);
    EXPECT_EQ(same.b.check(hello(1), {kA, kGroup}, ms(0)), Verdict::kNoMac);
    EXPECT_TRUE(same.b.take_answers(kB).empty());  // nobody is challenged before the MAC was right
}

TEST(Mac, KeysChangeWhileBothAreKnown) {
    Link old_and_new({kThird, kKey}, {kKey, kThird});
    old_and_new.meet(ms(0));
    Link old_to_both({kKey}, {kThird, kKey});
    old_to_both.meet(ms(0));
    Link gone({kKey}, {kThird});
    EXPECT_EQ(gone.at_b(gone.from_a(), ms(0)), Verdict::kBadMac);
}

TEST(Mac, RefusesEveryTruncationAndEveryFlippedByte) {
    Link link;
    const Bytes packet = link.from_a();
    for (size_t size = 0; size < packet.size(); ++size)
        EXPECT_EQ(link.at_b(Bytes(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(size)), ms(0)),
                  Verdict::kNoMac);
    for (size_t at = 0; at < packet.size(); ++at) {
        Bytes bad = packet;
        bad[at] ^= 1;
        EXPECT_THAT(link.at_b(bad, ms(0)), testing::AnyOf(Verdict::kBadMac, Verdict::kNoMac)) << at;
    }
    EXPECT_TRUE(link.b.take_answers(kB).empty());
}

TEST(Mac, ChallengesAndRepliesAreLimited) {
    Link link;
    size_t challenges = 0;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(link.at_b(link.from_a(), ms(i)), Verdict::kChallenged);
        challenges += link.b.take_answers(kB).size();
    }
    EXPECT_EQ(challenges, 4u);
    // The same challenge, repeated by whoever recorded it.
    EXPECT_EQ(link.at_b(link.from_a(), ms(2000)), Verdict::kChallenged);
    const Bytes challenge = link.b.take_answers(kB).at(0).packet;
    size_t replies = 0;
    for (int i = 2000; i < 3000; ++i) {
        static_cast<void>(link.a.check(challenge, {kB, kA}, ms(i)));
        replies += link.a.take_answers(kA).size();
    }
    EXPECT_LE(replies, 4u);
}

TEST(Mac, AChallengeOutlivesALongRoundTrip) {
    Link link;
    EXPECT_EQ(link.at_b(link.from_a(), ms(0)), Verdict::kChallenged);
    const auto first = link.b.take_answers(kB).at(0);
    EXPECT_EQ(link.at_b(link.from_a(), ms(400)), Verdict::kChallenged);
    EXPECT_EQ(link.b.take_answers(kB).size(), 1u);
    static_cast<void>(link.a.check(first.packet, {kB, kA}, ms(500)));
    EXPECT_EQ(link.b.check(link.a.take_answers(kA).at(0).packet, {kA, kB}, ms(1000)), Verdict::kGood);
}

TEST(Mac, AReplyThatComesTooLateOrUnaskedProvesNothing) {
    Link link;
    EXPECT_EQ(link.at_b(link.from_a(), ms(0)), Verdict::kChallenged);
    static_cast<void>(link.a.check(link.b.take_answers(kB).at(0).packet, {kB, kA}, ms(1)));
    const Bytes reply = link.a.take_answers(kA).at(0).packet;
    EXPECT_EQ(link.b.check(reply, {kA, kB}, ms(30'000)), Verdict::kChallenged);
    Link other;
    EXPECT_EQ(other.b.check(reply, {kA, kB}, ms(0)), Verdict::kChallenged);
}

TEST(Mac, ARestartedSenderIsChallengedAgain) {
    Link link;
    link.meet(ms(0));
    const Bytes old_packet = link.from_a();
    Authenticator restarted({kKey}, link.rng);
    const auto hello_again = [&restarted] { return restarted.protect(hello(1), {kA, kGroup}); };
    EXPECT_EQ(link.at_b(hello_again(), ms(1000)), Verdict::kChallenged);
    static_cast<void>(restarted.check(link.b.take_answers(kB).at(0).packet, {kB, kA}, ms(1001)));
    EXPECT_EQ(link.at_b(restarted.take_answers(kA).at(0).packet, ms(1002), kB), Verdict::kGood);
    EXPECT_EQ(link.at_b(hello_again(), ms(1003)), Verdict::kGood);
    EXPECT_EQ(link.at_b(old_packet, ms(2000)), Verdict::kChallenged);  // of its former life
}

TEST(Mac, AnIndexIsForgottenInTheEnd) {
    Link link;
    link.meet(ms(0));
    const Bytes late = link.from_a();
    EXPECT_EQ(link.at_b(late, ms(300'001)), Verdict::kChallenged);
    Link forgotten;
    forgotten.meet(ms(0));
    forgotten.b.forget(kA);
    EXPECT_EQ(forgotten.at_b(forgotten.from_a(), ms(1)), Verdict::kChallenged);
}

TEST(Mac, AChallengeToTheGroupIsIgnored) {
    Link link;
    const auto to_group = link.a.protect(packet_of(Bytes{18, 2, 1, 2}), {kA, kGroup});
    EXPECT_EQ(link.at_b(to_group, ms(0)), Verdict::kChallenged);
    const auto answers = link.b.take_answers(kB);
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].packet[4], 18);   // its own challenge
    EXPECT_EQ(answers[0].packet[14], 17);  // and then the counter: no reply
}

TEST(Mac, NoncesAreEchoedUpToTheirLimit) {
    for (const size_t size : {0u, 192u, 193u}) {
        Link link;
        Bytes body{18, static_cast<uint8_t>(size)};
        body.resize(2 + size, 0x55);
        EXPECT_EQ(link.at_b(link.a.protect(packet_of(body), {kA, kB}), ms(0), kB), Verdict::kChallenged);
        const Bytes answer = link.b.take_answers(kB).at(0).packet;
        const size_t with_reply = 4 + 10 + 2 + size + link.b.overhead();
        EXPECT_EQ(answer.size(), size <= 192 ? with_reply : 4 + 10 + link.b.overhead());
    }
}

// What we said before the reply is lost on the challenger, and it may never ask for it (bird does not).
TEST(Mac, WhoChallengesUsIsToldOurRoutesAfterTheReply) {
    SeededRng rng(1);
    SpeakerOptions options;
    options.self = Address{{0xfd, 0x12, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa}};
    Speaker a(options, rng);
    Authenticator b({kKey}, rng);
    InterfaceOptions interface;
    interface.keys = {kKey};
    a.add_interface(7, interface, ms(0));
    std::vector<Tlv> told;
    const auto exchange = [&](Instant now) {
        for (const PacketOut& out : a.poll(now)) {
            if (b.check(out.payload, {kA, out.destination}, now) != Verdict::kGood || out.destination != kB) continue;
            for (const Tlv& tlv : parse(out.payload).tlvs) told.push_back(tlv);
        }
        for (const auto& answer : b.take_answers(kB)) a.on_packet(7, {}, kB, answer.to, answer.packet, now);
    };
    const Bytes first = b.protect(hello(1), {kB, kGroup});
    EXPECT_EQ(a.on_packet(7, {}, kB, kGroup, first, ms(1)), PacketVerdict::kChallenged);
    for (int t = 2; t < 1000; t += 20) exchange(ms(t));
    EXPECT_EQ(a.on_packet(7, {}, kB, kGroup, b.protect(hello(2), {kB, kGroup}), ms(1000)), PacketVerdict::kAccepted);

    b.forget(kA);
    told.clear();
    for (int t = 1001; t < 2500; t += 20) exchange(ms(t));
    const bool own_route = std::any_of(told.begin(), told.end(), [&](const Tlv& tlv) {
        const auto* update = std::get_if<UpdateTlv>(&tlv);
        return update != nullptr && update->prefix.address == options.self && update->metric == 0;
    });
    EXPECT_TRUE(own_route);
}

TEST(Mac, TheTableOfSendersHasALimit) {
    Link link;
    size_t challenged = 0;
    for (uint32_t i = 0; i < limits::kNeighboursMax + 100; ++i) {
        Address from = kA;
        store_be32(from.bytes.data() + 8, i);
        EXPECT_EQ(link.b.check(link.a.protect(hello(1), {from, kGroup}), {from, kGroup}, ms(0)), Verdict::kChallenged);
        challenged += link.b.take_answers(kB).size();
    }
    EXPECT_EQ(challenged, limits::kNeighboursMax);
    EXPECT_EQ(link.at_b(link.from_a(), ms(300'002)), Verdict::kChallenged);  // those that never answered made room
    EXPECT_EQ(link.b.take_answers(kB).size(), 1u);
}

}  // namespace
}  // namespace aip::routing::babel::test
