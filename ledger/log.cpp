#include "ledger/log.hpp"

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

Log::Log(LogStore& store, CheckpointCopy& copy, const crypto::Signer& signer)
    : store_(store), copy_(copy), signer_(signer), key_{log_origin(signer.self().address), signer.self().operational} {}

Result<std::unique_ptr<Log>> Log::open(LogStore& store, CheckpointCopy& copy, const crypto::Signer& signer) {
    std::unique_ptr<Log> log(new Log(store, copy, signer));
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
    AIP_TRY(check_copy());
    if (head.size == 0) return {};
    const auto by_current_key = open_checkpoint(head.checkpoint, key_);
    if (!by_current_key) {  // the operational key was changed: the same tree, signed by the key that is valid now
        LogBatch batch;
        batch.first_index = head.size;
        batch.checkpoint = sign(frontier_);
        return commit(batch, frontier_);
    }
    return copy_.write(checkpoint_);
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

// The tree on disk must be that of the copy, or have grown from it.
Result<void> Log::check_copy() {
    AIP_ASSIGN(const auto text, copy_.read());
    if (!text) return {};
    AIP_ASSIGN(const Checkpoint copy, own_checkpoint(*text, key_, "the checkpoint copy"));
    if (copy.size > size())
        return refuse_to_sign("the store holds " + of_size(size()) + " but this node has signed for " +
                              of_size(copy.size));
    const auto root_then = tree_root(copy.size, reader());
    if (!root_then) return refuse_to_sign(root_then.error().text);
    if (*root_then != copy.root)
        return refuse_to_sign("the store's first " + of_size(copy.size) + " are not those this node has signed");
    return {};
}

std::string Log::sign(const Frontier& tree) const {
    const std::string text = Checkpoint{key_.name, tree.size(), tree.root()}.text();
    return signed_note(text, key_, signer_.sign_raw(as_bytes(text)));
}

Result<void> Log::commit(const LogBatch& batch, Frontier next) {
    failed_ = true;  // until both writes are known to be on disk
    const auto stored = store_.append(batch);
    if (!stored) return after_failure(stored.error());
    const auto copied = copy_.write(batch.checkpoint);
    if (!copied) return after_failure(copied.error());
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
    for (const Bytes& leaf : leaves) {
        if (leaf.empty() || leaf.size() > limits::kLeafBytesMax)
            return Error{ErrorCode::kInvalid,
                         "a leaf has 1 to " + std::to_string(limits::kLeafBytesMax) + " bytes; record less"};
        next.append(leaf_hash(leaf), batch.hashes);
    }
    batch.leaves.assign(leaves.begin(), leaves.end());
    batch.versions.assign(versions.begin(), versions.end());
    batch.checkpoint = sign(next);
    AIP_TRY(commit(batch, std::move(next)));
    return Appended{batch.first_index, size(), root()};
}

}  // namespace aip::ledger
