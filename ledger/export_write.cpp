#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "ledger/export.hpp"
#include "ledger/export_files.hpp"

namespace aip::ledger {
namespace {

Error os_error(std::string_view action, const std::string& path) {
    const int cause = errno;
    const ErrorCode code = cause == EEXIST   ? ErrorCode::kExists
                           : cause == ENOSPC ? ErrorCode::kNoSpace
                           : cause == EACCES ? ErrorCode::kDenied
                                             : ErrorCode::kIo;
    return {code, "cannot " + std::string(action) + " " + path + ": " + std::strerror(cause) +
                      (cause == EEXIST ? "; exports are never overwritten, name another directory" : "")};
}

Result<void> make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0755) != 0) return os_error("create", path);
    return {};
}

Result<void> write_file(const std::string& path, ByteView bytes) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return os_error("create", path);
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const Error error = os_error("write", path);
            close(fd);
            return error;
        }
        bytes = bytes.subspan(static_cast<size_t>(n));
    }
    if (close(fd) != 0) return os_error("write", path);
    return {};
}

// Newest first; every one is a smaller tree than the one before.
Result<void> write_checkpoints(ExportSource& source, const std::string& directory, const std::vector<NoteKey>& keys,
                               const Checkpoint& newest, ExportReport& report) {
    uint64_t above = 0;
    for (uint64_t at_most = newest.size; at_most != 0;) {
        AIP_ASSIGN(const auto text, source.checkpoint(at_most));
        if (!text) break;
        AIP_ASSIGN(const Note note, Note::parse(*text));
        AIP_ASSIGN(const Checkpoint checkpoint, Checkpoint::parse(note.text));
        if (checkpoint.size > at_most || checkpoint.size == 0)
            return Error{ErrorCode::kCorrupt, "the log answered with a checkpoint of the wrong size; try again"};
        at_most = checkpoint.size - 1;
        const auto signer = signer_of_note(note, keys);
        if (!signer && signer.error().code == ErrorCode::kNotFound) continue;  // from before keys were recorded
        if (!signer) return signer.error();
        AIP_TRY(write_file(directory + checkpoint_file(checkpoint.size), as_bytes(*text)));
        ++report.checkpoints;
        if (above != 0) {
            AIP_ASSIGN(const MerklePath path, source.consistency(checkpoint.size, above));
            const std::string proof = consistency_text(checkpoint.size, above, path);
            AIP_TRY(write_file(directory + consistency_file(checkpoint.size, above), as_bytes(proof)));
            ++report.consistencies;
        }
        above = checkpoint.size;
    }
    return {};
}

Result<void> write_entries(ExportSource& source, const std::string& directory, uint64_t size,
                           const std::string& checkpoint, ExportReport& report) {
    for (uint64_t index = 0; index < size; ++index) {
        AIP_ASSIGN(const Bytes leaf, source.entry(index));
        AIP_TRY(write_file(directory + entry_file(index), leaf));
        ++report.entries;
        AIP_ASSIGN(const MerklePath path, source.inclusion(index, size));
        const std::string proof = tlog_proof_text(index, path, checkpoint, {});
        AIP_TRY(write_file(directory + inclusion_file(index), as_bytes(proof)));
        ++report.inclusions;
    }
    return {};
}

}  // namespace

std::vector<NoteKey> note_keys(const KeyHistory& history, const NoteKey& last) {
    std::vector<NoteKey> keys;
    for (const KeyHistory::Span& span : history.spans()) keys.push_back({last.name, span.event.key});
    if (keys.empty() || keys.back().key != last.key) keys.push_back(last);
    return keys;
}

Result<const NoteKey*> signer_of_note(const Note& note, const std::vector<NoteKey>& keys) {
    for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
        const auto verdict = note.verify(*key);
        if (verdict) return &*key;
        if (verdict.error().code != ErrorCode::kNotFound) return verdict.error();
    }
    return Error{ErrorCode::kNotFound, "no signature by a key of this log"};
}

Result<std::vector<NoteKey>> LogExportSource::keys() {
    AIP_ASSIGN(const KeyHistory history, key_history(log_));
    return note_keys(history, log_.key());
}

Result<ExportReport> write_export(ExportSource& source, const std::string& directory) {
    AIP_ASSIGN(const std::vector<NoteKey> keys, source.keys());
    const NoteKey& key = keys.back();
    AIP_ASSIGN(const auto text, source.checkpoint(kTreeSizeMax));
    if (!text) return Error{ErrorCode::kNotFound, "the ledger of " + key.name + " has no entry yet"};
    AIP_ASSIGN(const Checkpoint newest, open_checkpoint(*text, key));

    AIP_TRY(make_directory(directory));
    const std::string inside = directory + "/";
    for (const char* part : {"checkpoint", "entry", "inclusion", "consistency"}) AIP_TRY(make_directory(inside + part));
    ExportReport report;
    report.origin = key.name;
    AIP_TRY(write_file(inside + "origin", as_bytes(key.name + "\n")));
    std::string vkeys;
    for (const NoteKey& each : keys) vkeys += each.vkey() + "\n";
    AIP_TRY(write_file(inside + "vkey", as_bytes(vkeys)));
    AIP_TRY(write_checkpoints(source, inside, keys, newest, report));
    AIP_TRY(write_entries(source, inside, newest.size, *text, report));
    return report;
}

}  // namespace aip::ledger
