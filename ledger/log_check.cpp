#include "ledger/log_check.hpp"

#include <algorithm>

#include "ledger/entry.hpp"
#include "ledger/export.hpp"

namespace aip::ledger {
namespace {

constexpr size_t kUnsignedMax = 1000;  // checkpoints that wait for the entry that makes their key the log's

std::string checkpoint_name(uint64_t size) { return "the checkpoint of size " + std::to_string(size); }

}  // namespace

LogCheck::LogCheck(LogStore& store, crypto::Verifier* verifier, std::optional<NoteKey> current)
    : store_(store), verifier_(verifier), current_(std::move(current)) {}

void LogCheck::problem(std::string what) {
    if (++problem_count_ <= kProblemsMax) problems_.push_back(std::move(what));
}

bool LogCheck::step(uint64_t entries_max) {
    if (!running_) begin();
    for (uint64_t i = 0; i < entries_max && tree_.size() < size_; ++i) check_entry(tree_.size());
    if (tree_.size() < size_) return false;
    finish();
    return true;
}

void LogCheck::begin() {
    running_ = true;
    tree_ = {};
    size_ = checkpoints_ = problem_count_ = 0;
    problems_.clear();
    unsigned_.clear();
    newest_.clear();
    checkpoint_.clear();
    keys_.clear();
    history_ = {};
    if (current_) keys_.push_back(*current_);
    const auto head = store_.load();
    if (!head) return problem(head.error().text);
    size_ = head->size;
    newest_ = head->checkpoint;
}

void LogCheck::check_entry(uint64_t index) {
    const auto leaf = store_.leaf(index);
    if (!leaf) problem(leaf.error().text);
    const auto stored = store_.hash({0, index});
    if (leaf && stored && leaf_hash(*leaf) != *stored)
        problem("entry " + std::to_string(index) + " is not what its hash says");
    if (leaf) check_signature(index, *leaf);
    if (leaf) check_index(index, *leaf);

    // Goes on with what is stored, so that a damaged entry is reported as one and does not spoil the rest.
    std::vector<StoredHash> complete;
    tree_.append(stored ? *stored : leaf ? leaf_hash(*leaf) : Digest{}, complete);
    for (const StoredHash& computed : complete) {
        const auto there = computed.at.level == 0 ? stored : store_.hash(computed.at);
        if (!there) {
            problem(there.error().text);
        } else if (*there != computed.hash) {
            problem("the hash of " + std::to_string(uint64_t{1} << computed.at.level) + " entries from " +
                    std::to_string(computed.at.index << computed.at.level) + " on is not that of its parts");
        }
    }
    check_checkpoint(tree_.size());
}

void LogCheck::check_signature(uint64_t index, const Bytes& leaf) {
    if (verifier_ == nullptr) return;
    const auto checked = ledger::check_entry(leaf, *verifier_, {});
    if (!checked) return problem("entry " + std::to_string(index) + ": " + checked.error().text);
    NoteKey key{log_origin(checked->signer.address), checked->signer.operational};
    const auto valid = history_.follow(index, *checked);
    if (!valid) problem("entry " + std::to_string(index) + ": " + valid.error().text);
    const bool known = std::any_of(keys_.begin(), keys_.end(), [&](const NoteKey& k) { return k.key == key.key; });
    if (!known) keys_.push_back(std::move(key));
}

// What an entry is about must be found, at this entry or at an earlier one that is about it.
void LogCheck::check_index(uint64_t index, const Bytes& leaf) {
    const auto says = read_entry(leaf);
    if (!says) return;  // a kind of entry that is not known here
    const VersionId id = indexed_as(*says);
    const auto found = store_.find(id);
    if (!found) return problem(found.error().text);
    const auto first = *found && **found < index ? store_.leaf(**found) : Result<Bytes>(leaf);
    const auto about = first ? read_entry(*first) : Result<Entry>(first.error());
    if (!*found || **found > index || !about || indexed_as(*about) != id)
        problem("the index does not lead from " + id.hex() + " to entry " + std::to_string(index));
}

void LogCheck::check_checkpoint(uint64_t size) {
    const auto text = store_.checkpoint(size);
    if (!text) return problem(text.error().text);
    if (!*text || **text == checkpoint_) return;  // of a smaller tree, seen before
    checkpoint_ = **text;
    ++checkpoints_;
    const auto note = Note::parse(checkpoint_);
    const auto checkpoint = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!checkpoint || checkpoint->size != size || checkpoint->root != tree_.root())
        return problem(checkpoint_name(size) + " is damaged, or that of another tree");
    if (verifier_ == nullptr) return;
    const auto verdict = check_signer(size, *note);
    if (verdict) return;
    if (verdict.error().code == ErrorCode::kNotFound && unsigned_.size() < kUnsignedMax)
        unsigned_.emplace_back(size, *note);
    else
        problem(checkpoint_name(size) + ": " + verdict.error().text);
}

// kNotFound: by no key that is known to have been the log's at this size.
Result<void> LogCheck::check_signer(uint64_t size, const Note& note) const {
    AIP_ASSIGN(const NoteKey* key, signer_of_note(note, keys_));
    if (history_.may_sign_tree(size, key->key)) return {};
    return Error{ErrorCode::kNotFound, "signed by a key that was not valid then"};
}

void LogCheck::finish() {
    running_ = false;
    for (const auto& [size, note] : unsigned_)
        if (const auto verdict = check_signer(size, note); !verdict)
            problem(checkpoint_name(size) + ": " + verdict.error().text);
    if (size_ == 0) return;
    const auto note = Note::parse(newest_);
    const auto newest = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!newest || newest->size != size_ || newest->root != tree_.root())
        problem("the newest checkpoint is not that of the entries");
}

}  // namespace aip::ledger
