// Histories over several logs, checked under the network root alone.
#include "ledger/lineage.hpp"

#include <gmock/gmock.h>

#include "crypto/revocation.hpp"
#include "fixture.hpp"
#include "ledger/key_history.hpp"

namespace aip::ledger {
namespace {

using testing::HasSubstr;

class Facts final : public VersionFacts {
public:
    std::optional<VersionId> add_manifest(ByteView bytes) override { return VersionId::from(bytes); }
    std::optional<VersionFacts::Facts> of(const VersionId& version) const override {
        const auto it = known.find(version);
        return it == known.end() ? std::nullopt : std::optional(it->second);
    }
    std::optional<Digest> weights(const VersionId& version) const override {
        const auto it = hashed.find(version);
        return it == hashed.end() ? std::nullopt : std::optional(it->second);
    }
    std::optional<TensorChange> change(const VersionId&, const VersionId&) const override { return changed; }

    std::map<VersionId, VersionFacts::Facts> known;
    std::map<VersionId, Digest> hashed;
    std::optional<TensorChange> changed;
};

// Three nodes with a log each. Version 0 is imported at node 0, 1 trained from it at node 1, 2 at node 2; 3 is merged
// at node 0 from 1 and 2:
//
//     0 --- 1 --- 3
//      \--- 2 ---/
class Histories : public testing::Test {
protected:
    static constexpr size_t kNodes = 3;
    struct Machine {
        explicit Machine(uint8_t tag) : signer(signer_of(tag)) {
            log = *Log::open(store, journal, signer);
            EXPECT_TRUE(record_key(*log, signer, "", "aipacketd/0.1.0", kNow));
        }
        MemoryLogStore store;
        MemoryJournalFile journal;
        crypto::Signer signer;
        std::unique_ptr<Log> log;
    };

    void SetUp() override {
        for (uint8_t i = 0; i < kNodes; ++i)
            machines_.push_back(std::make_unique<Machine>(static_cast<uint8_t>(2 + i)));
        record(0, 0, {}, "imported");
        record(1, 1, {0}, "trained", 0);
        record(2, 2, {0}, "trained", 0);
        record(0, 3, {1, 2}, "merged", 1);
    }

    HopStatement says(size_t node, uint64_t version, const std::vector<uint64_t>& parents, const char* what) const {
        HopStatement s = statement_of(machines_[node]->signer, version);
        s.what = what;
        s.parents.clear();
        for (const uint64_t parent : parents) s.parents.push_back(version_of(parent));
        s.received_from.reset();
        s.custody.reset();
        return s;
    }
    void record(size_t node, uint64_t version, const std::vector<uint64_t>& parents, const char* what,
                std::optional<size_t> giver = {}) {
        HopStatement s = says(node, version, parents, what);
        if (giver) {
            const EntryProof given = proof(*giver, parents.front());
            s.received_from = machines_[*giver]->signer.self().address;
            s.custody = giver_proof(given, given.encode());
        }
        append(node, s);
    }
    void append(size_t node, const HopStatement& s) {
        const Bytes leaf = *make_leaf(s, machines_[node]->signer);
        ASSERT_TRUE(machines_[node]->log->append(std::span(&leaf, 1), std::span(&s.version, 1)));
    }
    EntryProof proof(size_t node, uint64_t version) const {
        const Log& log = *machines_[node]->log;
        return *log.prove(**log.find(version_of(version)));
    }
    std::vector<Bytes> stops() const {
        return {proof(0, 3).encode(), proof(1, 1).encode(), proof(2, 2).encode(), proof(0, 0).encode()};
    }
    Bytes key_event(size_t node) const { return machines_[node]->log->prove(0)->encode(); }

    // Of version 4, an entry of node 1, with the key events that follow that node's first.
    Lineage audit_of_version_4(const std::vector<Bytes>& events) {
        auto v = verifier();
        LineageAudit audit(v, facts_);
        const Bytes stop = proof(1, 4).encode(), created = key_event(1);
        audit.add({BundleKind::kStop, stop});
        audit.add({BundleKind::kKeyEvent, created});
        for (const Bytes& event : events) audit.add({BundleKind::kKeyEvent, event});
        return audit.finish(version_of(4));
    }

    Lineage audit(const std::vector<Bytes>& given, const Policy* policy = nullptr, size_t with_keys = kNodes,
                  const std::vector<crypto::RevocationBytes>& words = {}) {
        auto v = verifier();
        LineageAudit audit(v, facts_, policy);
        for (const Bytes& stop : given) audit.add({BundleKind::kStop, stop});
        for (size_t i = 0; i < with_keys; ++i) {
            const Bytes event = key_event(i);
            audit.add({BundleKind::kKeyEvent, event});
        }
        for (const auto& word : words) audit.add({BundleKind::kRevoked, word.view()});
        return audit.finish(version_of(3));
    }

    std::vector<std::unique_ptr<Machine>> machines_;
    Facts facts_;
};

TEST_F(Histories, AreGoodBackToTheOriginOverBranches) {
    const Lineage lineage = audit(stops());
    ASSERT_EQ(lineage.steps.size(), 4u);
    for (const LineageStep& step : lineage.steps) {
        EXPECT_TRUE(step.is_good()) << step.why;
        EXPECT_EQ(step.signature, Verdict::kGood);
        EXPECT_EQ(step.key, Verdict::kGood);
        EXPECT_EQ(step.inclusion, Verdict::kGood);
        EXPECT_EQ(step.digest, Verdict::kNotAtHand);
    }
    EXPECT_TRUE(lineage.is_complete());
    EXPECT_EQ(lineage.steps[0].custody, Verdict::kGood) << "the giver's entry is here";
    EXPECT_EQ(lineage.steps[1].depth, 1u) << "the second parent is a branch";
    EXPECT_EQ(lineage.steps[1].version, version_of(2));
    EXPECT_EQ(lineage.steps.back().version, version_of(1));
    EXPECT_EQ(lineage.checkpoints, kNodes) << "one of each log";
}

TEST_F(Histories, NameWhatIsMissing) {
    std::vector<Bytes> given = stops();
    given.pop_back();  // the origin
    const Lineage lineage = audit(given);
    EXPECT_FALSE(lineage.is_complete());
    EXPECT_EQ(lineage.missing, 1u);
    EXPECT_EQ(lineage.bad, 0u);
    EXPECT_THAT(audit({}).steps.at(0).why, HasSubstr("no proof"));
}

TEST_F(Histories, AreNotBelievedWithoutTheKeyEventsOfTheirLogs) {
    const Lineage lineage = audit(stops(), {}, 2);
    EXPECT_FALSE(lineage.is_complete());
    EXPECT_EQ(lineage.missing, 1u);
    EXPECT_THAT(lineage.steps[1].why, HasSubstr("key events"));
}

TEST_F(Histories, AFlippedBitInAnyProofIsFound) {
    const std::vector<Bytes> good = stops();
    for (size_t stop = 0; stop < good.size(); ++stop) {
        for (size_t at = 0; at < good[stop].size(); at += 41) {
            std::vector<Bytes> given = good;
            given[stop][at] ^= 1;
            const Lineage lineage = audit(given);
            EXPECT_FALSE(lineage.is_complete()) << "stop " << stop << ", byte " << at;
        }
    }
}

TEST_F(Histories, AnEntryByAKeyThatWasRetiredIsWrong) {
    // The thief of node 1's first key signs an entry after the rotation, and a whole tree over it.
    Machine& victim = *machines_[1];
    const crypto::Signer fresh = signer_of(3, 88);
    victim.log = *Log::open(victim.store, victim.journal, fresh);
    ASSERT_TRUE(record_key(*victim.log, fresh, "", "aipacketd/0.1.0", kNow));
    const Bytes rotation = victim.log->prove(2)->encode();
    victim.log = *Log::open(victim.store, victim.journal, victim.signer);
    append(1, says(1, 4, {}, "imported"));
    const Lineage lineage = audit_of_version_4({rotation});
    EXPECT_EQ(lineage.bad, 1u);
    EXPECT_EQ(lineage.steps.at(0).key, Verdict::kBad);
    EXPECT_THAT(lineage.steps.at(0).why, HasSubstr("checkpoint is signed by a key that was not the log's then"));
}

TEST_F(Histories, AnEntryByARetiredKeyInATreeOfTheNewOneIsWrong) {
    Machine& machine = *machines_[1];
    const crypto::Signer fresh = signer_of(3, 88);
    machine.log = *Log::open(machine.store, machine.journal, fresh);
    ASSERT_TRUE(record_key(*machine.log, fresh, "", "aipacketd/0.1.0", kNow));
    append(1, says(1, 4, {}, "imported"));  // by the old one
    const Lineage lineage = audit_of_version_4({machine.log->prove(2)->encode()});
    EXPECT_EQ(lineage.bad, 1u);
    EXPECT_EQ(lineage.steps.at(0).key, Verdict::kBad);
    EXPECT_THAT(lineage.steps.at(0).why, HasSubstr("but at entry 3 key"));
}

TEST_F(Histories, ARevokedKeyThatRotatesItselfBackInIsWrong) {
    Machine& victim = *machines_[1];
    const crypto::Signer fresh = signer_of(3, 88);
    victim.log = *Log::open(victim.store, victim.journal, fresh);
    ASSERT_TRUE(record_key(*victim.log, fresh, "", "aipacketd/0.1.0", kNow));
    const Bytes rotation = victim.log->prove(2)->encode();
    victim.log = *Log::open(victim.store, victim.journal, victim.signer);
    KeyEvent back;
    back.number = 2;
    back.change = KeyChange::kRotated;
    back.key = victim.signer.self().operational;
    back.previous = fresh.self().operational;
    back.node = victim.signer.self().address;
    back.software = "aipacketd/0.1.0";
    back.time = kNow;
    const Bytes leaf = *make_key_leaf(back, victim.signer);
    const VersionId id = key_event_id(2);
    ASSERT_TRUE(victim.log->append(std::span(&leaf, 1), std::span(&id, 1)));
    append(1, says(1, 4, {}, "imported"));
    const Lineage lineage = audit_of_version_4({rotation, victim.log->prove(3)->encode()});
    EXPECT_EQ(lineage.bad, 1u);
    EXPECT_EQ(lineage.steps.at(0).key, Verdict::kBad);
    EXPECT_THAT(lineage.steps.at(0).why, HasSubstr("was the log's before"));
}

TEST_F(Histories, TwoKeyEventsOfOneNumberAreWrongInAnyOrder) {
    Machine twin(3);  // node 1 once more; both go on with another key
    std::vector<Bytes> events;
    const std::array<crypto::Signer, 2> fresh{signer_of(3, 88), signer_of(3, 89)};
    const auto rotate = [&](Machine& machine, const crypto::Signer& signer) {
        machine.log = *Log::open(machine.store, machine.journal, signer);
        ASSERT_TRUE(record_key(*machine.log, signer, "", "aipacketd/0.1.0", kNow));
        events.push_back(machine.log->prove(machine.log->size() - 1)->encode());
    };
    rotate(*machines_[1], fresh[0]);
    rotate(twin, fresh[1]);
    events.push_back(key_event(1));
    const Bytes stop = machines_[1]->log->prove(1)->encode();
    for (int order = 0; order < 2; ++order) {
        auto v = verifier();
        LineageAudit audit(v, facts_);
        audit.add({BundleKind::kStop, stop});
        for (const Bytes& event : events) audit.add({BundleKind::kKeyEvent, event});
        const Lineage lineage = audit.finish(version_of(1));
        EXPECT_EQ(lineage.steps.at(0).key, Verdict::kBad);
        EXPECT_THAT(lineage.steps.at(0).why, HasSubstr("two key events 1")) << "order " << order;
        std::swap(events[0], events[1]);
    }
}

TEST_F(Histories, TwoTreesOfOneSizeAreAFork) {
    Machine twin(3);  // node 1 once more, with another second entry
    HopStatement other = says(1, 1, {0}, "trained");
    other.samples = 7;
    const Bytes leaf = *make_leaf(other, twin.signer);
    ASSERT_TRUE(twin.log->append(std::span(&leaf, 1), std::span(&other.version, 1)));
    std::vector<Bytes> given = stops();
    given.push_back(twin.log->prove(1)->encode());
    const Lineage lineage = audit(given);
    EXPECT_EQ(lineage.bad, 2u) << "every step of that log";
    EXPECT_FALSE(lineage.is_complete());
}

TEST_F(Histories, ManifestsThatSaySomethingElseAreFound) {
    for (uint64_t n = 0; n < 4; ++n) {
        const HopStatement s = *read_leaf(EntryProof::parse(stops()[3 - n])->leaf);
        facts_.known[s.version] = {s.content, s.parents};
    }
    facts_.changed = tensor_change({"w2", "b2"}, 4);
    EXPECT_TRUE(audit(stops()).is_complete());
    EXPECT_EQ(audit(stops()).steps[0].change, Verdict::kGood);
    facts_.changed = tensor_change({"w1"}, 4);
    EXPECT_EQ(audit(stops()).steps[0].change, Verdict::kBad);
    facts_.changed.reset();
    facts_.known[version_of(3)].content.bytes[0] ^= 1;
    EXPECT_EQ(audit(stops()).steps[0].digest, Verdict::kBad);
}

TEST_F(Histories, WeightsThatAreNotThoseOfTheEntryAreFound) {
    facts_.hashed[version_of(3)] = says(0, 3, {1, 2}, "merged").content;
    EXPECT_EQ(audit(stops()).steps[0].bytes, Verdict::kGood);
    EXPECT_EQ(audit(stops()).steps[1].bytes, Verdict::kNotAtHand);
    facts_.hashed[version_of(3)].bytes[0] ^= 1;
    const Lineage lineage = audit(stops());
    EXPECT_EQ(lineage.steps[0].bytes, Verdict::kBad);
    EXPECT_EQ(lineage.bad, 1u);
}

TEST_F(Histories, MalformedManifestsAndThoseOfOtherVersionsAreRefused) {
    const auto with_manifest = [&](const Bytes& manifest) {
        auto v = verifier();
        LineageAudit audit(v, facts_);
        const std::vector<Bytes> given = stops();
        for (const Bytes& stop : given) audit.add({BundleKind::kStop, stop});
        for (size_t i = 0; i < kNodes; ++i) {
            const Bytes event = key_event(i);
            audit.add({BundleKind::kKeyEvent, event});
        }
        audit.add({BundleKind::kManifest, manifest});
        return audit.finish(version_of(3));
    };
    EXPECT_TRUE(with_manifest(to_bytes(version_of(2).view())).is_complete());
    const Lineage foreign = with_manifest(to_bytes(version_of(77).view()));
    EXPECT_FALSE(foreign.is_complete());
    EXPECT_THAT(foreign.unread, HasSubstr("of no version of this history"));
    const Lineage malformed = with_manifest(Bytes{1, 2, 3});
    EXPECT_FALSE(malformed.is_complete());
    EXPECT_THAT(malformed.unread, HasSubstr("malformed"));
}

// What node 2 says of the hand-over of version 0 by node 0, spoiled before it is signed.
class Custody : public Histories {
protected:
    template <class Spoil>
    LineageStep handed_over(const Spoil& spoil) {
        HopStatement s = says(2, 5, {0}, "trained");
        const EntryProof given = proof(0, 0);
        s.received_from = machines_[0]->signer.self().address;
        s.custody = giver_proof(given, given.encode());
        spoil(*s.custody);
        append(2, s);
        auto v = verifier();
        LineageAudit audit(v, facts_);
        const Bytes taken = proof(2, 5).encode(), origin = given.encode();
        audit.add({BundleKind::kStop, taken});
        audit.add({BundleKind::kStop, origin});
        for (const size_t node : {0, 2}) {
            const Bytes event = key_event(node);
            audit.add({BundleKind::kKeyEvent, event});
        }
        return audit.finish(version_of(5)).steps.at(0);
    }
};

TEST_F(Custody, OfWhatTheGiversLogHoldsIsGood) {
    const LineageStep step = handed_over([](GiverProof&) {});
    EXPECT_TRUE(step.is_good()) << step.why;
    EXPECT_EQ(step.custody, Verdict::kGood);
}

TEST_F(Custody, OfATreeTheGiversLogNeverHadIsWrong) {
    const LineageStep step = handed_over([](GiverProof& custody) { custody.root.bytes[0] ^= 1; });
    EXPECT_EQ(step.custody, Verdict::kBad);
    EXPECT_THAT(step.why, HasSubstr("the giver showed another tree of 3 entries"));
}

TEST_F(Custody, OfAnEntryThatStandsElsewhereIsWrong) {
    const LineageStep step = handed_over([](GiverProof& custody) { ++custody.index; });
    EXPECT_EQ(step.custody, Verdict::kBad);
    EXPECT_THAT(step.why, HasSubstr("stands elsewhere in its log"));
}

TEST_F(Histories, OfARevokedIdentityAreWrongFromThatTimeOn) {
    const crypto::PublicKey identity = machines_[1]->signer.self().identity;
    const auto revoked_from = [&](WallTime from) {
        return crypto::revoke_node(network_root(), identity, from, kNow + Duration::seconds(100));
    };
    const auto later = revoked_from(kNow + Duration::milliseconds(1)), by_then = revoked_from(kNow);
    EXPECT_TRUE(audit(stops(), {}, kNodes, {later}).is_complete()) << "history stays";
    for (const auto& words : {std::vector{later, by_then}, std::vector{by_then, later}}) {
        const Lineage lineage = audit(stops(), {}, kNodes, words);
        EXPECT_EQ(lineage.bad, 1u);
        const LineageStep& step = lineage.steps.back();
        EXPECT_EQ(step.key, Verdict::kBad);
        EXPECT_EQ(step.why,
                  "identity " + step.node.text() + " was revoked from 2025-10-09T08:53:20Z by the network root");
    }
}

TEST_F(Histories, RevocationsThatTheRootDidNotSignAreRefused) {
    const auto word = crypto::revoke_node(key_of(9), machines_[1]->signer.self().identity, kNow, kNow);
    const Lineage lineage = audit(stops(), {}, kNodes, {word});
    EXPECT_FALSE(lineage.is_complete());
    EXPECT_EQ(lineage.bad, 0u);
    EXPECT_THAT(lineage.unread, HasSubstr("not signed by the root"));
}

TEST_F(Histories, AreHeldToThePolicyOfTheChecker) {
    const CosignatureKey first{"first.example", key_of(60).public_key()},
        second{"second.example", key_of(61).public_key()};
    const auto cosigned = [&](size_t node, uint64_t version) {
        EntryProof given = proof(node, version);
        const std::string text = Note::parse(given.checkpoint)->text;
        given.checkpoint += cosignature_line(first, 100, key_of(60).sign(as_bytes(cosigned_message(text, 100))));
        return given.encode();
    };
    const std::string both = "witness a " + first.vkey() + "\nwitness b " + second.vkey() + "\ngroup g any a b\n";
    const Policy any = *Policy::parse(both + "quorum g\n"), all = *Policy::parse(both + "quorum b\n");
    std::vector<Bytes> given = {cosigned(0, 3), cosigned(1, 1), cosigned(2, 2), cosigned(0, 0)};
    const Lineage held = audit(given, &any);
    EXPECT_TRUE(held.is_complete());
    for (const LineageStep& step : held.steps) EXPECT_EQ(step.witnesses, std::vector<std::string>{"a"});
    const Lineage lacking = audit(given, &all);
    EXPECT_EQ(lacking.bad, 4u);
    EXPECT_EQ(lacking.steps[0].witnesses, std::vector<std::string>{"a"}) << "who did is told all the same";
    EXPECT_THAT(lacking.steps[0].why, HasSubstr("quorum 'b'"));
    given[1] = stops()[1];
    const Lineage one = audit(given, &any);
    EXPECT_EQ(one.bad, 1u) << "a step in a tree nobody cosigned";
}

TEST_F(Histories, EndEvenIfEntriesNameEachOther) {
    append(0, says(0, 5, {6}, "trained"));
    append(1, says(1, 6, {5}, "trained"));
    auto v = verifier();
    LineageAudit audit(v, facts_);
    const Bytes five = proof(0, 5).encode(), six = proof(1, 6).encode();
    audit.add({BundleKind::kStop, five});
    audit.add({BundleKind::kStop, six});
    EXPECT_EQ(audit.finish(version_of(5)).steps.size(), 2u);
}

TEST(Bundle, IsReadAsItWasWrittenAndRefusedWhenDamaged) {
    Bytes bundle = bundle_head(version_of(1));
    const Bytes body{1, 2, 3};
    for (const Bytes& item : {bundle_item(BundleKind::kStop, body), bundle_missing(version_of(2), "nobody answers"),
                              bundle_item(static_cast<BundleKind>(200), body)})
        bundle.insert(bundle.end(), item.begin(), item.end());
    const Digest end = bundle_end(bundle);
    bundle.insert(bundle.end(), end.bytes.begin(), end.bytes.end());
    auto reader = *BundleReader::open(bundle);
    EXPECT_EQ(reader.version(), version_of(1));
    EXPECT_EQ(to_bytes((**reader.next()).bytes), body);
    EXPECT_EQ((**reader.next()).kind, BundleKind::kMissing);
    EXPECT_TRUE((*reader.next()).has_value()) << "kinds to come are skipped by whoever does not know them";
    EXPECT_FALSE((*reader.next()).has_value());
    for (size_t n = 0; n < bundle.size(); ++n) EXPECT_FALSE(BundleReader::open(ByteView(bundle).first(n))) << n;
    for (size_t i = 0; i < bundle.size(); ++i) {
        Bytes bad = bundle;
        bad[i] ^= 4;
        EXPECT_FALSE(BundleReader::open(bad)) << i;
    }
}

}  // namespace
}  // namespace aip::ledger
