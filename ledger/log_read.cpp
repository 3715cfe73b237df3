// What a Log shows. Everything read from the store is checked against the signed tree before it is handed out.
#include "base/limits.hpp"
#include "ledger/log.hpp"

namespace aip::ledger {
namespace {

Error damaged(std::string_view what) {
    return {ErrorCode::kCorrupt,
            "ledger: " + std::string(what) + " is damaged on disk and is not shown; restore the ledger from a backup"};
}

Error not_there(const std::string& what, uint64_t size) {
    return {ErrorCode::kNotFound, "no " + what + " in this ledger, which has " + std::to_string(size) + " entries"};
}

}  // namespace

Result<Bytes> Log::leaf(uint64_t index) const {
    if (index >= size()) return not_there("entry " + std::to_string(index), size());
    AIP_ASSIGN(Bytes leaf, store_.leaf(index));
    AIP_ASSIGN(const MerklePath path, inclusion(index, size()));
    if (!verify_inclusion(leaf_hash(leaf), index, size(), path, root()))
        return damaged("entry " + std::to_string(index));
    return leaf;
}

// The root the log had at an earlier size, proven to be a prefix of the signed tree.
Result<Digest> Log::checked_root(uint64_t tree_size) const {
    if (tree_size > size() || tree_size == 0) return not_there("tree of " + std::to_string(tree_size), size());
    if (tree_size == size()) return root();
    AIP_ASSIGN(const Digest then, tree_root(tree_size, reader()));
    AIP_ASSIGN(const MerklePath path, consistency_proof(tree_size, size(), reader()));
    if (!verify_consistency(tree_size, then, size(), root(), path))
        return damaged("the tree of " + std::to_string(tree_size));
    return then;
}

Result<MerklePath> Log::inclusion(uint64_t index, uint64_t tree_size) const {
    AIP_ASSIGN(const Digest root_then, checked_root(tree_size));
    AIP_ASSIGN(MerklePath path, inclusion_proof(index, tree_size, reader()));
    AIP_ASSIGN(const Digest hash, store_.hash({0, index}));
    if (!verify_inclusion(hash, index, tree_size, path, root_then))
        return damaged("the tree around entry " + std::to_string(index));
    return path;
}

Result<MerklePath> Log::consistency(uint64_t old_size, uint64_t new_size) const {
    AIP_ASSIGN(const Digest old_root, checked_root(old_size));
    AIP_ASSIGN(const Digest new_root, checked_root(new_size));
    AIP_ASSIGN(MerklePath path, consistency_proof(old_size, new_size, reader()));
    if (!verify_consistency(old_size, old_root, new_size, new_root, path))
        return damaged("the tree of " + std::to_string(old_size));
    return path;
}

Result<EntryProof> Log::prove(uint64_t index) const { return prove(index, size()); }

Result<EntryProof> Log::prove(uint64_t index, uint64_t tree_size) const {
    if (index >= tree_size || tree_size > size()) return not_there("entry " + std::to_string(index), tree_size);
    AIP_ASSIGN(const auto text, store_.checkpoint(tree_size));
    if (!text) return not_there("checkpoint", tree_size);
    const auto checkpoint = open_checkpoint(*text, key_);
    if (!checkpoint || checkpoint->size != tree_size)
        return Error{ErrorCode::kNotFound, "this node's current key has signed no checkpoint of size " +
                                               std::to_string(tree_size) + "; prove in the newest tree"};
    EntryProof proof;
    AIP_ASSIGN(proof.leaf, store_.leaf(index));
    AIP_ASSIGN(proof.path, inclusion_proof(index, tree_size, reader()));
    if (!verify_inclusion(leaf_hash(proof.leaf), index, tree_size, proof.path, checkpoint->root))
        return damaged("entry " + std::to_string(index) + " or the tree around it");
    proof.index = index;
    proof.checkpoint = *text;
    proof.credential = signer_.credential();
    if (proof.encode().size() > limits::kEntryProofBytesMax)
        return Error{ErrorCode::kNoSpace, "the proof of entry " + std::to_string(index) + " is too large to travel"};
    return proof;
}

Result<std::string> Log::checkpoint() const {
    if (checkpoint_.empty()) return not_there("checkpoint", size());
    return checkpoint_;
}

Result<std::optional<std::string>> Log::checkpoint(uint64_t size_max) const { return store_.checkpoint(size_max); }

Result<std::optional<uint64_t>> Log::find(const VersionId& version) const { return store_.find(version); }

}  // namespace aip::ledger
