#include "cli/ledger_check.hpp"

namespace aip::cli {
namespace {

using Checkpoints = std::map<uint64_t, ledger::Checkpoint>;

Error in_entry(uint64_t index, const Error& error) { return error.within("entry " + std::to_string(index)); }

Result<Checkpoints> checkpoints_of(ControlLedger& ledger, const ledger::NoteKey& key) {
    Checkpoints all;
    for (uint64_t at_most = ledger::kTreeSizeMax; at_most != 0;) {
        AIP_ASSIGN(const auto text, ledger.checkpoint(at_most));
        if (!text) break;
        AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(*text));
        AIP_ASSIGN(ledger::Checkpoint checkpoint, ledger::Checkpoint::parse(note.text));
        if (checkpoint.size == 0 || checkpoint.size > at_most)
            return Error{ErrorCode::kCorrupt, "the ledger answered with a checkpoint of the wrong size"};
        at_most = checkpoint.size - 1;
        const auto verdict = note.verify(key);
        if (!verdict && verdict.error().code == ErrorCode::kNotFound) continue;  // by an earlier operational key
        if (!verdict) return verdict.error().within("checkpoint " + std::to_string(checkpoint.size));
        all.emplace(checkpoint.size, std::move(checkpoint));
    }
    if (all.empty()) return Error{ErrorCode::kDenied, "no checkpoint of the ledger is signed by its node"};
    return all;
}

Result<void> check_entries(ControlLedger& ledger, const Checkpoints& checkpoints, crypto::Verifier& verifier) {
    ledger::Frontier tree;
    std::vector<ledger::StoredHash> unused;
    const uint64_t size = checkpoints.rbegin()->first;
    for (uint64_t index = 0; index < size; ++index) {
        AIP_ASSIGN(const ledger::EntryProof proof, ledger.proof({index, std::nullopt, size}));
        const auto verdict = check_proof(proof, verifier);
        if (!verdict) return in_entry(index, verdict.error());
        if (proof.index != index) return in_entry(index, {ErrorCode::kDenied, "the ledger answered with another"});
        unused.clear();
        tree.append(ledger::leaf_hash(proof.leaf), unused);
        const auto it = checkpoints.find(tree.size());
        if (it != checkpoints.end() && it->second.root != tree.root())
            return Error{ErrorCode::kDenied,
                         "checkpoint " + std::to_string(tree.size()) + ": the entries have another root"};
    }
    return {};
}

}  // namespace

Result<ledger::HopStatement> check_proof(const ledger::EntryProof& proof, crypto::Verifier& verifier) {
    AIP_ASSIGN(const ledger::HopStatement says, ledger::read_leaf(proof.leaf));
    return ledger::verify(proof, verifier, says.time);
}

Result<LedgerCheck> check_ledger(ControlLedger& ledger, const Address& address, crypto::Verifier& verifier) {
    AIP_ASSIGN(const ledger::NoteKey key, ledger.key());
    if (key.name != ledger::log_origin(address))
        return Error{ErrorCode::kDenied, "the ledger is that of " + key.name + ", not of " + address.text()};
    AIP_ASSIGN(const Checkpoints checkpoints, checkpoints_of(ledger, key));
    AIP_TRY(check_entries(ledger, checkpoints, verifier));
    LedgerCheck check{key.name, checkpoints.rbegin()->first, checkpoints.size(), 0};
    for (auto old = checkpoints.begin(); std::next(old) != checkpoints.end(); ++old) {
        const ledger::Checkpoint& a = old->second;
        const ledger::Checkpoint& b = std::next(old)->second;
        AIP_ASSIGN(const ledger::MerklePath path, ledger.consistency(a.size, b.size));
        const auto verdict = ledger::verify_consistency(a.size, a.root, b.size, b.root, path);
        if (!verdict) return verdict.error().within("checkpoint " + std::to_string(b.size));
        ++check.consistencies;
    }
    return check;
}

Result<ledger::HopStatement> Lineage::take(const api::AuditStep& step) {
    if (step.proof.empty()) return Error{ErrorCode::kNotFound, step.note.empty() ? "no proof" : step.note};
    AIP_ASSIGN(const ledger::EntryProof proof, ledger::EntryProof::parse(step.proof));
    AIP_ASSIGN(ledger::HopStatement says, check_proof(proof, verifier_));
    if (says.version != step.version || says.node != step.node)
        return Error{ErrorCode::kDenied,
                     "the proof is about version " + says.version.short_hex() + " at " + says.node.text()};
    if (expected_.erase(says.version) == 0)
        return Error{ErrorCode::kDenied, "not an ancestor of the version that was asked for"};
    seen_.insert(says.version);
    for (const VersionId& parent : says.parents)
        if (!seen_.contains(parent)) expected_.insert(parent);
    return says;
}

}  // namespace aip::cli
