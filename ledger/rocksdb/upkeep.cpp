#include "ledger/rocksdb/upkeep.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/owned_fd.hpp"
#include "base/state_lock.hpp"
#include "ledger/journal_file.hpp"
#include "ledger/log_check.hpp"
#include "ledger/rocksdb/rocks_log_store.hpp"

namespace aip::ledger {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kEntriesOfOneStep = 10'000;
constexpr int kOpenTries = 10;
const std::string kBeforeRestore = ".before-restore";

std::string store_in(const std::string& directory) { return directory + "/ledger"; }
std::string journal_in(const std::string& directory) { return directory + "/ledger.journal"; }
std::string mark_in(const std::string& directory) { return directory + "/checkpoint"; }

// A daemon that is just then done with a file takes it away between the moment its name is read and the moment it is
// opened; what is still missing after some tries is missing.
Result<std::unique_ptr<RocksLogStore>> open_beside(const std::string& directory) {
    auto store = RocksLogStore::open(directory, {true, nullptr});
    for (int tries = 1; !store && tries < kOpenTries; ++tries) store = RocksLogStore::open(directory, {true, nullptr});
    return store;
}

Error cannot(std::string_view action, const std::string& path, const std::error_code& cause) {
    return {cause == std::errc::no_space_on_device ? ErrorCode::kNoSpace : ErrorCode::kIo,
            "cannot " + std::string(action) + " " + path + ": " + cause.message()};
}

Result<void> sync_all(const std::string& directory) {
    const OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || syncfs(fd.get()) != 0) return cannot("sync", directory, {errno, std::generic_category()});
    return {};
}

Result<void> copy(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::copy(from, to, fs::copy_options::recursive, error);
    return error ? Result<void>(cannot("copy " + from + " to", to, error)) : Result<void>{};
}

Result<void> move(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    return error ? Result<void>(cannot("move " + from + " to", to, error)) : Result<void>{};
}

Result<std::vector<LogBatch>> read_journal(const std::string& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return Error{ErrorCode::kNotFound, "there is no journal " + path};
    AIP_ASSIGN(const auto file, FileJournalFile::open(path));
    return Journal(*file).recover();
}

uint64_t signed_size(const std::vector<LogBatch>& records) { return records.empty() ? 0 : records.back().size(); }

Result<Checkpoint> checkpoint_of(const LogBatch& record) {
    AIP_ASSIGN(const Note note, Note::parse(record.checkpoint));
    return Checkpoint::parse(note.text);
}

// As Log does when it opens (log.cpp), without signing anything: what the journal adds to a store of `size` entries.
Result<uint64_t> what_is_added(LogStore& store, uint64_t size, const std::vector<LogBatch>& records) {
    const HashReader read = [&](Subtree at) { return store.hash(at); };
    const Error other{ErrorCode::kCorrupt, "the journal and the store tell two histories"};
    if (records.empty() && size == 0) return uint64_t{0};
    if (records.empty()) return Error{ErrorCode::kCorrupt, "the journal is empty"};
    if (records.front().first_index > size)
        return Error{ErrorCode::kCorrupt, "the store holds " + std::to_string(size) + " entries, but " +
                                              std::to_string(signed_size(records)) + " were signed for"};
    AIP_ASSIGN(Frontier tree, Frontier::load(size, read));
    for (const LogBatch& record : records) {
        if (record.size() == 0) continue;
        const auto was = checkpoint_of(record);
        if (!was || was->size != record.size()) return other;
        std::vector<StoredHash> unused;
        if (record.size() > size) {
            if (record.first_index != tree.size()) return other;
            for (const Bytes& leaf : record.leaves) tree.append(leaf_hash(leaf), unused);
            if (tree.root() != was->root) return other;
        } else {
            AIP_ASSIGN(const Digest root_then, tree_root(record.size(), read));
            if (root_then != was->root) return other;
        }
    }
    return tree.size() - size;
}

// Whether every tree that `records` signed for is one of the store of `size` entries, or of what its journal adds to
// that.
Result<void> is_past_of(LogStore& store, uint64_t size, const std::vector<LogBatch>& journal,
                        const std::vector<LogBatch>& records) {
    const HashReader read = [&](Subtree at) { return store.hash(at); };
    AIP_ASSIGN(Frontier tree, Frontier::load(size, read));
    std::map<uint64_t, Digest> added;
    std::vector<StoredHash> unused;
    for (const LogBatch& batch : journal) {
        for (size_t i = 0; i < batch.leaves.size(); ++i) {
            if (batch.first_index + i != tree.size()) continue;
            tree.append(leaf_hash(batch.leaves[i]), unused);
            added.emplace(tree.size(), tree.root());
        }
    }
    for (const LogBatch& record : records) {
        if (record.size() == 0) continue;
        AIP_ASSIGN(const Checkpoint was, checkpoint_of(record));
        const auto it = added.find(record.size());
        const auto root = it != added.end() ? Result<Digest>(it->second) : tree_root(record.size(), read);
        if (!root || *root != was.root)
            return Error{ErrorCode::kDenied, "this node has signed another history than that of the backup"};
    }
    return {};
}

void add_problem(FsckReport& report, const Error& error) {
    ++report.problems;
    report.first_problems.push_back(error.text);
}

Result<FsckReport> check(LogStore& store, crypto::Verifier* verifier) {
    AIP_ASSIGN(const LogHead head, store.load());
    FsckReport report;
    if (const auto note = Note::parse(head.checkpoint); note && head.size != 0)
        if (const auto newest = Checkpoint::parse(note->text)) report.origin = newest->origin;
    LogCheck all(store, verifier, std::nullopt);
    while (!all.step(kEntriesOfOneStep)) {}
    report.entries = all.entries();
    report.checkpoints = all.checkpoints();
    report.problems = all.problems();
    report.first_problems = all.first_problems();
    return report;
}

// Whether the backup can go on from what the journal on the spot says was signed. True: with that journal.
Result<bool> keeps_journal(const std::string& source, const std::string& state_dir, uint64_t backed_up,
                           bool accept_loss) {
    const std::string advice =
        "; signing on from there would fork the node's history, and whoever saw more can prove it. If nothing newer is "
        "to be had, restore with --accept-loss and give the node a new identity (aipctl key create) before it starts";
    const auto records = read_journal(journal_in(state_dir));
    if (!records || records->empty()) {
        if (accept_loss) return false;
        return Error{ErrorCode::kDenied, "no journal in " + state_dir +
                                             " says what this node has signed, and the backup of " +
                                             std::to_string(backed_up) + " entries may be old" + advice};
    }
    AIP_ASSIGN(const auto store, open_beside(store_in(source)));
    AIP_ASSIGN(const LogHead head, store->load());
    if (signed_size(*records) <= backed_up) {
        AIP_ASSIGN(const auto backed_up_too, read_journal(journal_in(source)));
        const auto past = is_past_of(*store, head.size, backed_up_too, *records);
        if (past || accept_loss) return false;
        return Error{past.error().code, past.error().text + advice};
    }
    if (what_is_added(*store, head.size, *records)) return true;
    if (accept_loss) return false;
    return Error{ErrorCode::kDenied, "this node has signed for " + std::to_string(signed_size(*records)) +
                                         " entries, the backup holds " + std::to_string(backed_up) + advice};
}

Error no_ledger(const std::string& state_dir) {
    return {ErrorCode::kNotFound, "there is no ledger in " + state_dir + "; name the daemon's state directory"};
}

// The journal first: a daemon that goes on meanwhile takes nothing out of it that is not in the store by then.
Result<FsckReport> write_backup(const std::string& state_dir, const std::string& target) {
    AIP_TRY(copy(journal_in(state_dir), journal_in(target)));
    {
        AIP_ASSIGN(const auto store, open_beside(store_in(state_dir)));
        AIP_TRY(store->copy_to(store_in(target)));
    }
    AIP_TRY(sync_all(target));
    AIP_ASSIGN(FsckReport report, fsck(target, nullptr));
    if (report.problems != 0)
        return Error{ErrorCode::kCorrupt,
                     "the ledger is damaged (" + report.first_problems[0] + "); a copy of it would be no backup"};
    AIP_ASSIGN(const auto records, read_journal(journal_in(target)));
    std::ofstream mark(mark_in(target), std::ios::binary);
    mark << (records.empty() ? "" : records.back().checkpoint);
    mark.close();
    if (!mark) return Error{ErrorCode::kIo, "cannot write " + mark_in(target) + "; the backup is not whole"};
    AIP_TRY(sync_all(target));
    return report;
}

}  // namespace

Result<FsckReport> fsck(const std::string& state_dir, crypto::Verifier* verifier) {
    std::error_code error;
    if (!fs::exists(store_in(state_dir), error)) return no_ledger(state_dir);
    AIP_ASSIGN(const auto store, open_beside(store_in(state_dir)));
    AIP_ASSIGN(FsckReport report, check(*store, verifier));
    if (const auto files = store->verify_files(); !files) add_problem(report, files.error());
    const auto records = read_journal(journal_in(state_dir));
    const auto added = records ? what_is_added(*store, report.entries, *records) : Result<uint64_t>(records.error());
    if (!added) add_problem(report, added.error());
    if (added) report.in_journal = *added;
    return report;
}

Result<FsckReport> backup(const std::string& state_dir, const std::string& target) {
    std::error_code error;
    if (!fs::exists(store_in(state_dir), error)) return no_ledger(state_dir);
    if (!fs::create_directory(target, error))
        return error ? cannot("create", target, error)
                     : Error{ErrorCode::kExists, target + " exists; a backup is never overwritten, name another"};
    auto report = write_backup(state_dir, target);
    if (!report) fs::remove_all(target, error);
    return report;
}

Result<FsckReport> restore(const std::string& source, const std::string& state_dir, bool accept_loss) {
    std::error_code error;
    if (!fs::exists(mark_in(source), error) || !fs::exists(journal_in(source), error))
        return Error{ErrorCode::kInvalid,
                     source + " is not a whole backup: making it was cut short; use another, or make one again"};
    const auto held = StateLock::take(state_dir);
    if (!held && held.error().code == ErrorCode::kExists)
        return Error{ErrorCode::kExists, held.error().text + "; stop it first"};
    if (!held) return held.error();
    AIP_ASSIGN(const FsckReport report, fsck(source, nullptr));
    if (report.problems != 0)
        return Error{ErrorCode::kCorrupt,
                     "the backup in " + source + " is damaged: " + report.first_problems[0] + "; use another"};
    AIP_ASSIGN(const bool keep, keeps_journal(source, state_dir, report.size(), accept_loss));

    const std::string old = store_in(state_dir) + kBeforeRestore, old_journal = journal_in(state_dir) + kBeforeRestore;
    for (const std::string& kept : {old, old_journal})
        if (fs::exists(kept, error)) return Error{ErrorCode::kExists, kept + " is in the way; move or remove it"};
    const std::string fresh = store_in(state_dir) + ".restoring";
    fs::remove_all(fresh, error);
    AIP_TRY(copy(store_in(source), fresh));
    if (!keep) {
        fs::remove(journal_in(state_dir) + ".restoring", error);
        AIP_TRY(copy(journal_in(source), journal_in(state_dir) + ".restoring"));
    }
    AIP_TRY(sync_all(state_dir));
    if (fs::exists(store_in(state_dir), error)) AIP_TRY(move(store_in(state_dir), old));
    AIP_TRY(move(fresh, store_in(state_dir)));
    if (!keep) {
        if (fs::exists(journal_in(state_dir), error)) AIP_TRY(move(journal_in(state_dir), old_journal));
        AIP_TRY(move(journal_in(state_dir) + ".restoring", journal_in(state_dir)));
    }
    AIP_TRY(sync_all(state_dir));
    return fsck(state_dir, nullptr);
}

}  // namespace aip::ledger
