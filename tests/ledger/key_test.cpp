// Key events, and what they mean for the entries around them.
#include "fixture.hpp"
#include "ledger/entry.hpp"
#include "ledger/export.hpp"
#include "ledger/key_history.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kSoftware = "aipacketd/0.1.0";

// As a rotation notes it.
std::string stolen(const crypto::Signer& signer) { return signer.self().operational.hex() + ": disk was stolen\n"; }

// Node 2 with key 102: its key event, two entries; then key 77: its event, two entries.
struct RotatedLog {
    RotatedLog() {
        auto log = *Log::open(store, journal, before);
        EXPECT_TRUE(record_key(*log, before, "", kSoftware, kNow));
        EXPECT_TRUE(grow(*log, before, 0, 2));
        log = *Log::open(store, journal, after);
        EXPECT_TRUE(record_key(*log, after, stolen(before), kSoftware, kNow));
        EXPECT_TRUE(grow(*log, after, 2, 2));
        now = std::move(log);
    }
    MemoryLogStore store;
    MemoryJournalFile journal;
    crypto::Signer before = signer_of(2);
    crypto::Signer after = signer_of(2, 77);
    std::unique_ptr<Log> now;
};

TEST(KeyEvent, IsSignedByTheKeyItNamesAndReadAsItWasStated) {
    const auto signer = signer_of(2);
    KeyEvent event;
    event.key = signer.self().operational;
    event.node = signer.self().address;
    event.software = kSoftware;
    event.time = kNow;
    auto v = verifier();
    const auto checked = check_entry(*make_key_leaf(event, signer), v, kNow);
    ASSERT_TRUE(checked) << checked.error().text;
    EXPECT_EQ(std::get<KeyEvent>(checked->entry), event);
    EXPECT_FALSE(read_leaf(*make_key_leaf(event, signer))) << "it is no deed";
    event.key = signer_of(3).self().operational;
    EXPECT_FALSE(make_key_leaf(event, signer)) << "another's key";
}

TEST(KeyEvent, RefusesWhatDoesNotFitTogether) {
    const auto signer = signer_of(2);
    const auto refused = [&](auto spoil) {
        KeyEvent event{
            1, KeyChange::kRotated, signer.self().operational, signer_of(3).self().operational, "", {}, "s", kNow};
        event.node = signer.self().address;
        EXPECT_TRUE(make_key_leaf(event, signer));
        spoil(event);
        return !make_key_leaf(event, signer);
    };
    EXPECT_TRUE(refused([](auto& e) { e.previous.reset(); }));
    EXPECT_TRUE(refused([](auto& e) { e.previous = e.key; }));
    EXPECT_TRUE(refused([](auto& e) { e.number = 0; }));
    EXPECT_TRUE(refused([](auto& e) { e.change = KeyChange::kCreated; }));
    EXPECT_TRUE(refused([](auto& e) { e.reason = "two\nlines"; }));
    EXPECT_TRUE(refused([](auto& e) { e.software = ""; }));
}

TEST(KeyEvent, RefusesEveryTruncationAndFlippedBit) {
    RotatedLog rotated;
    const Bytes leaf = *rotated.now->leaf(3);
    auto v = verifier();
    for (size_t n = 0; n < leaf.size(); ++n) EXPECT_FALSE(check_entry(ByteView(leaf).first(n), v, kNow)) << n;
    const Entry stated = *read_entry(leaf);
    for (size_t i = 0; i < leaf.size(); ++i) {
        Bytes bad = leaf;
        bad[i] ^= 1;
        const auto checked = check_entry(bad, v, kNow);
        EXPECT_TRUE(!checked || checked->entry == stated) << i;  // the key id hint is not signed
    }
}

TEST(KeyHistory, HoldsEachEntryToTheKeyThatWasValidAtItsIndex) {
    RotatedLog rotated;
    const KeyHistory keys = *key_history(*rotated.now);
    ASSERT_EQ(keys.spans().size(), 2u);
    EXPECT_EQ(keys.spans()[1].event.change, KeyChange::kRevoked);
    EXPECT_EQ(keys.spans()[1].event.reason, "disk was stolen");
    const auto& old_key = rotated.before.self().operational;
    const auto& new_key = rotated.after.self().operational;
    EXPECT_TRUE(keys.check(2, old_key));
    EXPECT_FALSE(keys.check(2, new_key)) << "none signs what was before it";
    EXPECT_TRUE(keys.check(3, new_key));
    EXPECT_FALSE(keys.check(3, old_key)) << "a stolen key signs nothing any more";
    EXPECT_TRUE(keys.may_sign_tree(3, old_key));
    EXPECT_TRUE(keys.may_sign_tree(3, new_key)) << "it signs the same tree once more";
    EXPECT_FALSE(keys.may_sign_tree(4, old_key));
    EXPECT_FALSE(keys.may_sign_tree(2, new_key));
}

TEST(KeyHistory, RefusesEventsThatDoNotFollow) {
    RotatedLog rotated;
    const KeyHistory keys = *key_history(*rotated.now);
    KeyHistory other;
    EXPECT_FALSE(other.add(3, keys.spans()[1].event)) << "the second without the first";
    EXPECT_TRUE(other.add(3, keys.spans()[0].event));
    EXPECT_FALSE(other.add(3, keys.spans()[1].event)) << "at the place of the first";
    KeyEvent stranger = keys.spans()[1].event;
    stranger.previous = signer_of(9).self().operational;
    EXPECT_FALSE(other.add(7, stranger));
    KeyEvent returns = keys.spans()[1].event;
    returns.number = 2;
    std::swap(returns.key, *returns.previous);
    KeyHistory both = keys;
    EXPECT_FALSE(both.add(7, returns)) << "a thief rotates the revoked key back in";
}

TEST(KeyHistory, WritesAKeyOnlyOnce) {
    RotatedLog rotated;
    const uint64_t size = rotated.now->size();
    EXPECT_TRUE(record_key(*rotated.now, rotated.after, "", kSoftware, kNow));
    EXPECT_EQ(rotated.now->size(), size);
}

TEST(KeyHistory, OfTwoRotationsBetweenEntriesTheReasonOfTheRecordedKeyCounts) {
    RotatedLog rotated;
    const crypto::Signer unused = signer_of(2, 78), last = signer_of(2, 79);
    ASSERT_TRUE(record_key(*rotated.now, last, stolen(rotated.before) + stolen(unused), kSoftware, kNow));
    EXPECT_EQ(key_history(*rotated.now)->spans().back().event.change, KeyChange::kRotated)
        << "the key that was recorded last was not among them";
    RotatedLog other;
    ASSERT_TRUE(record_key(*other.now, last, stolen(other.after) + stolen(unused), kSoftware, kNow));
    EXPECT_EQ(key_history(*other.now)->spans().back().event.change, KeyChange::kRevoked);
}

TEST(KeyHistory, AKeyThatWasRetiredIsNotRecordedAgain) {
    RotatedLog rotated;
    const uint64_t size = rotated.now->size();
    EXPECT_EQ(record_key(*rotated.now, rotated.before, "", kSoftware, kNow).error().code, ErrorCode::kDenied);
    EXPECT_EQ(rotated.now->size(), size);
}

TEST(Export, StaysWholeWhenTheKeyIsRotated) {
    RotatedLog rotated;
    LogExportSource source(*rotated.now);
    TempDir dir;
    const auto written = write_export(source, dir / "out");
    ASSERT_TRUE(written) << written.error().text;
    EXPECT_EQ(written->checkpoints, 4u) << "one of the old key, its last tree signed again, two of the new one";
    auto v = verifier();
    const auto checked = check_export(dir / "out", &v);
    ASSERT_TRUE(checked) << checked.error().text;
    EXPECT_EQ(checked->signed_leaves, 6u);
    EXPECT_EQ(checked->checkpoints, written->checkpoints);
}

TEST(Export, OfAnEntryByARetiredKeyIsRefused) {
    RotatedLog rotated;
    ASSERT_TRUE(grow(*rotated.now, rotated.before, 4, 1)) << "the log signs for what its own checks would not let by";
    LogExportSource source(*rotated.now);
    TempDir dir;
    ASSERT_TRUE(write_export(source, dir / "out"));
    auto v = verifier();
    const auto checked = check_export(dir / "out", &v);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().text.find("entry/6"), std::string::npos) << checked.error().text;
    EXPECT_NE(checked.error().text.find("but at entry 6 key"), std::string::npos) << checked.error().text;
}

TEST(Export, OfACheckpointByARetiredKeyIsRefused) {
    RotatedLog rotated;
    LogExportSource source(*rotated.now);
    TempDir dir;
    ASSERT_TRUE(write_export(source, dir / "out"));
    const std::string path = dir / "out/checkpoint/4";
    const std::string text = Note::parse(read_text(path))->text;
    const NoteKey stolen{rotated.now->key().name, rotated.before.self().operational};
    write_text(path, signed_note(text, stolen, rotated.before.sign_raw(as_bytes(text))));
    EXPECT_TRUE(check_export(dir / "out", nullptr)) << "it is one of the log's keys";
    auto v = verifier();
    const auto checked = check_export(dir / "out", &v);
    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().text.find("checkpoint/4"), std::string::npos) << checked.error().text;
    EXPECT_NE(checked.error().text.find("not valid then"), std::string::npos) << checked.error().text;
}

TEST(Verifier, BelievesNothingARevokedIdentitySignsFromThenOn) {
    const auto signer = signer_of(2);
    auto v = verifier();
    const auto identity = signer.self().identity;
    v.disbelieve(identity, kNow);
    EXPECT_EQ(check_leaf(leaf_of(signer, 1), v, kNow).error().code, ErrorCode::kDenied);
    EXPECT_TRUE(check_leaf(leaf_of(signer, 1), v, WallTime::from_unix_ms(kNow.unix_ms() - 1))) << "history stays";
    EXPECT_TRUE(check_leaf(leaf_of(signer_of(3), 1), v, kNow)) << "another node";
}

}  // namespace
}  // namespace aip::ledger
