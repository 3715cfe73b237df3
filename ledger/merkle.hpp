// The Merkle tree of a log (RFC 6962 section 2.1, rfc/0004 section 2), SHA-256:
//   leaf hash = H(0x00 || leaf)        node hash = H(0x01 || left || right)        empty tree = H("")
//
// A tree is stored as the hashes of its complete subtrees. Subtree (level, index) covers the leaves
// [index << level, (index + 1) << level) and never changes once complete; every append stores one leaf hash and the
// subtrees it completes, and every proof is O(log n) reads of stored hashes at any size.
// A Frontier is the few complete subtrees along the right edge: enough to append and to know the root.
// Pure values and functions; no thread, no I/O: stored hashes are read through a HashReader.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace aip::ledger {

inline constexpr uint64_t kTreeSizeMax = uint64_t{1} << 62;

struct Subtree {
    uint8_t level = 0;
    uint64_t index = 0;
    auto operator<=>(const Subtree&) const = default;
};

struct StoredHash {
    Subtree at;
    Digest hash;
    bool operator==(const StoredHash&) const = default;
};

using HashReader = std::function<Result<Digest>(Subtree)>;
using MerklePath = std::vector<Digest>;

Digest leaf_hash(ByteView leaf);
Digest node_hash(const Digest& left, const Digest& right);
Digest empty_root();

class Frontier {
public:
    Frontier() = default;
    static Result<Frontier> load(uint64_t size, const HashReader& read);

    // Adds one leaf; what has to be stored for it is appended to `stored`.
    void append(const Digest& leaf, std::vector<StoredHash>& stored);
    uint64_t size() const { return size_; }
    Digest root() const;

private:
    uint64_t size_ = 0;
    std::vector<Digest> edge_;  // one hash per set bit of size_, largest subtree first
};

Result<Digest> tree_root(uint64_t size, const HashReader& read);

// RFC 6962 sections 2.1.1 and 2.1.2. kInvalid if index >= size, or unless 0 < old_size <= size.
Result<MerklePath> inclusion_proof(uint64_t index, uint64_t size, const HashReader& read);
Result<MerklePath> consistency_proof(uint64_t old_size, uint64_t size, const HashReader& read);

// RFC 9162 sections 2.1.3.2 and 2.1.4.2. kDenied if the proof does not prove it.
Result<void> verify_inclusion(const Digest& leaf, uint64_t index, uint64_t size, const MerklePath& path,
                              const Digest& root);
Result<void> verify_consistency(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                                const MerklePath& path);

// The root at `old_size` of the tree with this root, as a consistency proof shows it to somebody who believed in
// another. Nothing if the path does not lead to `root`, or if the old tree is one complete subtree: then the proof
// leaves its root out.
std::optional<Digest> implied_old_root(uint64_t old_size, uint64_t size, const Digest& root, const MerklePath& path);

}  // namespace aip::ledger
