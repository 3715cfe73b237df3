#include "ledger/log.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip::ledger {
namespace {

Error refuse_to_sign(std::string_view why) {
    return {ErrorCode::kCorrupt, "ledger: " + std::string(why) +
                                     "; nothing will be signed. Stop the node, restore the newest copy of its ledger, "
                                     "or start a new identity: signing on would fork its history"};
}

Error after_failure(const Error& cause) {
    return {cause.code, cause.text + "; the ledger takes no more entries until the node is restarted"};
}

std::string of_size(uint64_t size) { return std::to_string(size) + (size == 1 ? " entry" : " entries"); }

// The checkpoint in a note of our own, checked as far as possible: a note by an earlier operational key is believed
// for what it is compared with, never handed out as ours.
Result<Checkpoint> own_checkpoint(const std::string& text, const NoteKey& key, std::string_view where) {
    const auto note = Note::parse(text);
    if (!note) return refuse_to_sign(std::string(where) + " is damaged");
    const auto verdict = note->verify(key);
    if (!verdict && verdict.error().code == ErrorCode::kDenied)
        return refuse_to_sign(std::string(where) + " has a bad signature");
    auto checkpoint = Checkpoint::parse(note->text);
    if (!checkpoint) return refuse_to_sign(std::string(where) + " is damaged");
    if (checkpoint->origin != key.name)
        return refuse_to_sign(std::string(where) + " is of another log, " + checkpoint->origin);
    return checkpoint;
}

}  // namespace

Log::Log(LogStore& store, JournalFile& journal, const crypto::Signer& signer)
    : store_(store),
      journal_(journal),
      signer_(signer),
      key_{log_origin(signer.self().address), signer.self().operational} {}

Result<std::unique_ptr<Log>> Log::open(LogStore& store, JournalFile& journal, const crypto::Signer& signer) {
    std::unique_ptr<Log> log(new Log(store, journal, signer));
    AIP_TRY(log->recover());
    return log;
}

HashReader Log::reader() const {
    return [this](Subtree at) { return store_.hash(at); };
}

Result<void> Log::recover() {
    AIP_ASSIGN(const LogHead head, store_.load());
    if (head.size == 0 && !head.checkpoint.empty()) return refuse_to_sign("the store is signed but empty");
    if (head.size != 0) AIP_TRY(check_store(head));
    AIP_ASSIGN(auto records, journal_.recover());
    if (records.empty() && size() != 0)
        return refuse_to_sign("the journal beside the store is missing, and nothing else says whether the store's " +
                              of_size(size()) + " are all");
    if (!records.empty()) AIP_TRY(replay(records));
    if (size() != 0) return start_over();
    // The first page of a journal holds no entry: torn, it is a journal of nothing; any other that cannot be read is
    // not.
    return records.empty() ? journal_.write(LogBatch{}) : Result<void>{};
}

// The tree on disk must be the one that was signed last.
Result<void> Log::check_store(const LogHead& head) {
    AIP_ASSIGN(const Checkpoint last, own_checkpoint(head.checkpoint, key_, "the last checkpoint in the store"));
    if (last.size != head.size)
        return refuse_to_sign("the store holds " + of_size(head.size) + " but signed for " + of_size(last.size));
    auto frontier = Frontier::load(head.size, reader());
    if (!frontier) return refuse_to_sign(frontier.error().text);
    if (frontier->root() != last.root) return refuse_to_sign("the stored tree is not the one that was signed");
    AIP_ASSIGN(const Bytes newest, store_.leaf(head.size - 1));
    AIP_ASSIGN(const Digest stored, store_.hash({0, head.size - 1}));
    if (leaf_hash(newest) != stored) return refuse_to_sign("the newest entry is damaged");
    frontier_ = std::move(*frontier);
    checkpoint_ = head.checkpoint;
    return {};
}

// The store must have grown to what the journal says, or have stopped on the way: then it is filled up.
Result<void> Log::replay(std::vector<LogBatch>& records) {
    if (records.front().first_index > size())
        return refuse_to_sign("the store holds " + of_size(size()) + " but this node has signed for " +
                              of_size(records.back().size()));
    auto next = std::find_if(records.begin(), records.end(), [&](const LogBatch& r) { return r.size() > size(); });
    if (next != records.begin()) AIP_TRY(check_signed(*std::prev(next)));
    for (; next != records.end(); ++next) {
        if (next->first_index != size()) return refuse_to_sign("the journal contradicts itself");
        for (const Bytes& leaf : next->leaves) frontier_.append(leaf_hash(leaf), next->hashes);
        const auto note = Note::parse(next->checkpoint);
        const auto was = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
        if (!was || was->size != size() || was->root != root()) return refuse_to_sign("the journal contradicts itself");
        checkpoint_ = next->checkpoint;
        AIP_TRY(store_.append(*next));
    }
    return check_signed(records.back());
}

// What the journal says was signed must be the root of a prefix of the tree.
Result<void> Log::check_signed(const LogBatch& record) {
    if (record.size() == 0 && record.checkpoint.empty()) return {};
    AIP_ASSIGN(const Checkpoint was, own_checkpoint(record.checkpoint, key_, "the checkpoint in the journal"));
    if (was.size != record.size()) return refuse_to_sign("the journal contradicts itself");
    const auto root_then = tree_root(was.size, reader());
    if (!root_then) return refuse_to_sign(root_then.error().text);
    if (*root_then != was.root)
        return refuse_to_sign("the store's first " + of_size(was.size) + " are not those this node has signed");
    return {};
}

// Before anything is shown, all that was read is made durable anew: after a failed sync, what the system still shows
// need not be on the disk. If the operational key was changed, the same tree is signed by the one that is valid now.
Result<void> Log::start_over() {
    AIP_TRY(store_.sync());
    journal_.turn();
    LogBatch mark;
    mark.first_index = size();
    mark.checkpoint = open_checkpoint(checkpoint_, key_) ? checkpoint_ : sign(frontier_);
    return commit(mark, frontier_);
}

std::string Log::sign(const Frontier& tree) const {
    const std::string text = Checkpoint{key_.name, tree.size(), tree.root()}.text();
    return signed_note(text, key_, signer_.sign_raw(as_bytes(text)));
}

Result<void> Log::commit(const LogBatch& batch, Frontier next) {
    failed_ = true;  // until all is known to be written
    const auto written = [&]() -> Result<void> {
        if (!journal_.fits(batch)) {
            AIP_TRY(store_.sync());
            journal_.turn();
        }
        AIP_TRY(journal_.write(batch));
        return store_.append(batch);
    }();
    if (!written) return after_failure(written.error());
    failed_ = false;
    frontier_ = std::move(next);
    checkpoint_ = batch.checkpoint;
    return {};
}

Result<Appended> Log::append(std::span<const Bytes> leaves, std::span<const VersionId> versions) {
    AIP_ASSERT(leaves.size() == versions.size());
    if (failed_) return Error{ErrorCode::kIo, "the ledger had a failed write; restart the node"};
    if (leaves.empty() || leaves.size() > limits::kAppendLeavesMax)
        return Error{ErrorCode::kInvalid, "append 1 to " + std::to_string(limits::kAppendLeavesMax) + " leaves"};
    LogBatch batch;
    batch.first_index = size();
    Frontier next = frontier_;
    size_t bytes = 0;
    for (const Bytes& leaf : leaves) {
        if (leaf.empty() || leaf.size() > limits::kLeafBytesMax)
            return Error{ErrorCode::kInvalid,
                         "a leaf has 1 to " + std::to_string(limits::kLeafBytesMax) + " bytes; record less"};
        next.append(leaf_hash(leaf), batch.hashes);
        bytes += leaf.size();
    }
    if (bytes > limits::kAppendBytesMax)
        return Error{ErrorCode::kInvalid,
                     "append at most " + std::to_string(limits::kAppendBytesMax) + " bytes of leaves at once"};
    batch.leaves.assign(leaves.begin(), leaves.end());
    batch.versions.assign(versions.begin(), versions.end());
    batch.checkpoint = sign(next);
    AIP_TRY(commit(batch, std::move(next)));
    return Appended{batch.first_index, size(), root()};
}

}  // namespace aip::ledger
