// Looking into nodes, and into other nodes' ledgers.
#include "node/node.hpp"

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::HasSubstr;

struct Reports : World {};

TEST_F(Reports, EveryOneIsARectangleOfItsColumns) {
    row(2, {0});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const std::string journey = std::get<std::string>(report(1, "journeys")->rows.at(0)[0]);
    for (const std::string name : {"status", "peers", "routes", "interest", "transfers", "journeys", "journey",
                                   "counters", "models", "tags", "ledger-log"}) {
        std::vector<std::string> args;
        if (name == "journey") args = {journey};
        if (name == "interest") args = {kTask};
        const auto r = report(1, name, args);
        ASSERT_TRUE(r.has_value()) << name << ": " << r.error().text;
        for (const auto& cells : r->rows) EXPECT_EQ(cells.size(), r->columns.size()) << name;
    }
    EXPECT_EQ(report(1, "models")->rows.size(), 1u);
    EXPECT_EQ(report(1, "peers")->rows.size(), 1u);
}

TEST_F(Reports, UnknownNamesAndBadArgumentsAreErrors) {
    row(1);
    EXPECT_EQ(report(0, "nonsense").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(report(0, "journey").error().code, ErrorCode::kInvalid);
    EXPECT_EQ(report(0, "journey", {"xyz"}).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(report(0, "ledger-log", {"many"}).error().code, ErrorCode::kInvalid);
}

TEST_F(Reports, TaskNamesAreCheckedBeforeAnythingElse) {
    row(1);
    EXPECT_EQ(node(0).bind(kClient, "No Good").error().code, ErrorCode::kInvalid);
    EXPECT_FALSE(node(0).publish_interest(kClient, "unbound", {{{1, 2}, {}}, 3, 1}).has_value());
}

struct Links : World {};

// What strangers may send to: an echo request, an introduction and an offer stay without answer there.
TEST_F(Links, AnswersNobodyAtTheJoinGroupButWhoJoins) {
    row(2);
    const Address stranger = Address::make(node(0).self().network(), InterfaceId{0x5712});
    const auto refused = [&] {
        return counter(0, "packet.refused.unknown-kind") + counter(0, "packet.refused.not-ours");
    };
    const int64_t before = refused();
    Bytes echo(aipacket::kIcmpv6Body + 8);
    aipacket::encode_icmpv6(echo, {stranger, dataplane::kJoinGroup, 64}, aipacket::icmpv6::kEchoRequest, 0, 8);
    network.machine(0).receive(0, echo);
    const auto send_kind = [&](aipacket::Kind kind, const Address& to) {
        Bytes packet(aipacket::kPacketOverhead + 32);
        aipacket::Header header;
        header.kind = kind;
        packet.resize(aipacket::encode(packet, {stranger, to, 1}, header, 32));
        network.machine(0).receive(0, packet);
    };
    send_kind(aipacket::Kind::kIntroduction, dataplane::kJoinGroup);
    send_kind(aipacket::Kind::kOffer, dataplane::kJoinGroup);
    send_kind(aipacket::Kind::kJoin, node(0).self());
    send_kind(aipacket::Kind::kJoin, dataplane::kJoinGroup);
    run_for(Duration::milliseconds(100));
    EXPECT_EQ(refused(), before + 4);
    EXPECT_EQ(counter(0, "icmp.echo_requests"), 0);
    EXPECT_EQ(counter(0, "introduction.malformed"), 0);
    EXPECT_EQ(counter(0, "join.unknown-port"), 1) << "this port learns no peers";
}

struct Audits : World {};

// A model that was imported on 0, trained on 1 and on 2: node 2 follows it home.
TEST_F(Audits, VersionIsFollowedToItsOriginAndEveryProofVerifies) {
    row(3, {0});
    const auto sent = send(0, OnJourney{2, ""}, model_file(1));
    ASSERT_TRUE(delivered());
    const auto first = finish(keeper.given[0], model_file(2));
    ASSERT_TRUE(delivered(2));
    const auto last = finish(keeper.given[1], model_file(3));
    ASSERT_TRUE(last.has_value());
    std::optional<std::vector<AuditStep>> steps;
    const size_t at = keeper.given[1].machine;
    node(at).audit(last->version, [&](std::vector<AuditStep> s) { steps = std::move(s); });
    network.machine(at).wake();
    ASSERT_TRUE(run_until([&] { return steps.has_value(); }));
    ASSERT_EQ(steps->size(), 3u);
    crypto::Verifier verifier(network.machine(0).network_root());
    const std::vector<VersionId> versions{last->version, first->version, sent->version};
    for (size_t i = 0; i < 3; ++i) {
        const AuditStep& step = (*steps)[i];
        EXPECT_EQ(step.version, versions[i]) << step.note;
        const auto proof = ledger::EntryProof::parse(step.proof);
        ASSERT_TRUE(proof.has_value()) << step.note;
        const auto statement = ledger::verify(*proof, verifier, network.queue().wall());
        ASSERT_TRUE(statement.has_value()) << statement.error().text;
        EXPECT_EQ(statement->version, step.version);
        EXPECT_EQ(statement->node, step.node);
        if (i == 2) continue;  // imported
        EXPECT_TRUE(statement->changed) << "its parent was at hand";
        ASSERT_TRUE(statement->custody) << "it came with a proof";
        const auto given = ledger::EntryProof::parse((*steps)[i + 1].proof);
        EXPECT_EQ(statement->custody->index, given->index);
    }
    EXPECT_EQ(steps->back().node, network.machine(0).address());
}

TEST_F(Audits, LedgerOfANodeThatIsDownIsNamedAsUnreachable) {
    row(3, {0});
    ASSERT_TRUE(send(0, OnJourney{2, ""}, model_file(1)).has_value());
    ASSERT_TRUE(delivered());
    const auto first = finish(keeper.given[0], model_file(2));
    ASSERT_TRUE(delivered(2));
    network.machine(0).kill();
    std::optional<std::vector<AuditStep>> steps;
    node(1).audit(first->version, [&](std::vector<AuditStep> s) { steps = std::move(s); });
    network.machine(1).wake();
    ASSERT_TRUE(run_until([&] { return steps.has_value(); }));
    ASSERT_EQ(steps->size(), 2u);
    EXPECT_TRUE(steps->back().proof.empty());
    EXPECT_THAT(steps->back().note, HasSubstr("does not answer"));
}

TEST_F(Audits, VersionNobodyKnowsIsSaidToBeUnknown) {
    row(2);
    std::optional<Result<Bytes>> proof;
    node(0).entry_proof({VersionId{{1}}, 0}, network.machine(1).address(),
                        [&](Result<Bytes> p) { proof = std::move(p); });
    network.machine(0).wake();
    ASSERT_TRUE(run_until([&] { return proof.has_value(); }));
    EXPECT_EQ(proof->error().code, ErrorCode::kNotFound);
}

// Queries are not signed: a flood of them must leave room for models.
TEST_F(Audits, FloodOfQueriesTakesAQuarterOfTheTransfersAtMost) {
    row(2, {1});
    network.block(0, 1);  // the answers are never taken
    for (uint64_t query = 0; query < 500; ++query) {
        Bytes packet(aipacket::kPacketOverhead + Auditor::kQueryBytes);
        Bytes payload;
        Writer(payload).u64(query).put(Digest{}.view());
        std::copy(payload.begin(), payload.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Endpoints ends;
        ends.source = network.machine(1).address();
        ends.destination = network.machine(0).address();
        aipacket::Header header;
        header.kind = aipacket::Kind::kQuery;
        packet.resize(aipacket::encode(packet, ends, header, payload.size()));
        network.machine(0).receive(0, packet);
    }
    run_for(Duration::seconds(1));
    const size_t leaving = report(0, "transfers")->rows.size();
    EXPECT_GT(leaving, 0u);
    EXPECT_LE(leaving, limits::kTransfersMax / 4);
}

// Ten minutes after the start, and then all of it once a day.
TEST_F(Audits, TheLedgerIsReadAgainByItself) {
    row(2);
    ASSERT_TRUE(send(0, OnJourney{1, ""}, model_file(1)).has_value());
    EXPECT_EQ(counter(0, "ledger.scrub.rounds"), 0);
    run_for(ledger::Scrubber::kFirst + Duration::seconds(10));
    EXPECT_EQ(counter(0, "ledger.scrub.rounds"), 1);
    EXPECT_EQ(counter(0, "ledger.scrub.damaged"), 0);
}

}  // namespace
}  // namespace aip::node
