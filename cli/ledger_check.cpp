#include "cli/ledger_check.hpp"

#include <map>

#include "ledger/entry.hpp"

namespace aip::cli {
namespace {

struct SignedTree {
    ledger::Checkpoint checkpoint;
    crypto::PublicKey key;
};
using Checkpoints = std::map<uint64_t, SignedTree>;

Error in_checkpoint(uint64_t size, const Error& error) { return error.within("checkpoint " + std::to_string(size)); }
Error in_entry(uint64_t index, const Error& error) { return error.within("entry " + std::to_string(index)); }

Result<Checkpoints> checkpoints_of(ControlLedger& ledger, const std::vector<ledger::NoteKey>& keys) {
    Checkpoints all;
    for (uint64_t at_most = ledger::kTreeSizeMax; at_most != 0;) {
        AIP_ASSIGN(const auto text, ledger.checkpoint(at_most));
        if (!text) break;
        AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(*text));
        AIP_ASSIGN(ledger::Checkpoint checkpoint, ledger::Checkpoint::parse(note.text));
        if (checkpoint.size == 0 || checkpoint.size > at_most)
            return Error{ErrorCode::kCorrupt, "the ledger answered with a checkpoint of the wrong size"};
        at_most = checkpoint.size - 1;
        const auto signer = ledger::signer_of_note(note, keys);
        if (!signer && signer.error().code == ErrorCode::kNotFound) continue;  // from before keys were recorded
        if (!signer) return in_checkpoint(checkpoint.size, signer.error());
        all.emplace(checkpoint.size, SignedTree{checkpoint, (*signer)->key});
    }
    if (all.empty()) return Error{ErrorCode::kDenied, "no checkpoint of the ledger is signed by its node"};
    return all;
}

// Every entry, and what the keys were along the way.
Result<ledger::KeyHistory> check_entries(ControlLedger& ledger, const Checkpoints& trees, crypto::Verifier& verifier) {
    ledger::Frontier tree;
    ledger::KeyHistory keys;
    std::vector<ledger::StoredHash> unused;
    const uint64_t size = trees.rbegin()->first;
    for (uint64_t index = 0; index < size; ++index) {
        AIP_ASSIGN(const ledger::EntryProof proof, ledger.proof({index, std::nullopt, size}));
        const auto checked = ledger::verify_entry(proof, verifier, {});
        if (!checked) return in_entry(index, checked.error());
        if (proof.index != index) return in_entry(index, {ErrorCode::kDenied, "the ledger answered with another"});
        const auto valid = keys.follow(index, *checked);
        if (!valid) return in_entry(index, valid.error());
        unused.clear();
        tree.append(ledger::leaf_hash(proof.leaf), unused);
        const auto it = trees.find(tree.size());
        if (it != trees.end() && it->second.checkpoint.root != tree.root())
            return in_checkpoint(tree.size(), {ErrorCode::kDenied, "the entries have another root"});
    }
    return keys;
}

}  // namespace

Result<LedgerCheck> check_ledger(ControlLedger& ledger, const Address& address, crypto::Verifier& verifier) {
    AIP_ASSIGN(const std::vector<ledger::NoteKey> keys, ledger.keys());
    if (keys.back().name != ledger::log_origin(address))
        return Error{ErrorCode::kDenied, "the ledger is that of " + keys.back().name + ", not of " + address.text()};
    AIP_ASSIGN(const Checkpoints trees, checkpoints_of(ledger, keys));
    AIP_ASSIGN(const ledger::KeyHistory history, check_entries(ledger, trees, verifier));
    for (const auto& [size, tree] : trees)
        if (!history.may_sign_tree(size, tree.key))
            return in_checkpoint(size, {ErrorCode::kDenied, "is signed by a key that was not valid then"});
    LedgerCheck check{keys.back().name, trees.rbegin()->first, trees.size(), 0};
    for (auto old = trees.begin(); std::next(old) != trees.end(); ++old) {
        const ledger::Checkpoint& a = old->second.checkpoint;
        const ledger::Checkpoint& b = std::next(old)->second.checkpoint;
        AIP_ASSIGN(const ledger::MerklePath path, ledger.consistency(a.size, b.size));
        const auto verdict = ledger::verify_consistency(a.size, a.root, b.size, b.root, path);
        if (!verdict) return in_checkpoint(b.size, verdict.error());
        ++check.consistencies;
    }
    return check;
}

}  // namespace aip::cli
