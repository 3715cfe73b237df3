// Log: one node's append-only history (rfc/0004 section 5). Only the node itself appends; anyone may be shown proofs.
//
// Invariants: an append that was acknowledged is never lost; for one tree size only one root ever leaves this object;
// a tree that is smaller than, or different from, the last signed checkpoint (in the store or in the journal beside it)
// is never signed again. append() computes the tree, signs, makes leaves and checkpoint durable as one record of the
// journal, hands them to the store, and only then returns; after any failed write the Log refuses to append until
// restarted.
// What is read back is checked against the tree before it is handed out (kCorrupt).
//
// Used from one thread, the storage executor. Callers batch: one append() of many leaves costs one sync.
// Not here: witnesses and cosignatures.
#pragma once

#include <memory>
#include <span>

#include "crypto/identity.hpp"
#include "ledger/entry_proof.hpp"
#include "ledger/journal.hpp"
#include "ledger/log_check.hpp"
#include "ledger/note.hpp"

namespace aip::ledger {

struct Appended {
    uint64_t first_index = 0;
    uint64_t size = 0;
    Digest root;
};

class Log {
public:
    // Store, journal and signer must outlive the Log. kCorrupt: the tree on disk contradicts what was signed.
    static Result<std::unique_ptr<Log>> open(LogStore& store, JournalFile& journal, const crypto::Signer& signer);

    // versions[i] is what leaves[i] is about.
    Result<Appended> append(std::span<const Bytes> leaves, std::span<const VersionId> versions);

    uint64_t size() const { return frontier_.size(); }
    Digest root() const { return frontier_.root(); }
    const NoteKey& key() const { return key_; }  // key().name is the origin, key().vkey() for outsiders

    Result<Bytes> leaf(uint64_t index) const;
    Result<EntryProof> prove(uint64_t index) const;                      // in the newest tree
    Result<EntryProof> prove(uint64_t index, uint64_t tree_size) const;  // a size this log has signed
    Result<MerklePath> inclusion(uint64_t index, uint64_t tree_size) const;
    Result<MerklePath> consistency(uint64_t old_size, uint64_t size) const;
    Result<std::string> checkpoint() const;  // newest, signed; kNotFound while the log is empty
    // The signed checkpoint of the largest signed tree not larger than `size_max`.
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) const;
    Result<std::optional<uint64_t>> find(const VersionId& version) const;  // the first entry about it
    LogCheck check(crypto::Verifier* verifier) const { return LogCheck(store_, verifier, key_); }

private:
    Log(LogStore& store, JournalFile& journal, const crypto::Signer& signer);
    Result<void> recover();
    Result<void> check_store(const LogHead& head);
    Result<void> replay(std::vector<LogBatch>& records);
    Result<void> check_signed(const LogBatch& record);
    Result<void> start_over();
    Result<void> commit(const LogBatch& batch, Frontier next);
    std::string sign(const Frontier& tree) const;
    HashReader reader() const;
    Result<Digest> checked_root(uint64_t tree_size) const;

    LogStore& store_;
    Journal journal_;
    const crypto::Signer& signer_;
    NoteKey key_;
    Frontier frontier_;
    std::string checkpoint_;
    bool failed_ = false;
};

}  // namespace aip::ledger
