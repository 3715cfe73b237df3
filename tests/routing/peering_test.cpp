#include "routing/peering.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "crypto/sha256.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using dataplane::LinkAddress;
using test::at_ms;
using test::wall_at;

LinkAddress link(size_t host) {
    const std::array<uint8_t, 4> address{192, 0, 2, static_cast<uint8_t>(host / 200 + 1)};
    return LinkAddress::ipv4(address, static_cast<uint16_t>(7000 + host));
}

struct Host {
    Host(size_t number, const std::string& network)
        : signer(test::make_signer("node " + std::to_string(number), network)),
          verifier(test::key_of(network).public_key()),
          rng(number),
          neighbours(signer, verifier, rng, {}),
          peering(neighbours, rng, crypto::sha256(as_bytes(std::to_string(number)))) {}

    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    Neighbours neighbours;
    Peering peering;
    std::vector<LinkAddress> peers;
    bool dead = false;
};

// Hosts on one internet; what each sends arrives at once, introductions only at peers and only from peers. Host 0 is
// the seed of all. Time moves in steps of 100 ms.
class Mesh {
public:
    size_t add(const std::string& network = "root") {
        const size_t at = hosts.size();
        hosts.push_back(std::make_unique<Host>(at, network));
        hosts[at]->neighbours.add_port(0, 1400, now());
        hosts[at]->peering.add_port(0, {at == 0 ? std::vector<LinkAddress>{} : std::vector{link(0)}, {}}, now());
        return at;
    }
    void run(int64_t ms) {
        for (const int64_t end = now_ms_ + ms; now_ms_ < end; now_ms_ += 100)
            for (size_t i = 0; i < hosts.size(); ++i)
                if (!hosts[i]->dead) step(i);
    }
    Instant now() const { return at_ms(now_ms_); }
    size_t peers_of(size_t i) const { return hosts[i]->neighbours.table().size(); }

    // Which hosts are reached from `from` over links known at both ends.
    size_t component(size_t from) const {
        std::vector<size_t> reached{from};
        for (size_t k = 0; k < reached.size(); ++k)
            for (size_t i = 0; i < hosts.size(); ++i)
                if (std::find(reached.begin(), reached.end(), i) == reached.end() && knows(reached[k], i) &&
                    knows(i, reached[k]))
                    reached.push_back(i);
        return reached.size();
    }
    bool knows(size_t a, size_t b) const {
        return !hosts[b]->dead && std::any_of(hosts[a]->neighbours.table().begin(), hosts[a]->neighbours.table().end(),
                                              [&](const Neighbour& n) { return n.link == link(b); });
    }

    std::vector<std::unique_ptr<Host>> hosts;
    size_t join_packets = 0;

private:
    Host* at(const LinkAddress& address) {
        for (size_t i = 0; i < hosts.size(); ++i)
            if (link(i) == address && !hosts[i]->dead) return hosts[i].get();
        return nullptr;
    }
    void step(size_t i) {
        Host& host = *hosts[i];
        const auto joins = host.peering.poll(now());
        for (const LearnedPeers& learned : host.peering.take_changes()) host.peers = learned.peers;
        for (const JoinOut& out : joins) {
            ++join_packets;
            if (Host* to = at(out.to)) to->peering.on_join(0, link(i), out.payload, now(), wall_at(now()));
        }
        for (const IntroductionOut& out : host.neighbours.poll(now(), wall_at(now())))
            for (const LinkAddress& peer : host.peers)
                if (Host* to = at(peer); to && is_peer(*to, link(i)))
                    to->neighbours.on_introduction(0, link(i), out.sealed, now(), wall_at(now()));
    }
    static bool is_peer(const Host& host, const LinkAddress& address) {
        return std::find(host.peers.begin(), host.peers.end(), address) != host.peers.end();
    }
    int64_t now_ms_ = 0;
};

//        0         everybody knows 0 and nobody else
//     / / \ \      .
//    1 2   3 4
TEST(Peering, NodesThatKnowOnlyASeedFindEachOtherAndOutliveIt) {
    Mesh mesh;
    for (int i = 0; i < 5; ++i) mesh.add();
    mesh.run(15'000);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(mesh.peers_of(i), 4u) << i;
    mesh.hosts[0]->dead = true;
    mesh.run(60'000);
    EXPECT_EQ(mesh.component(1), 4u);
    for (size_t i = 1; i < 5; ++i) {
        EXPECT_EQ(mesh.peers_of(i), 3u) << "the silent seed is forgotten";
        EXPECT_EQ(mesh.hosts[i]->peers.size(), 3u);
    }
}

TEST(Peering, ManyNodesMakeOnePartialMesh) {
    constexpr size_t kNodes = 50;
    Mesh mesh;
    for (size_t i = 0; i < kNodes; ++i) {
        mesh.add();
        mesh.run(200);
    }
    mesh.run(60'000);
    EXPECT_EQ(mesh.component(0), kNodes);
    size_t links = 0;
    for (size_t i = 0; i < kNodes; ++i) {
        EXPECT_LE(mesh.peers_of(i), limits::kLearnedPeersMax);
        EXPECT_GE(mesh.peers_of(i), limits::kPeersWanted / 2);
        links += mesh.peers_of(i);
    }
    EXPECT_LT(links, kNodes * 20) << "not everybody with everybody";
    mesh.hosts[0]->dead = true;
    mesh.run(60'000);
    EXPECT_EQ(mesh.component(1), kNodes - 1);
    const size_t before = mesh.join_packets;
    mesh.run(120'000);
    EXPECT_LT(mesh.join_packets - before, (kNodes - 1) * 2 * 10) << "looking for more is slow once there are some";
}

TEST(Peering, ANodeOfAnotherNetworkGetsACookieAndNothingElse) {
    Mesh mesh;
    mesh.add();
    mesh.add();
    mesh.run(1000);
    const size_t stranger = mesh.add("elsewhere");
    mesh.run(20'000);
    EXPECT_EQ(mesh.peers_of(stranger), 0u);
    EXPECT_EQ(mesh.peers_of(0), 1u);
    EXPECT_GT(mesh.hosts[0]->peering.count(JoinVerdict::kRefused), 0u);
    EXPECT_GT(mesh.hosts[0]->neighbours.count(IntroductionVerdict::kBadSignature), 0u);
    EXPECT_THAT(mesh.hosts[stranger]->peers, testing::IsEmpty());
}

// A seed, and what a test says to it as node b from address 9.
struct Seed : testing::Test {
    Seed() {
        seed.neighbours.add_port(0, 1400, at_ms(0));
        seed.peering.add_port(0, {}, at_ms(0));
        b.neighbours.add_port(0, 1400, at_ms(0));
    }
    std::vector<JoinOut> say(const Bytes& payload, size_t from = 9, int64_t ms = 0) {
        verdict = seed.peering.on_join(0, link(from), payload, at_ms(ms), wall_at(at_ms(ms)));
        auto answers = seed.peering.poll(at_ms(ms));
        for (const JoinOut& answer : answers) EXPECT_LE(answer.payload.size(), payload.size());
        return answers;
    }
    JoinCookie cookie(size_t from = 9, int64_t ms = 0) {
        const auto answers = say(encode_join({JoinType::kKnock, 7, {}, {}, false, {}}), from, ms);
        EXPECT_EQ(answers.size(), 1u);
        const auto answer = decode_join(answers.at(0).payload);
        EXPECT_TRUE(answer && answer->type == JoinType::kCookie && answer->nonce == 7);
        EXPECT_EQ(answers[0].to, link(from));
        return answer->cookie;
    }
    Bytes ask(const JoinCookie& with) {
        const Bytes introduction = b.neighbours.introduce(0, with, test::kWall);
        return encode_join({JoinType::kAsk, 8, {}, introduction, false, {}});
    }
    void fill(size_t n) {
        for (size_t i = 0; i < n; ++i) {
            Host other(100 + i, "root");
            other.neighbours.add_port(0, 1400, at_ms(0));
            const int64_t ms = static_cast<int64_t>(i) * 100;
            const Bytes introduction = other.neighbours.introduce(0, cookie(100 + i, ms), wall_at(at_ms(ms)));
            say(encode_join({JoinType::kAsk, 8, {}, introduction, false, {}}), 100 + i, ms);
            EXPECT_EQ(verdict, JoinVerdict::kAccepted) << i;
        }
    }
    Host seed{0, "root"};
    Host b{1, "root"};
    JoinVerdict verdict = JoinVerdict::kAccepted;
};

TEST_F(Seed, TakesAMemberThatReturnsItsCookie) {
    const auto answers = say(ask(cookie()));
    EXPECT_EQ(verdict, JoinVerdict::kAccepted);
    ASSERT_EQ(answers.size(), 1u);
    const auto answer = decode_join(answers[0].payload);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->accepted);
    EXPECT_EQ(answer->nonce, 8u);
    EXPECT_TRUE(answer->peers.empty()) << "the only peer is who asks";
    EXPECT_THAT(seed.peering.take_changes().at(0).peers, testing::ElementsAre(link(9)));
    EXPECT_EQ(seed.neighbours.table().size(), 1u);
}

TEST_F(Seed, KeepsNothingAndChecksNoSignatureBeforeTheCookieCameBack) {
    static_cast<void>(seed.peering.take_changes());
    JoinCookie wrong = cookie();
    wrong.bytes[3] ^= 1;
    EXPECT_TRUE(say(ask(wrong)).empty());
    EXPECT_EQ(verdict, JoinVerdict::kBadCookie);
    EXPECT_EQ(seed.neighbours.signature_checks(), 0u);
    EXPECT_TRUE(seed.neighbours.table().empty());
    EXPECT_TRUE(seed.peering.take_changes().empty());
}

TEST_F(Seed, ACookieIsForOneAddressAndAWhile) {
    const JoinCookie mine = cookie(9, 0);
    EXPECT_TRUE(say(ask(mine), 10).empty());
    EXPECT_EQ(verdict, JoinVerdict::kBadCookie);
    EXPECT_TRUE(say(ask(mine), 9, 21'000).empty());
    EXPECT_EQ(verdict, JoinVerdict::kBadCookie);
    say(ask(mine), 9, 9000);
    EXPECT_EQ(verdict, JoinVerdict::kAccepted);
}

TEST_F(Seed, AnOverheardQuestionIsWorthNothingElsewhere) {
    const Bytes question = ask(cookie());
    say(question);
    EXPECT_TRUE(say(question, 10).empty());
    EXPECT_EQ(verdict, JoinVerdict::kBadCookie);
    EXPECT_TRUE(say(question).empty());
    EXPECT_EQ(verdict, JoinVerdict::kRefused) << "a replay";
}

TEST_F(Seed, NamesAtMostSixteenOthersAndTakesAtMostThirtyTwo) {
    fill(limits::kLearnedPeersMax);
    b.neighbours.add_port(0, 1400, at_ms(3200));
    const Bytes introduction = b.neighbours.introduce(0, cookie(9, 3200), wall_at(at_ms(3200)));
    const auto answers = say(encode_join({JoinType::kAsk, 8, {}, introduction, false, {}}), 9, 3200);
    EXPECT_EQ(verdict, JoinVerdict::kFull);
    const auto answer = decode_join(answers.at(0).payload);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->accepted);
    EXPECT_EQ(answer->peers.size(), limits::kJoinPeersMax);
    EXPECT_EQ(seed.neighbours.table().size(), limits::kLearnedPeersMax);
}

TEST_F(Seed, AFloodOfKnocksIsBounded) {
    size_t answers = 0;
    const Bytes knock = encode_join({JoinType::kKnock, 7, {}, {}, false, {}});
    for (size_t i = 0; i < 10'000; ++i) answers += say(knock, i % 200).size();
    EXPECT_LE(answers, 200u);
    EXPECT_GE(seed.peering.count(JoinVerdict::kRateLimited), 9'800u);
}

TEST_F(Seed, AnswersNobodyAskedForAreDropped) {
    for (const JoinType type : {JoinType::kCookie, JoinType::kPeers}) {
        EXPECT_TRUE(say(encode_join({type, 1, {}, {}, type == JoinType::kPeers, {}})).empty());
        EXPECT_EQ(verdict, JoinVerdict::kUnasked);
    }
    seed.peering.on_join(1, link(9), {}, at_ms(0), test::kWall);
    EXPECT_EQ(seed.peering.count(JoinVerdict::kUnknownPort), 1u);
}

// A node asks a seed that tells it lies.
TEST(Peering, IsNotSentToAddressesThatCannotBePeers) {
    Host node(1, "root");
    node.neighbours.add_port(0, 1400, at_ms(0));
    node.peering.add_port(0, {{link(0)}, {}}, at_ms(0));
    const auto knock = node.peering.poll(at_ms(0));
    ASSERT_EQ(knock.size(), 1u);
    const uint64_t nonce = decode_join(knock[0].payload)->nonce;
    EXPECT_EQ(node.peering.on_join(0, link(0), encode_join({JoinType::kCookie, nonce + 1, {}, {}, false, {}}), at_ms(0),
                                   test::kWall),
              JoinVerdict::kUnasked);
    node.peering.on_join(0, link(0), encode_join({JoinType::kCookie, nonce, {}, {}, false, {}}), at_ms(0), test::kWall);
    EXPECT_EQ(decode_join(node.peering.poll(at_ms(0)).at(0).payload)->type, JoinType::kAsk);
    std::vector<LinkAddress> lies;
    for (const char* text : {"127.0.0.1:53", "224.0.0.1:7000", "255.255.255.255:9", "0.0.0.0:7000", "192.0.2.7:0"})
        lies.push_back(*LinkAddress::parse(text));
    lies.push_back(link(5));
    node.peering.on_join(0, link(0), encode_join({JoinType::kPeers, nonce, {}, {}, true, lies}), at_ms(0), test::kWall);
    const auto next = node.peering.poll(at_ms(0));
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].to, link(5));
}

TEST(Peering, GivesUpOnSilenceAndAsksAgainLaterAndLater) {
    Mesh mesh;
    mesh.add();
    mesh.add();
    mesh.hosts[0]->dead = true;
    mesh.run(100'000);
    EXPECT_GE(mesh.join_packets, 30u);
    EXPECT_LE(mesh.join_packets, 60u);
    mesh.hosts[0]->dead = false;
    mesh.run(9'000);
    EXPECT_EQ(mesh.peers_of(1), 1u) << "while a node is alone it asks every eight seconds";
}

Bytes vector_0011(const std::string& name) {
    std::ifstream file(AIP_SOURCE_DIR "/rfc/vectors/0011/" + name + ".hex");
    std::stringstream text;
    text << file.rdbuf();
    std::string hex = text.str();
    std::erase(hex, '\n');
    return from_hex(hex).value_or(Bytes{});
}

std::vector<LinkAddress> some_peers(bool v6) {
    if (v6) return {*LinkAddress::parse("[2001:db8::1]:7000"), *LinkAddress::parse("[2001:db8::2]:7001")};
    return {*LinkAddress::parse("192.0.2.1:7000"), *LinkAddress::parse("198.51.100.2:7001")};
}

TEST(JoinMessages, AreThoseOfTheRfc) {
    JoinCookie cookie;
    for (size_t i = 0; i < cookie.bytes.size(); ++i) cookie.bytes[i] = static_cast<uint8_t>(i);
    constexpr uint64_t kNonce = 0x0123456789abcdef;
    EXPECT_EQ(encode_join({JoinType::kKnock, kNonce, {}, {}, false, {}}), vector_0011("join_knock"));
    EXPECT_EQ(encode_join({JoinType::kCookie, kNonce, cookie, {}, false, {}}), vector_0011("join_cookie"));
    EXPECT_EQ(encode_join({JoinType::kPeers, kNonce, {}, {}, true, some_peers(false)}), vector_0011("join_peers"));
    EXPECT_EQ(encode_join({JoinType::kPeers, kNonce, {}, {}, false, some_peers(true)}), vector_0011("join_peers_v6"));
}

TEST(JoinMessages, RoundTripAndRefuseEveryTruncationAndExcess) {
    for (const char* name : {"join_knock", "join_cookie", "join_peers", "join_peers_v6"}) {
        Bytes bytes = vector_0011(name);
        ASSERT_FALSE(bytes.empty()) << name;
        const auto message = decode_join(bytes);
        ASSERT_TRUE(message) << name;
        EXPECT_EQ(encode_join(*message), bytes);
        for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(decode_join(ByteView(bytes).first(n))) << name << n;
        bytes.push_back(0);
        EXPECT_FALSE(decode_join(bytes));
    }
}

TEST(JoinMessages, AnAskIsLongerThanAnyAnswerAndFitsOnePacket) {
    const Bytes shortest(kJoinPeersBytesMax, 1);
    EXPECT_TRUE(decode_join(encode_join({JoinType::kAsk, 1, {}, shortest, false, {}})));
    EXPECT_FALSE(decode_join(encode_join({JoinType::kAsk, 1, {}, ByteView(shortest).subspan(1), false, {}})));
    Host node(1, "root");
    node.neighbours.add_port(0, 1400, at_ms(0));
    const Bytes real = node.neighbours.introduce(0, JoinCookie{}, test::kWall);
    EXPECT_GE(real.size(), kJoinPeersBytesMax);
    EXPECT_LE(real.size(), 1280u - 100u);
    const Bytes longest(limits::kIntroductionBytesMax + 1, 1);
    EXPECT_FALSE(decode_join(encode_join({JoinType::kAsk, 1, {}, longest, false, {}})));
}

TEST(JoinMessages, RefuseReservedBitsUnknownTypesAndFamilies) {
    const Bytes good = vector_0011("join_peers");
    for (const size_t at : {0, 1, 2, 3, 4, 7}) {
        Bytes bad = good;
        bad[at] ^= 0x40;
        EXPECT_FALSE(decode_join(bad)) << at;
    }
    Bytes knock = vector_0011("join_knock");
    knock.back() = 1;
    EXPECT_FALSE(decode_join(knock)) << "a knock has no cookie";
}

}  // namespace
}  // namespace aip::routing
