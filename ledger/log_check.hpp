// LogCheck: everything a store holds about a log, read and computed again (rfc/0004 section 5.5): every entry against
// its hash, its signature and the key valid there, every stored hash against those below it, every checkpoint against
// the tree of its size and the keys that the entries were signed with, the index of versions, and the root of it all
// against the newest checkpoint. It is what fsck runs from one end to the other, and can be run a little at a time:
// step() reads a bounded number of entries, and the round covers the log as it was when it began.
//
// What is wrong is listed and the check goes on, so that one report names all damage. Nothing is repaired. Storage
// executor only, or a store that was opened beside the daemon to be read (upkeep.hpp).
#pragma once

#include "ledger/key_history.hpp"
#include "ledger/log_store.hpp"
#include "ledger/note.hpp"

namespace aip::ledger {

class LogCheck {
public:
    static constexpr size_t kProblemsMax = 100;  // more are counted only

    // Without a verifier no signature is checked. `current` is the key that signs now, where it is known: it may have
    // signed a checkpoint and no entry yet.
    LogCheck(LogStore& store, crypto::Verifier* verifier, std::optional<NoteKey> current);

    // Goes on for at most `entries_max` entries; true when the round is over. Begins the next round after that.
    bool step(uint64_t entries_max);

    // Of this round, or of the one that is over.
    uint64_t entries() const { return tree_.size(); }
    uint64_t size() const { return size_; }
    uint64_t checkpoints() const { return checkpoints_; }
    uint64_t problems() const { return problem_count_; }
    const std::vector<std::string>& first_problems() const { return problems_; }

private:
    void begin();
    void check_entry(uint64_t index);
    void check_signature(uint64_t index, const Bytes& leaf);
    void check_index(uint64_t index, const Bytes& leaf);
    void check_checkpoint(uint64_t size);
    Result<void> check_signer(uint64_t size, const Note& note) const;
    void finish();
    void problem(std::string what);

    LogStore& store_;
    crypto::Verifier* verifier_;
    std::optional<NoteKey> current_;
    bool running_ = false;
    uint64_t size_ = 0;
    std::string newest_;
    std::string checkpoint_;  // the last one seen
    std::vector<NoteKey> keys_;
    KeyHistory history_;
    std::vector<std::pair<uint64_t, Note>> unsigned_;  // checkpoints whose keys are not the log's yet
    Frontier tree_;
    uint64_t checkpoints_ = 0;
    uint64_t problem_count_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace aip::ledger
