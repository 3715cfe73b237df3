#include "ledger/journal.hpp"

#include <algorithm>

#include "base/crc32c.hpp"
#include "base/limits.hpp"
#include "ledger/note.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kMagic = "AIPJ";
constexpr size_t kHeaderBytes = 4 + 4 + 8 + 4;  // magic, crc, sequence, length
constexpr size_t kLeafHeader = VersionId::kSize + 4;

size_t body_bytes(const LogBatch& batch) {
    size_t bytes = 8 + 4 + 4 + batch.checkpoint.size();
    for (const Bytes& leaf : batch.leaves) bytes += kLeafHeader + leaf.size();
    return bytes;
}

size_t paged(size_t bytes) { return (bytes + Journal::kPageBytes - 1) / Journal::kPageBytes * Journal::kPageBytes; }

uint32_t checksum(ByteView sequence_to_end) { return crc32c(sequence_to_end); }

std::optional<LogBatch> parse_body(ByteView body) {
    Reader r(body);
    LogBatch batch;
    batch.first_index = r.u64();
    const uint32_t leaves = r.u32();
    if (leaves > limits::kAppendLeavesMax) return std::nullopt;
    for (uint32_t i = 0; i < leaves && !r.failed(); ++i) {
        const auto version = VersionId::from(r.view(VersionId::kSize));
        const ByteView leaf = r.view(r.u32());
        if (!version || leaf.empty() || leaf.size() > limits::kLeafBytesMax) return std::nullopt;
        batch.versions.push_back(*version);
        batch.leaves.push_back(to_bytes(leaf));
    }
    batch.checkpoint = std::string(as_text(r.view(r.u32())));
    if (!r.done() || batch.first_index > kTreeSizeMax) return std::nullopt;
    return batch;
}

// Whatever may be appended fits a fresh half.
static_assert(kHeaderBytes + 16 + limits::kAppendLeavesMax * kLeafHeader + limits::kAppendBytesMax +
                  Journal::kPageBytes + kNoteBytesMax <=
              Journal::kHalfBytes);

}  // namespace

Bytes format_record(uint64_t sequence, const LogBatch& batch) {
    const size_t body = body_bytes(batch);
    Bytes bytes;
    bytes.reserve(paged(kHeaderBytes + body));
    Writer w(bytes);
    w.put(kMagic).u32(0).u64(sequence).u32(static_cast<uint32_t>(body));
    w.u64(batch.first_index).u32(static_cast<uint32_t>(batch.leaves.size()));
    for (size_t i = 0; i < batch.leaves.size(); ++i)
        w.put(batch.versions[i].view()).u32(static_cast<uint32_t>(batch.leaves[i].size())).put(batch.leaves[i]);
    w.u32(static_cast<uint32_t>(batch.checkpoint.size())).put(batch.checkpoint);
    AIP_ASSERT(bytes.size() == kHeaderBytes + body);
    store_be32(bytes.data() + kMagic.size(), checksum(ByteView(bytes).subspan(8)));
    bytes.resize(paged(bytes.size()));
    return bytes;
}

std::optional<JournalRecord> parse_record(ByteView bytes) {
    Reader r(bytes);
    if (as_text(r.view(kMagic.size())) != kMagic) return std::nullopt;
    const uint32_t crc = r.u32();
    JournalRecord record;
    record.sequence = r.u64();
    const ByteView body = r.view(r.u32());
    if (r.failed() || record.sequence == 0) return std::nullopt;
    if (checksum(bytes.subspan(8, r.position() - 8)) != crc) return std::nullopt;
    auto batch = parse_body(body);
    if (!batch) return std::nullopt;
    record.bytes = paged(r.position());
    record.batch = std::move(*batch);
    return record;
}

Result<std::vector<LogBatch>> Journal::recover() {
    AIP_ASSIGN(const Bytes file, file_.read());
    std::map<uint64_t, LogBatch> records;
    for (size_t at = 0; at < file.size();) {
        auto record = parse_record(ByteView(file).subspan(at));
        at += record ? record->bytes : kPageBytes;
        if (!record) continue;
        if (record->sequence > sequence_) {
            sequence_ = record->sequence;
            half_ = (at - 1) / half_bytes_;
            used_ = at - half_ * half_bytes_;
        }
        records.emplace(record->sequence, std::move(record->batch));
    }
    const ByteView beyond_first_page = ByteView(file).subspan(std::min(file.size(), kPageBytes));
    if (records.empty() &&
        std::any_of(beyond_first_page.begin(), beyond_first_page.end(), [](uint8_t b) { return b != 0; }))
        return Error{ErrorCode::kCorrupt,
                     "the ledger's journal is damaged and nothing in it can be read; check the disk, run "
                     "`aipctl ledger fsck`, and follow what it says"};
    std::vector<LogBatch> run;
    for (uint64_t sequence = sequence_; records.contains(sequence); --sequence)
        run.push_back(std::move(records[sequence]));
    std::reverse(run.begin(), run.end());
    return run;
}

bool Journal::fits(const LogBatch& batch) const {
    return used_ + paged(kHeaderBytes + body_bytes(batch)) <= half_bytes_;
}

void Journal::turn() {
    half_ = 1 - half_;
    used_ = 0;
}

Result<void> Journal::write(const LogBatch& batch) {
    AIP_ASSERT(fits(batch));
    const Bytes record = format_record(sequence_ + 1, batch);
    AIP_TRY(file_.write(half_ * half_bytes_ + used_, record));
    AIP_TRY(file_.sync());
    ++sequence_;
    used_ += record.size();
    return {};
}

Result<void> MemoryJournalFile::write(uint64_t offset, ByteView bytes) {
    if (std::exchange(fail_write_, false)) return Error{ErrorCode::kIo, "injected: the journal was not written"};
    if (bytes_.size() < offset + bytes.size()) bytes_.resize(offset + bytes.size());
    const auto at = bytes_.begin() + static_cast<ptrdiff_t>(offset);
    undo_.push_back({offset, Bytes(at, at + static_cast<ptrdiff_t>(bytes.size()))});
    std::copy(bytes.begin(), bytes.end(), at);
    return {};
}

Result<void> MemoryJournalFile::sync() {
    if (std::exchange(fail_sync_, false)) return Error{ErrorCode::kIo, "injected: the journal was not synced"};
    undo_.clear();
    return {};
}

void MemoryJournalFile::crash() {
    for (auto write = undo_.rbegin(); write != undo_.rend(); ++write)
        std::copy(write->before.begin(), write->before.end(), bytes_.begin() + static_cast<ptrdiff_t>(write->offset));
    undo_.clear();
}

}  // namespace aip::ledger
