// Checkpoints are cosigned before a model leaves, and a log that shows two histories is found and put away.
//
//    1 -- 0 -- 5      what 0 says to 1 and to 5 differs
//    |         |
//    2 -- 3 -- 4      in 3 both histories meet
#include "node/witnessing.hpp"

#include "ledger/policy.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

// A log with the key of a machine that begins as the machine's own: what somebody could show who has its key or disk.
struct Twin {
    ledger::MemoryLogStore store;
    ledger::MemoryJournalFile journal;
    std::unique_ptr<ledger::Log> log;
    std::string history;

    Twin(const crypto::Signer& signer, const Bytes& first, std::string what, uint64_t size)
        : log(*ledger::Log::open(store, journal, signer)), history(std::move(what)) {
        append(first);
        while (log->size() < size) grow();
    }
    void append(const Bytes& leaf) {
        EXPECT_TRUE(log->append(std::vector<Bytes>{leaf}, std::vector<VersionId>{VersionId{}}));
    }
    void grow() { append(to_bytes(as_bytes(history + std::to_string(log->size())))); }
    ledger::AddCheckpoint request(uint64_t old_size) const {
        return {old_size, old_size == 0 ? ledger::MerklePath{} : *log->consistency(old_size, log->size()),
                *log->checkpoint()};
    }
};

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

    Bytes first_leaf() {
        std::optional<Result<Bytes>> bytes;
        node(0).entry_proof({uint64_t{0}, 0}, std::nullopt, [&](Result<Bytes> got) { bytes = std::move(got); });
        EXPECT_TRUE(run_until([&] { return bytes.has_value(); }));
        return ledger::EntryProof::parse(**bytes)->leaf;
    }
    Twin twin(const std::string& history, uint64_t size = 3) {
        return Twin(network.machine(0).signer(), first_leaf(), history, size);
    }
    void tell(size_t from, size_t to, size_t port, const WitnessMessage& message) {
        say(from, to, port, aipacket::Kind::kWitness, encode(message));
        run_for(Duration::milliseconds(20));
    }
    // Machine 0 asks for a cosignature; of its own log the neighbours have cosigned the first entry.
    void tell(size_t to, size_t port, const Twin& twin) { ask(to, port, twin.request(1)); }
    void ask(size_t to, size_t port, const ledger::AddCheckpoint& request, size_t credential_of = 0) {
        tell(0, to, port, WitnessRequest{network.machine(credential_of).signer().credential(), request.text()});
    }
    // Since mark().
    int64_t answered(size_t i, const std::string& how) { return counter(i, "witness.answered." + how) - marked_[how]; }
    uint64_t cosigned(size_t i) { return node(i).witnessing().cosigned() - cosigned_; }
    // From here on the answers of machine i, and the cosignatures it gets, are counted.
    void mark(size_t i) {
        marked_.clear();
        for (const ledger::WitnessStatus status : ledger::kWitnessStatuses) {
            const std::string how(ledger::witness_status_name(status));
            marked_[how] = counter(i, "witness.answered." + how);
        }
        cosigned_ = node(i).witnessing().cosigned();
    }
    std::map<std::string, int64_t> marked_;
    uint64_t cosigned_ = 0;
    bool put_away(size_t i) { return node(i).witnessing().quarantined(network.machine(0).address()); }
};

TEST_F(WitnessingTest, ModelLeavesWithTheCosignaturesOfItsReceiverAndOtherNeighbours) {
    row(3, {0, 1, 2});
    mark(1);
    const auto sent = send(1, network.machine(2).address(), model_file(1));
    ASSERT_TRUE(sent) << sent.error().text;
    EXPECT_EQ(cosigned(1), 2u);
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
    mark(1);
    const auto before = node(0).witnessing().cosigned();
    for (uint8_t i = 1; i <= 3; ++i) ASSERT_TRUE(send(0, network.machine(1).address(), model_file(i)));
    EXPECT_EQ(node(0).witnessing().cosigned(), before + 3);
    EXPECT_EQ(answered(1, "cosigned"), 3);
    const auto table = report(0, "ledger-witness");
    ASSERT_TRUE(table);
    EXPECT_EQ(std::get<std::string>(table->rows.at(0)[0]), "witnesses us");
    EXPECT_EQ(std::get<int64_t>(table->rows[0][2]), std::ssize(report(0, "ledger-log")->rows));
}

TEST_F(WitnessingTest, WitnessThatRestartedRemembersAndLogThatRestartedLearnsWhereItStands) {
    row(2, {0, 1});
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(1)));
    for (size_t i = 0; i < 2; ++i) {
        network.machine(i).kill();
        ASSERT_TRUE(network.machine(i).start());
    }
    run_for(Duration::seconds(5));
    ASSERT_TRUE(send(0, network.machine(1).address(), model_file(2)));
    EXPECT_EQ(answered(1, "conflict"), 1);
    EXPECT_EQ(answered(1, "cosigned"), 2) << "the same tree again, and the grown one";
}

// 1 is alone when it signs; the link that comes back takes the model and brings the cosignature. How many are enough is
// the checker's decision.
TEST_F(WitnessingTest, IsolatedNodeIsNeverStuck) {
    row(2);
    ASSERT_TRUE(send(0, OnJourney{3, {}}, model_file(1)));
    ASSERT_TRUE(delivered());
    ASSERT_EQ(keeper.given[0].machine, 1u);
    network.fail(0, 1);
    run_for(Duration::seconds(20));
    mark(1);
    const size_t entries = report(1, "ledger-log")->rows.size();
    ASSERT_TRUE(finish(keeper.given[0], model_file(2))) << "the entry does not wait for anybody";
    EXPECT_EQ(report(1, "ledger-log")->rows.size(), entries + 1);
    std::optional<Result<Bytes>> alone;
    node(1).checkpoint(0, [&](Result<Bytes> got) { alone = std::move(got); });
    ASSERT_TRUE(run_until([&] { return alone.has_value(); }));
    const std::string text(as_text(**alone));
    const crypto::Principal& other = network.machine(0).signer().self();
    const std::string witness =
        "witness w " + ledger::CosignatureKey{ledger::log_origin(other.address), other.operational}.vkey() + "\n";
    EXPECT_TRUE(ledger::check_policy(*ledger::Policy::parse("quorum none\n"), text));
    EXPECT_FALSE(ledger::check_policy(*ledger::Policy::parse(witness + "quorum w\n"), text));

    network.recover(0, 1);
    ASSERT_TRUE(run_until([&] { return keeper.given.size() == 2; }, Duration::seconds(120))) << "it leaves again";
    EXPECT_EQ(keeper.given[1].machine, 0u);
    EXPECT_GE(cosigned(1), 1u);
}

// The journey ends at 1: its last entries leave with no model, and are cosigned all the same.
TEST_F(WitnessingTest, WhatNoModelTookAlongIsCosignedWithTheNextRound) {
    row(2, {0});
    OnJourney journey;
    journey.stops = 1;
    ASSERT_TRUE(send(0, journey, model_file(1)));
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(finish(keeper.given[0], model_file(2)));
    run_for(Witnessing::kGossipEvery * 2);
    EXPECT_EQ(std::get<int64_t>(report(1, "ledger-witness")->rows[0][2]), std::ssize(report(1, "ledger-log")->rows));
}

TEST_F(WitnessingTest, AsksAWitnessThatRefusesAFewTimesAndNotForEver) {
    row(2, {0, 1});
    tell(1, 0, twin("one"));
    tell(1, 0, twin("other"));
    ASSERT_TRUE(put_away(1));
    mark(0);
    EXPECT_FALSE(send(0, network.machine(1).address(), model_file(1)));
    run_for(Duration::seconds(30));
    const int64_t asked = counter(0, "witness.asked");
    EXPECT_GE(asked, 5);
    run_for(Duration::seconds(60));
    EXPECT_EQ(counter(0, "witness.asked"), asked);
    EXPECT_EQ(cosigned(0), 0u);
}

// The answers of the tlog-witness specification, over the network.
TEST_F(WitnessingTest, StaleCheckpointIsAConflict) {
    row(2, {0, 1});
    mark(1);
    Twin log = twin("one");
    const ledger::AddCheckpoint stale = log.request(1);
    ask(1, 0, stale);
    EXPECT_EQ(answered(1, "cosigned"), 1);
    log.grow();
    ask(1, 0, log.request(3));
    EXPECT_EQ(answered(1, "cosigned"), 2);
    ask(1, 0, stale);
    EXPECT_EQ(answered(1, "conflict"), 1);
    EXPECT_EQ(node(1).witnessing().forks(), 0u) << "an old checkpoint is no fork";
}

TEST_F(WitnessingTest, WrongLogIsUnknownAndAForgedCheckpointIsNotSigned) {
    row(2, {0, 1});
    mark(1);
    const Twin log = twin("one");
    ask(1, 0, log.request(1), 1);  // with the credential of another node
    EXPECT_EQ(answered(1, "unknown_log"), 1);
    ledger::AddCheckpoint forged = log.request(1);
    const Twin other = twin("other");
    const std::string theirs = *other.log->checkpoint();
    forged.checkpoint =
        forged.checkpoint.substr(0, forged.checkpoint.find("\n\n")) + theirs.substr(theirs.find("\n\n"));
    ask(1, 0, forged);
    EXPECT_EQ(answered(1, "bad_signature"), 1);
    EXPECT_EQ(answered(1, "cosigned"), 0);
}

TEST_F(WitnessingTest, InconsistentProofIsRefusedAndATreeThatDidNotGrowIsCaught) {
    row(2, {0, 1});
    mark(1);
    Twin log = twin("one");
    tell(1, 0, log);
    for (int i = 0; i < 4; ++i) log.grow();
    ledger::AddCheckpoint bent = log.request(3);
    bent.proof.front().bytes[0] ^= 1;
    ask(1, 0, bent);
    EXPECT_EQ(answered(1, "bad_proof"), 1);
    EXPECT_EQ(node(1).witnessing().forks(), 0u) << "a broken proof proves nothing";
    ask(1, 0, twin("other", 7).request(3));
    EXPECT_EQ(answered(1, "bad_proof"), 2);
    EXPECT_TRUE(put_away(1)) << "a good proof of another past does";
    ask(1, 0, log.request(3));
    EXPECT_EQ(answered(1, "bad_signature"), 1) << "and then nothing of it is signed";
    EXPECT_EQ(answered(1, "cosigned"), 1);
}

TEST_F(WitnessingTest, CosignatureThatNobodyAskedForIsRefused) {
    row(3, {0, 1, 2});
    mark(1);
    ASSERT_TRUE(send(1, network.machine(2).address(), model_file(1)));
    const auto refused = node(1).witnessing().refused();
    tell(0, 1, 0, WitnessReply{network.machine(0).signer().credential(), 1, 200, {}, "not a line\n"});
    tell(0, 1, 0, WitnessReply{network.machine(2).signer().credential(), 9, 200, {}, "not a line\n"});
    EXPECT_EQ(node(1).witnessing().refused(), refused + 2);
    EXPECT_EQ(cosigned(1), 2u);
}

// The power goes as soon as the cosignature is on the wire: it is on the disk too.
TEST_F(WitnessingTest, WitnessPersistsBeforeItAnswers) {
    row(2, {0, 1});
    const Bytes first = first_leaf();
    const auto before = node(1).witnessing().served(0);
    start_send(0, network.machine(1).address(), model_file(1));
    ASSERT_TRUE(run_until([&] { return node(1).witnessing().served(0) == before + 1; }));
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start());
    ask(1, 0, Twin(network.machine(0).signer(), first, "other", 2).request(1));
    EXPECT_EQ(answered(1, "conflict"), 1);
    EXPECT_TRUE(put_away(1)) << "it remembers what the other tree contradicts";
}

TEST_F(WitnessingTest, SilentNeighbourDelaysAModelByNoMoreThanItsTime) {
    row(3, {0, 1, 2});
    mark(1);
    network.block(0, 1);  // 1 still speaks to 0, and hears no answer
    const Instant before = network.queue().now();
    ASSERT_TRUE(send(1, network.machine(2).address(), model_file(1)));
    EXPECT_LT(network.queue().now() - before, Duration::seconds(1));
    EXPECT_EQ(cosigned(1), 1u);
}

TEST_F(WitnessingTest, ForkShownToTwoPartsIsFoundWithinTwoRoundsAndTheOffenderPutAway) {
    ring(6);
    tell(1, 0, twin("one"));
    tell(5, 1, twin("other"));
    const auto all = [&] {
        for (size_t i = 1; i < 6; ++i)
            if (!put_away(i)) return false;
        return true;
    };
    ASSERT_TRUE(run_until(all, Witnessing::kGossipEvery * 2 + Duration::milliseconds(500)));
    run_for(Duration::milliseconds(10));  // it is written after the record is
    const auto& files = network.machine(3).files();
    ASSERT_EQ(files.size(), 1u);
    const auto proof = ledger::ForkProof::parse(files.begin()->second);
    ASSERT_TRUE(proof);
    const auto verdict = ledger::verify(*proof, network.machine(3).network_root());
    ASSERT_TRUE(verdict) << "whoever knows the network's root key can check the file";
    EXPECT_EQ(verdict->offender, network.machine(0).address());
    EXPECT_EQ(report(4, "ledger-forks")->rows.size(), 1u);
    EXPECT_FALSE(send(0, network.machine(1).address(), model_file(1))) << "nothing is taken from it";
    EXPECT_FALSE(send(2, network.machine(0).address(), model_file(2))) << "nothing is sent to it";
    const auto third = send(2, network.machine(4).address(), model_file(3));
    ASSERT_TRUE(third) << "the others go on";
    EXPECT_FALSE(lends(2, 0, third->version)) << "nor does it get what it asks for";
    EXPECT_TRUE(lends(2, 3, third->version)) << "as the others do";
}

// What happens when a fork is shown to 1 and to 5, in the words of everybody.
struct Telling final : WitnessingTest {
    std::string told;
    void TestBody() override {
        ring(6);
        tell(1, 0, twin("one"));
        tell(5, 1, twin("other"));
        run_for(Duration::seconds(6));
        for (size_t i = 0; i < 6; ++i) {
            for (const std::string& line : network.machine(i).lines()) told += line + "\n";
            for (const auto& [name, text] : network.machine(i).files()) told += name + text;
        }
        told += std::to_string(network.packets()) + " " + std::to_string(network.wire_bytes());
    }
};

TEST(Witnessing, TheSameSeedIsTheSameRun) {
    Telling one;
    Telling other;
    one.TestBody();
    other.TestBody();
    EXPECT_THAT(one.told, testing::HasSubstr("QUARANTINED"));
    EXPECT_EQ(one.told, other.told);
}

TEST_F(WitnessingTest, QuarantineSurvivesAPowerCut) {
    ring(6);
    tell(1, 0, twin("one"));
    tell(1, 0, twin("other"));
    ASSERT_TRUE(run_until([&] { return put_away(1) && put_away(2); }, Duration::seconds(10)));
    run_for(Duration::milliseconds(10));
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start());
    EXPECT_TRUE(put_away(1));
}

TEST_F(WitnessingTest, OneHistoryIsNoFork) {
    ring(6);
    const Twin log = twin("one");
    tell(1, 0, log);
    tell(5, 1, log);
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
