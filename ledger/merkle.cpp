#include "ledger/merkle.hpp"

#include <bit>

#include "crypto/sha256.hpp"

namespace aip::ledger {
namespace {

constexpr uint8_t kLeafPrefix = 0x00;
constexpr uint8_t kNodePrefix = 0x01;

// The largest power of two smaller than n: where RFC 6962 splits a tree of n > 1 leaves.
uint64_t split_point(uint64_t n) { return std::bit_floor(n - 1); }

Error not_proven(std::string_view what) {
    return {ErrorCode::kDenied, std::string(what) + " proof does not lead to the signed root; ask for it again"};
}

// The root of leaves [begin, end), where begin is a multiple of a power of two >= end - begin.
Result<Digest> range_root(uint64_t begin, uint64_t end, const HashReader& read) {
    std::vector<Digest> edge;
    while (begin < end) {
        const uint64_t width = std::bit_floor(end - begin);
        const auto level = static_cast<uint8_t>(std::countr_zero(width));
        AIP_ASSIGN(const Digest hash, read({level, begin >> level}));
        edge.push_back(hash);
        begin += width;
    }
    Digest root = edge.back();
    for (size_t i = edge.size() - 1; i-- > 0;) root = node_hash(edge[i], root);
    return root;
}

}  // namespace

Digest leaf_hash(ByteView leaf) { return crypto::Sha256().update({&kLeafPrefix, 1}).update(leaf).finish(); }

Digest node_hash(const Digest& left, const Digest& right) {
    std::array<uint8_t, 1 + 2 * Digest::kSize> input{kNodePrefix};
    std::memcpy(input.data() + 1, left.bytes.data(), Digest::kSize);
    std::memcpy(input.data() + 1 + Digest::kSize, right.bytes.data(), Digest::kSize);
    return crypto::sha256(input);
}

Digest empty_root() { return crypto::sha256({}); }

Result<Frontier> Frontier::load(uint64_t size, const HashReader& read) {
    if (size > kTreeSizeMax) return Error{ErrorCode::kCorrupt, "a tree of that size cannot be; restore the log"};
    Frontier frontier;
    for (uint64_t at = 0; at < size;) {
        const uint64_t width = std::bit_floor(size - at);
        const auto level = static_cast<uint8_t>(std::countr_zero(width));
        AIP_ASSIGN(const Digest hash, read({level, at >> level}));
        frontier.edge_.push_back(hash);
        at += width;
    }
    frontier.size_ = size;
    return frontier;
}

void Frontier::append(const Digest& leaf, std::vector<StoredHash>& stored) {
    AIP_ASSERT(size_ < kTreeSizeMax);
    Subtree at{0, size_};
    Digest hash = leaf;
    stored.push_back({at, hash});
    for (; (at.index & 1) != 0; edge_.pop_back()) {
        hash = node_hash(edge_.back(), hash);
        at = {static_cast<uint8_t>(at.level + 1), at.index >> 1};
        stored.push_back({at, hash});
    }
    edge_.push_back(hash);
    ++size_;
    AIP_ASSERT(edge_.size() == static_cast<size_t>(std::popcount(size_)));
}

Digest Frontier::root() const {
    if (edge_.empty()) return empty_root();
    Digest root = edge_.back();
    for (size_t i = edge_.size() - 1; i-- > 0;) root = node_hash(edge_[i], root);
    return root;
}

Result<Digest> tree_root(uint64_t size, const HashReader& read) {
    AIP_ASSIGN(const Frontier frontier, Frontier::load(size, read));
    return frontier.root();
}

Result<MerklePath> inclusion_proof(uint64_t index, uint64_t size, const HashReader& read) {
    if (index >= size || size > kTreeSizeMax)
        return Error{ErrorCode::kInvalid, "entry " + std::to_string(index) + " is not in a tree of " +
                                              std::to_string(size) + "; name a larger tree"};
    MerklePath path;  // from the root down, reversed at the end
    for (uint64_t begin = 0, end = size; end - begin > 1;) {
        const uint64_t middle = begin + split_point(end - begin);
        const bool left = index < middle;
        AIP_ASSIGN(const Digest sibling, left ? range_root(middle, end, read) : range_root(begin, middle, read));
        path.push_back(sibling);
        (left ? end : begin) = middle;
    }
    return MerklePath(path.rbegin(), path.rend());
}

Result<MerklePath> consistency_proof(uint64_t old_size, uint64_t size, const HashReader& read) {
    if (old_size == 0 || old_size > size || size > kTreeSizeMax)
        return Error{ErrorCode::kInvalid, "no consistency proof from size " + std::to_string(old_size) + " to " +
                                              std::to_string(size) + "; give sizes of 1 or more, the smaller first"};
    MerklePath path;
    uint64_t begin = 0;
    uint64_t end = size;
    while (old_size != end) {
        const uint64_t middle = begin + split_point(end - begin);
        const bool left = old_size <= middle;
        AIP_ASSIGN(const Digest sibling, left ? range_root(middle, end, read) : range_root(begin, middle, read));
        path.push_back(sibling);
        (left ? end : begin) = middle;
    }
    if (begin != 0) {  // the old tree ends in a subtree the verifier does not know by itself
        AIP_ASSIGN(const Digest common, range_root(begin, end, read));
        path.push_back(common);
    }
    return MerklePath(path.rbegin(), path.rend());
}

// RFC 9162 section 2.1.3.2.
Result<void> verify_inclusion(const Digest& leaf, uint64_t index, uint64_t size, const MerklePath& path,
                              const Digest& root) {
    if (index >= size || size > kTreeSizeMax) return not_proven("inclusion");
    uint64_t fn = index;
    uint64_t sn = size - 1;
    Digest hash = leaf;
    for (const Digest& sibling : path) {
        if (sn == 0) return not_proven("inclusion");
        if ((fn & 1) != 0 || fn == sn) {
            hash = node_hash(sibling, hash);
            while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
        } else {
            hash = node_hash(hash, sibling);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0 || hash != root) return not_proven("inclusion");
    return {};
}

namespace {

struct TwoRoots {
    Digest old_root;
    Digest root;
};

// The roots that a consistency proof leads to, RFC 9162 section 2.1.4.2; nothing if it has not the hashes it needs.
// `old_root` is the first of them if the old tree is one complete subtree, and not used otherwise. 0 < old_size < size.
std::optional<TwoRoots> follow(uint64_t old_size, const Digest& old_root, uint64_t size, const MerklePath& path) {
    const bool whole = std::has_single_bit(old_size);
    if (!whole && path.empty()) return std::nullopt;
    uint64_t fn = old_size - 1;
    uint64_t sn = size - 1;
    while ((fn & 1) != 0) fn >>= 1, sn >>= 1;
    Digest fr = whole ? old_root : path.front();
    Digest sr = fr;
    for (size_t i = whole ? 0 : 1; i < path.size(); ++i) {
        if (sn == 0) return std::nullopt;
        if ((fn & 1) != 0 || fn == sn) {
            fr = node_hash(path[i], fr);
            sr = node_hash(path[i], sr);
            while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
        } else {
            sr = node_hash(sr, path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) return std::nullopt;
    return TwoRoots{fr, sr};
}

}  // namespace

Result<void> verify_consistency(uint64_t old_size, const Digest& old_root, uint64_t size, const Digest& root,
                                const MerklePath& path) {
    if (old_size == 0 || old_size > size || size > kTreeSizeMax) return not_proven("consistency");
    if (old_size == size) {
        if (!path.empty() || old_root != root) return not_proven("consistency");
        return {};
    }
    const auto roots = follow(old_size, old_root, size, path);
    if (!roots || roots->old_root != old_root || roots->root != root) return not_proven("consistency");
    return {};
}

std::optional<Digest> implied_old_root(uint64_t old_size, uint64_t size, const Digest& root, const MerklePath& path) {
    if (old_size == 0 || old_size >= size || size > kTreeSizeMax || std::has_single_bit(old_size)) return std::nullopt;
    const auto roots = follow(old_size, {}, size, path);
    if (!roots || roots->root != root) return std::nullopt;
    return roots->old_root;
}

}  // namespace aip::ledger
