// Journal: the one place a log syncs for an append (rfc/0004 section 5.2). A small file outside the database that holds
// the newest batches whole, each with the checkpoint signed over it: an append is durable when its record is, the
// database follows without a sync of its own and is filled up from here when it opens. At the same time it is the
// second opinion about what was signed last: a database that went back further than the journal reaches is refused
// (Log).
//
// Two halves are written in turn, in place, in pages of 4 KiB; a record never shares a page with another, so a torn
// write costs nothing that was acknowledged. Before a half is used again, the store must have synced all that is in it
// (turn()). What the newest unbroken run of records says is believed; which key signed is the Log's business.
//
// JournalFile is the port: FileJournalFile (journal_file.hpp), MemoryJournalFile for tests and the simulator.
// Storage executor only.
#pragma once

#include <memory>

#include "ledger/log_store.hpp"

namespace aip::ledger {

class JournalFile {
public:
    virtual ~JournalFile() = default;
    virtual Result<Bytes> read() = 0;  // all of it; shorter than it may become, if the end was never written
    virtual Result<void> write(uint64_t offset, ByteView bytes) = 0;
    virtual Result<void> sync() = 0;
};

class Journal {
public:
    static constexpr size_t kPageBytes = 4096;
    static constexpr size_t kHalfBytes = 8u << 20;

    explicit Journal(JournalFile& file, size_t half_bytes = kHalfBytes) : file_(file), half_bytes_(half_bytes) {}

    // The newest unbroken run of records, oldest first; to be called once, before anything else. Hashes are left out:
    // whoever replays computes them. kCorrupt: more than one page was written, and nothing in it can be read.
    Result<std::vector<LogBatch>> recover();

    bool fits(const LogBatch& batch) const;     // into what is left of this half
    void turn();                                // to the start of the other half
    Result<void> write(const LogBatch& batch);  // durable when it returns; must fit

private:
    JournalFile& file_;
    size_t half_bytes_;
    uint64_t sequence_ = 0;  // of the newest record
    size_t half_ = 0;
    size_t used_ = 0;  // bytes of this half
};

// A record as it stands in the file, padded to whole pages.
Bytes format_record(uint64_t sequence, const LogBatch& batch);
struct JournalRecord {
    uint64_t sequence = 0;
    size_t bytes = 0;  // it takes in the file
    LogBatch batch;
};
std::optional<JournalRecord> parse_record(ByteView bytes);  // at the start of `bytes`

class MemoryJournalFile final : public JournalFile {
public:
    Result<Bytes> read() override { return bytes_; }
    Result<void> write(uint64_t offset, ByteView bytes) override;
    Result<void> sync() override;

    void crash();  // power cut: what was not synced is gone
    void fail_next_write() { fail_write_ = true; }
    void fail_next_sync() { fail_sync_ = true; }
    void forget() { bytes_.clear(), undo_.clear(); }
    Bytes& bytes() { return bytes_; }

private:
    struct Unsynced {
        uint64_t offset;
        Bytes before;
    };
    Bytes bytes_;
    std::vector<Unsynced> undo_;
    bool fail_write_ = false;
    bool fail_sync_ = false;
};

}  // namespace aip::ledger
