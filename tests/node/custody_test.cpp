#include "node/custody.hpp"

#include <gmock/gmock.h>

namespace aip::node {
namespace {

using testing::ElementsAre;

Custody example(uint64_t id = 7) {
    Custody c;
    c.id = id;
    c.state = CustodyState::kOutbound;
    c.version.bytes[0] = 1;
    c.task = "digits";
    c.name = "a name";
    c.journey = {1, 2, 3};
    c.from.bytes[0] = 0xfd;
    c.to.bytes[15] = 9;
    c.transfer = 11;
    c.wire_bytes = 12;
    c.since = WallTime::from_unix_ms(13);
    return c;
}

Tombstone receipt(uint64_t transfer, uint8_t peer) {
    Tombstone t;
    t.transfer = transfer;
    t.peer.bytes[15] = peer;
    t.receipt = {4, 5, peer};
    t.at = WallTime::from_unix_ms(14);
    return t;
}

TEST(Custody, IsReadAsItWasWritten) { EXPECT_EQ(*parse_custody(encode_custody(example())), example()); }

TEST(Custody, KeepsWhatWasTrainedAtAStopThatGoesOn) {
    Custody c = example();
    c.rounds = 2;
    c.work = {"sgd", 400, 20, 2.5, std::nullopt, {{"accuracy", 0.5}}};
    const Bytes bytes = encode_custody(c);
    EXPECT_EQ(*parse_custody(bytes), c);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_custody(ByteView(bytes).first(n)).has_value()) << n;
}

TEST(Custody, KeepsTheProofItCameWith) {
    Custody c = example();
    c.giver = ledger::GiverProof{3, 7, Digest{{1}}, Digest{{2}}};
    const Bytes bytes = encode_custody(c);
    EXPECT_EQ(*parse_custody(bytes), c);
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_custody(ByteView(bytes).first(n)).has_value()) << n;
}

TEST(Custody, ReadsItsFirstFormat) {
    Bytes bytes = encode_custody(example());
    const auto end = bytes.end() - 5;  // rounds and no giver; before them the time, and hops
    bytes.erase(end, bytes.end());
    bytes.erase(bytes.end() - 12, bytes.end() - 8);
    bytes[0] = 1;
    EXPECT_EQ(*parse_custody(bytes), example());
}

TEST(Custody, RefusesTruncationAtEveryByteAndTrailingBytes) {
    Bytes bytes = encode_custody(example());
    for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_custody(ByteView(bytes).first(n)).has_value()) << n;
    bytes.push_back(0);
    EXPECT_FALSE(parse_custody(bytes).has_value());
}

TEST(Custody, RefusesUnknownStatesAndFormats) {
    Bytes bytes = encode_custody(example());
    for (uint8_t state : {0, 5, 255}) {
        bytes[9] = state;
        EXPECT_FALSE(parse_custody(bytes).has_value());
    }
    bytes = encode_custody(example());
    bytes[0] = 4;
    EXPECT_EQ(parse_custody(bytes).error().code, ErrorCode::kCorrupt);
}

TEST(CustodyStore, KeepsRecordsUntilTheyAreErased) {
    MemoryKvStore kv;
    CustodyStore store(kv);
    ASSERT_TRUE(store.put(example(7)).has_value());
    ASSERT_TRUE(store.put(example(8)).has_value());
    ASSERT_TRUE(store.erase(7).has_value());
    kv.crash();
    EXPECT_THAT(*store.load(), ElementsAre(example(8)));
}

TEST(CustodyStore, WritesPromiseAndReceiptTogether) {
    MemoryKvStore kv;
    CustodyStore store(kv);
    ASSERT_TRUE(store.put_received(example(), receipt(11, 1)).has_value());
    kv.crash();
    EXPECT_THAT(*store.load(), ElementsAre(example()));
    const auto tombstones = *store.load_tombstones();
    ASSERT_EQ(tombstones.size(), 1u);
    EXPECT_EQ(tombstones[0].receipt, receipt(11, 1).receipt);
    EXPECT_EQ(tombstones[0].peer, receipt(11, 1).peer);
}

TEST(CustodyStore, KeepsReceiptsOfTwoPeersThatChoseOneNumber) {
    MemoryKvStore kv;
    CustodyStore store(kv);
    ASSERT_TRUE(store.put_received(example(1), receipt(11, 1)).has_value());
    ASSERT_TRUE(store.put_received(example(2), receipt(11, 2)).has_value());
    EXPECT_EQ(store.load_tombstones()->size(), 2u);
    ASSERT_TRUE(store.erase_tombstones({{11, receipt(11, 1).peer}}).has_value());
    const auto left = *store.load_tombstones();
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left[0].peer, receipt(11, 2).peer);
}

TEST(CustodyStore, NamesTheRemedyForADamagedRecord) {
    MemoryKvStore kv;
    KvBatch batch;
    batch.put("custody/0000000000000001", "x");
    ASSERT_TRUE(kv.write(batch, true).has_value());
    const auto loaded = CustodyStore(kv).load();
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(loaded.error().text, testing::HasSubstr("backup"));
}

TEST(CustodyStore, KnowsWhichWalkersBecamePartOfAnother) {
    MemoryKvStore kv;
    CustodyStore store(kv);
    ASSERT_TRUE(store.put(example(7)).has_value());
    ASSERT_TRUE(store.put(example(9)).has_value());
    ASSERT_TRUE(store.put_departed(example(8)).has_value());
    MergedAway away{9, 7, 2, 5, {}, {}, WallTime::from_unix_ms(15)};
    away.version.bytes[1] = 3;
    away.origin.bytes[0] = 0xfd;
    MergedAway other = away;
    other.journey = 8;
    ASSERT_TRUE(store.put_merged(example(7), {away, other}).has_value());
    EXPECT_THAT(*store.load(), ElementsAre(example(7)));
    EXPECT_TRUE(store.load_departed()->empty());
    EXPECT_THAT(*store.load_merged(), ElementsAre(other, away));
    ASSERT_TRUE(store.erase_merged(8).has_value());
    EXPECT_THAT(*store.load_merged(), ElementsAre(away));
}

}  // namespace
}  // namespace aip::node
