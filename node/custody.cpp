#include "node/custody.hpp"

#include <bit>

namespace aip::node {
namespace {

constexpr uint8_t kFormat = 3;  // the second had no giver, the first neither hops nor rounds
constexpr uint8_t kTombstoneFormat = 1;
constexpr uint8_t kMergedFormat = 1;
const std::string kCustodyPrefix = "custody/";
const std::string kDepartedPrefix = "departed/";
const std::string kMergedPrefix = "merged/";
const std::string kTombstonePrefix = "tombstone/";

std::string key(const std::string& prefix, uint64_t id) {
    Bytes raw;
    Writer(raw).u64(id);
    return prefix + to_hex(raw);
}

// Numbers are chosen by senders: the peer is part of the name.
std::string tombstone_key(uint64_t transfer, const Address& peer) {
    return key(kTombstonePrefix, transfer) + to_hex(peer.view());
}

void put_text(Writer& w, std::string_view text) { w.u32(static_cast<uint32_t>(text.size())).put(text); }
std::string text(Reader& r) { return std::string(as_text(r.view(r.u32()))); }
Address address(Reader& r) {
    Address a;
    static_cast<void>(r.copy(a.bytes));
    return a;
}

void put_number(Writer& w, std::optional<double> value) {
    w.u8(value.has_value());
    if (value) w.u64(std::bit_cast<uint64_t>(*value));
}
std::optional<double> number(Reader& r) {
    if (r.u8() == 0) return std::nullopt;
    return std::bit_cast<double>(r.u64());
}

void put_work(Writer& w, const WorkDone& work) {
    put_text(w, work.what);
    w.u64(work.samples).u64(work.steps);
    put_number(w, work.loss_before);
    put_number(w, work.loss_after);
    w.u32(static_cast<uint32_t>(work.metrics.size()));
    for (const auto& [name, value] : work.metrics) {
        put_text(w, name);
        put_number(w, value);
    }
}

WorkDone work_done(Reader& r) {
    WorkDone work;
    work.what = text(r);
    work.samples = r.u64();
    work.steps = r.u64();
    work.loss_before = number(r);
    work.loss_after = number(r);
    for (uint32_t left = r.u32(); left > 0 && !r.failed(); --left) {
        const std::string name = text(r);
        work.metrics[name] = number(r).value_or(0);
    }
    return work;
}

ledger::GiverProof giver_proof(Reader& r) {
    ledger::GiverProof giver;
    giver.index = r.u64();
    giver.size = r.u64();
    static_cast<void>(r.copy(giver.root.bytes));
    static_cast<void>(r.copy(giver.proof.bytes));
    return giver;
}

std::string encode_tombstone(const Tombstone& tombstone) {
    Bytes out;
    Writer w(out);
    w.u8(kTombstoneFormat).u64(tombstone.transfer).put(tombstone.peer.view());
    w.u64(static_cast<uint64_t>(tombstone.at.unix_ms()));
    put_text(w, as_text(tombstone.receipt));
    return std::string(as_text(out));
}

Result<Tombstone> parse_tombstone(ByteView bytes) {
    Reader r(bytes);
    Tombstone t;
    const uint8_t format = r.u8();
    t.transfer = r.u64();
    t.peer = address(r);
    t.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    t.receipt = to_bytes(r.view(r.u32()));
    if (format != kTombstoneFormat || !r.done()) return Error{ErrorCode::kCorrupt, "a stored receipt is malformed"};
    return t;
}

std::string encode_merged(const MergedAway& merged) {
    Bytes out;
    Writer w(out);
    w.u8(kMergedFormat).u64(merged.journey).u64(merged.into).u32(merged.walker).u32(merged.stop);
    w.put(merged.version.view()).put(merged.origin.view()).u64(static_cast<uint64_t>(merged.at.unix_ms()));
    return std::string(as_text(out));
}

Result<MergedAway> parse_merged(ByteView bytes) {
    Reader r(bytes);
    MergedAway merged;
    const uint8_t format = r.u8();
    merged.journey = r.u64();
    merged.into = r.u64();
    merged.walker = r.u32();
    merged.stop = r.u32();
    static_cast<void>(r.copy(merged.version.bytes));
    merged.origin = address(r);
    merged.at = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    if (format != kMergedFormat || !r.done())
        return Error{ErrorCode::kCorrupt, "the note of a walker that was merged is malformed"};
    return merged;
}

}  // namespace

std::string_view custody_state_name(CustodyState state) {
    switch (state) {
        case CustodyState::kHeld: return "held";
        case CustodyState::kReady: return "ready";
        case CustodyState::kOutbound: return "outbound";
        case CustodyState::kEnded: return "ended";
    }
    return "unknown";
}

Bytes encode_custody(const Custody& c) {
    Bytes out;
    Writer w(out);
    w.u8(kFormat).u64(c.id).u8(static_cast<uint8_t>(c.state)).put(c.version.view());
    put_text(w, c.task);
    put_text(w, c.name);
    put_text(w, as_text(c.journey));
    w.put(c.from.view()).put(c.to.view()).u64(c.transfer).u64(c.wire_bytes).u32(c.hops);
    w.u64(static_cast<uint64_t>(c.since.unix_ms())).u32(c.rounds);
    if (c.rounds > 0) put_work(w, c.work);
    w.u8(c.giver.has_value());
    if (c.giver) w.u64(c.giver->index).u64(c.giver->size).put(c.giver->root.view()).put(c.giver->proof.view());
    return out;
}

Result<Custody> parse_custody(ByteView bytes) {
    Reader r(bytes);
    Custody c;
    const uint8_t format = r.u8();
    c.id = r.u64();
    const uint8_t state = r.u8();
    static_cast<void>(r.copy(c.version.bytes));
    c.task = text(r);
    c.name = text(r);
    c.journey = to_bytes(r.view(r.u32()));
    c.from = address(r);
    c.to = address(r);
    c.transfer = r.u64();
    c.wire_bytes = r.u64();
    if (format >= 2) c.hops = r.u32();
    c.since = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    if (format >= 2) c.rounds = r.u32();
    if (c.rounds > 0) c.work = work_done(r);
    if (format >= 3 && r.u8() != 0) c.giver = giver_proof(r);
    if (format == 0 || format > kFormat || !r.done() || state < 1 || state > 4)
        return Error{ErrorCode::kCorrupt, "a custody record is malformed; restore the state directory from a backup"};
    c.state = static_cast<CustodyState>(state);
    return c;
}

Result<std::vector<Custody>> CustodyStore::load() { return load(kCustodyPrefix); }
Result<std::vector<Custody>> CustodyStore::load_departed() { return load(kDepartedPrefix); }

Result<std::vector<Custody>> CustodyStore::load(const std::string& prefix) {
    AIP_ASSIGN(const auto pairs, store_.scan(prefix));
    std::vector<Custody> records;
    for (const auto& [name, value] : pairs) {
        AIP_ASSIGN(Custody custody, parse_custody(as_bytes(value)));
        records.push_back(std::move(custody));
    }
    return records;
}

Result<std::vector<Tombstone>> CustodyStore::load_tombstones() {
    AIP_ASSIGN(const auto pairs, store_.scan(kTombstonePrefix));
    std::vector<Tombstone> tombstones;
    for (const auto& [name, value] : pairs) {
        AIP_ASSIGN(Tombstone tombstone, parse_tombstone(as_bytes(value)));
        tombstones.push_back(std::move(tombstone));
    }
    return tombstones;
}

Result<void> CustodyStore::put(const Custody& custody) {
    KvBatch batch;
    batch.put(key(kCustodyPrefix, custody.id), std::string(as_text(encode_custody(custody))));
    return store_.write(batch, true);
}

Result<void> CustodyStore::put_received(const Custody& custody, const Tombstone& tombstone) {
    KvBatch batch;
    batch.put(key(kCustodyPrefix, custody.id), std::string(as_text(encode_custody(custody))));
    batch.put(tombstone_key(tombstone.transfer, tombstone.peer), encode_tombstone(tombstone));
    return store_.write(batch, true);
}

Result<void> CustodyStore::erase(uint64_t id) {
    KvBatch batch;
    batch.erase(key(kCustodyPrefix, id));
    return store_.write(batch, true);
}

Result<void> CustodyStore::put_departed(const Custody& custody) {
    KvBatch batch;
    batch.erase(key(kCustodyPrefix, custody.id));
    batch.put(key(kDepartedPrefix, custody.id), std::string(as_text(encode_custody(custody))));
    return store_.write(batch, true);
}

Result<void> CustodyStore::erase_departed(uint64_t id) {
    KvBatch batch;
    batch.erase(key(kDepartedPrefix, id));
    return store_.write(batch, false);
}

Result<void> CustodyStore::put_merged(const Custody& goes_on, const std::vector<MergedAway>& others) {
    KvBatch batch;
    batch.put(key(kCustodyPrefix, goes_on.id), std::string(as_text(encode_custody(goes_on))));
    for (const MergedAway& other : others) {
        batch.erase(key(kCustodyPrefix, other.journey));
        batch.erase(key(kDepartedPrefix, other.journey));
        batch.put(key(kMergedPrefix, other.journey), encode_merged(other));
    }
    return store_.write(batch, true);
}

Result<std::vector<MergedAway>> CustodyStore::load_merged() {
    AIP_ASSIGN(const auto pairs, store_.scan(kMergedPrefix));
    std::vector<MergedAway> records;
    for (const auto& [name, value] : pairs) {
        AIP_ASSIGN(MergedAway merged, parse_merged(as_bytes(value)));
        records.push_back(std::move(merged));
    }
    return records;
}

Result<void> CustodyStore::erase_merged(uint64_t journey) {
    KvBatch batch;
    batch.erase(key(kMergedPrefix, journey));
    return store_.write(batch, false);
}

Result<void> CustodyStore::erase_tombstones(const std::vector<std::pair<uint64_t, Address>>& names) {
    KvBatch batch;
    for (const auto& [transfer, peer] : names) batch.erase(tombstone_key(transfer, peer));
    return store_.write(batch, false);
}

}  // namespace aip::node
