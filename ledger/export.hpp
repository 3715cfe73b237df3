// A log as a directory that an outsider can check with tools that are not ours (rfc/0004 section 7):
//   origin               the name of the log
//   vkey                 its verifier keys, one line each, oldest first: the last one is in use
//   checkpoint/SIZE      every signed checkpoint, as it was signed
//   entry/INDEX          leaf bytes
//   inclusion/INDEX      c2sp.org/tlog-proof@v1 in the newest tree
//   consistency/OLD-NEW  between successive checkpoints: header line, then one base64 hash per line
// An export is never overwritten. Files are written without sync: an export can be made again.
// Blocking; called from aipctl, which feeds it from the control socket, and from tests.
#pragma once

#include "ledger/key_history.hpp"
#include "ledger/log.hpp"

namespace aip::ledger {

class ExportSource {
public:
    virtual ~ExportSource() = default;
    virtual Result<std::vector<NoteKey>> keys() = 0;  // oldest first; the last one is in use
    virtual Result<std::optional<std::string>> checkpoint(uint64_t size_max) = 0;  // as Log::checkpoint(size_max)
    virtual Result<Bytes> entry(uint64_t index) = 0;
    virtual Result<MerklePath> inclusion(uint64_t index, uint64_t tree_size) = 0;
    virtual Result<MerklePath> consistency(uint64_t old_size, uint64_t size) = 0;
};

class LogExportSource : public ExportSource {
public:
    explicit LogExportSource(const Log& log) : log_(log) {}
    Result<std::vector<NoteKey>> keys() override;
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override { return log_.checkpoint(size_max); }
    Result<Bytes> entry(uint64_t index) override { return log_.leaf(index); }
    Result<MerklePath> inclusion(uint64_t index, uint64_t size) override { return log_.inclusion(index, size); }
    Result<MerklePath> consistency(uint64_t old_size, uint64_t size) override {
        return log_.consistency(old_size, size);
    }

private:
    const Log& log_;
};

// The keys of a log in the order of its key events, `last` at the end if no event names it.
std::vector<NoteKey> note_keys(const KeyHistory& history, const NoteKey& last);
// The key among these whose signature the note carries. kNotFound: none of them. kDenied: a bad signature of one.
Result<const NoteKey*> signer_of_note(const Note& note, const std::vector<NoteKey>& keys);

struct ExportReport {
    std::string origin;
    uint64_t entries = 0;
    uint64_t checkpoints = 0;
    uint64_t inclusions = 0;
    uint64_t consistencies = 0;
    uint64_t signed_leaves = 0;  // whose signature and credential were checked; 0 without a Verifier
};

// kExists if `directory` is there; kNotFound if the log has no entry yet.
Result<ExportReport> write_export(ExportSource& source, const std::string& directory);

// Checks all of it; the error names the file. With a verifier, also every leaf: its credential must have been valid at
// the time the leaf states, and it must be of the node whose log this is.
Result<ExportReport> check_export(const std::string& directory, crypto::Verifier* verifier);

}  // namespace aip::ledger
