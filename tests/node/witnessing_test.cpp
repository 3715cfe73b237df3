// Checkpoints are cosigned before a model leaves, and a log that shows two histories is found and put away.
//
//    1 -- 0 -- 5      what 0 says to 1 and to 5 differs
//    |         |
//    2 -- 3 -- 4      in 3 both histories meet
#include "node/witnessing.hpp"

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

class WitnessingTest : public World {
protected:
    void ring(size_t n) {
        for (size_t i = 0; i < n; ++i) network.add_node({});
        for (size_t i = 0; i < n; ++i) network.link(i, (i + 1) % n);
        for (size_t i = 0; i < n; ++i) {
            keeper.numbers[&network.machine(i)] = i;
            keeper.serves.insert(&network.machine(i));
            network.machine(i).set_program(&keeper);
        }
        ASSERT_TRUE(network.start().has_value());
        run_for(Duration::seconds(3));
    }

    // A log with the key of machine 0, which says that it asks for a cosignature.
    struct Twin {
        ledger::MemoryLogStore store;
        ledger::MemoryJournalFile journal;
        std::unique_ptr<ledger::Log> log;

        Twin(const crypto::Signer& signer, const std::string& history) {
            log = *ledger::Log::open(store, journal, signer);
            for (int i = 0; i < 3; ++i)
                EXPECT_TRUE(log->append(std::vector<Bytes>{to_bytes(as_bytes(history + std::to_string(i)))},
                                        std::vector<VersionId>{VersionId{}}));
        }
    };
    void tell(size_t to, size_t port, const Twin& twin) {
        const sim::Machine& liar = network.machine(0);
        const ledger::AddCheckpoint request{0, {}, *twin.log->checkpoint()};
        const Bytes payload = encode(WitnessRequest{liar.signer().credential(), request.text()});
        Bytes packet(aipacket::kPacketOverhead + payload.size());
        std::copy(payload.begin(), payload.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Header header;
        header.kind = aipacket::Kind::kWitness;
        aipacket::Endpoints ends;
        ends.source = liar.address();
        ends.destination = network.machine(to).address();
        packet.resize(aipacket::encode(packet, ends, header, payload.size()));
        network.machine(to).receive(port, packet);
    }
    bool put_away(size_t i) { return node(i).witnessing().quarantined(network.machine(0).address()); }
};

TEST_F(WitnessingTest, ModelLeavesWithTheCosignaturesOfItsReceiverAndOtherNeighbours) {
    row(3, {0, 1, 2});
    const auto sent = send(1, network.machine(2).address(), model_file(1));
    ASSERT_TRUE(sent) << sent.error().text;
    EXPECT_EQ(node(1).witnessing().cosigned(), 2u);
    std::optional<Result<Bytes>> bytes;
    node(1).entry_proof({sent->version, 0}, std::nullopt, [&](Result<Bytes> got) { bytes = std::move(got); });
    ASSERT_TRUE(run_until([&] { return bytes.has_value(); }));
    const auto proof = ledger::EntryProof::parse(**bytes);
    ASSERT_TRUE(proof);
    const auto note = ledger::Note::parse(proof->checkpoint);
    ASSERT_TRUE(note);
    for (const size_t witness : {0, 2}) {
        const crypto::Principal& self = network.machine(witness).signer().self();
        EXPECT_TRUE(ledger::verify_cosignature(*note, {ledger::log_origin(self.address), self.operational}));
    }
    crypto::Verifier verifier(network.machine(0).network_root());
    EXPECT_TRUE(ledger::verify(*proof, verifier, network.queue().wall()));
}

TEST_F(WitnessingTest, LogThatGrowsIsCosignedAgainAndAgain) {
    row(2, {0, 1});
    for (uint8_t i = 1; i <= 3; ++i) ASSERT_TRUE(send(0, network.machine(1).address(), model_file(i)));
    EXPECT_EQ(node(0).witnessing().cosigned(), 3u);
    EXPECT_EQ(counter(1, "witness.answered.cosigned"), 3);
    const auto table = report(0, "ledger-witness");
    ASSERT_TRUE(table);
    ASSERT_EQ(table->rows.size(), 1u);
    EXPECT_EQ(std::get<int64_t>(table->rows[0][2]), 4);  // one says which key signs
}

TEST_F(WitnessingTest, WitnessThatRestartedRemembersAndLogThatRestartedLearnsWhereItStands) {
    row(2, {0, 1});
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(1)));
    for (size_t i = 0; i < 2; ++i) {
        network.machine(i).kill();
        ASSERT_TRUE(network.machine(i).start());
    }
    run_for(Duration::seconds(3));
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(2)));
    EXPECT_EQ(counter(1, "witness.answered.conflict"), 1);
    EXPECT_EQ(counter(1, "witness.answered.cosigned"), 1);
}

TEST_F(WitnessingTest, SilentNeighbourDelaysAModelByNoMoreThanItsTime) {
    row(3, {0, 1, 2});
    network.block(0, 1);  // 1 still speaks to 0, and hears no answer
    const Instant before = network.queue().now();
    ASSERT_TRUE(send(1, network.machine(2).address(), model_file(1)));
    EXPECT_LT(network.queue().now() - before, Duration::seconds(1));
    EXPECT_EQ(node(1).witnessing().cosigned(), 1u);
}

TEST_F(WitnessingTest, ForkShownToTwoPartsIsFoundWithinTwoRoundsAndTheOffenderPutAway) {
    ring(6);
    tell(1, 0, Twin(network.machine(0).signer(), "one"));
    tell(5, 1, Twin(network.machine(0).signer(), "other"));
    const auto all = [&] {
        for (size_t i = 1; i < 6; ++i)
            if (!put_away(i)) return false;
        return true;
    };
    ASSERT_TRUE(run_until(all, Witnessing::kGossipEvery * 2 + Duration::milliseconds(500)));
    const auto& files = network.machine(3).files();
    ASSERT_EQ(files.size(), 1u);
    const auto proof = ledger::ForkProof::parse(files.begin()->second);
    ASSERT_TRUE(proof);
    const auto verdict = ledger::verify(*proof, network.machine(3).network_root());
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->offender, network.machine(0).address());
    EXPECT_EQ(report(4, "ledger-forks")->rows.size(), 1u);
    EXPECT_FALSE(send(0, network.machine(1).address(), model_file(1))) << "nothing is taken from it";
    EXPECT_FALSE(send(2, network.machine(0).address(), model_file(2))) << "nothing is sent to it";
    EXPECT_TRUE(send(2, network.machine(4).address(), model_file(3))) << "the others go on";
}

TEST_F(WitnessingTest, QuarantineSurvivesAPowerCut) {
    ring(6);
    tell(1, 0, Twin(network.machine(0).signer(), "one"));
    tell(1, 0, Twin(network.machine(0).signer(), "other"));
    ASSERT_TRUE(run_until([&] { return put_away(1) && put_away(2); }, Duration::seconds(10)));
    run_for(Duration::milliseconds(10));
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start());
    EXPECT_TRUE(put_away(1));
}

TEST_F(WitnessingTest, OneHistoryIsNoFork) {
    ring(6);
    const Twin twin(network.machine(0).signer(), "one");
    tell(1, 0, twin);
    tell(5, 1, twin);
    run_for(Duration::seconds(10));
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(node(i).witnessing().forks(), 0u);
}

TEST(WitnessMessage, IsReadBackTheSameAndRefusedWhenCutOrLengthened) {
    ledger::CertifiedHead head;
    head.head.size = 7;
    const std::vector<WitnessMessage> all{
        WitnessRequest{head.credential, "old 0\n\nnote\n"}, WitnessReply{head.credential, 7, 409, head, "3\n"},
        Heads{head.credential, {head.head, head.head}}, ledger::Contradiction{head, head, {}, {Digest{}}}};
    for (const WitnessMessage& message : all) {
        const Bytes bytes = encode(message);
        ASSERT_TRUE(is_witness_message(bytes));
        EXPECT_EQ(parse_witness_message(bytes).value(), message);
        for (size_t n = 0; n < bytes.size(); ++n) {
            const auto cut = parse_witness_message(ByteView(bytes).first(n));
            EXPECT_FALSE(cut && *cut == message) << n;
        }
    }
    Bytes longer = encode(all[2]);
    longer.push_back(0);
    EXPECT_FALSE(parse_witness_message(longer));
    EXPECT_FALSE(parse_witness_message(to_bytes(as_bytes("AIPW\x01\x05"))));
    EXPECT_FALSE(parse_witness_message(to_bytes(as_bytes("AIPW\x02\x01"))));
}

}  // namespace
}  // namespace aip::node
