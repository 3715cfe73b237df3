#include "model/block_store.hpp"

#include "base/limits.hpp"
#include "crypto/sha256.hpp"

namespace aip::model {

Error corrupt_block(const Digest& digest, std::string_view where) {
    return {ErrorCode::kCorrupt, "block " + digest.hex() + " in " + std::string(where) +
                                     " does not match its digest: check the disk, then fetch the model again"};
}

Result<void> MemoryBlockStore::put(const Digest& digest, ByteView bytes) {
    AIP_ASSERT(!bytes.empty() && bytes.size() <= limits::kBlockBytes);
    blocks_.try_emplace(digest, Block{to_bytes(bytes), false});
    return {};
}

Result<Bytes> MemoryBlockStore::read(const Digest& digest) {
    const auto it = blocks_.find(digest);
    if (it == blocks_.end()) return Error{ErrorCode::kNotFound, "no block " + digest.hex() + " in memory"};
    if (crypto::sha256(it->second.bytes) != digest) return corrupt_block(digest, "memory");
    return it->second.bytes;
}

Result<void> MemoryBlockStore::sync() {
    for (auto& [digest, block] : blocks_) block.durable = true;
    return {};
}

Result<void> MemoryBlockStore::erase(const Digest& digest) {
    blocks_.erase(digest);
    return {};
}

Result<std::vector<Digest>> MemoryBlockStore::list() {
    std::vector<Digest> digests;
    for (const auto& [digest, block] : blocks_) digests.push_back(digest);
    return digests;
}

void MemoryBlockStore::crash() {
    std::erase_if(blocks_, [](const auto& entry) { return !entry.second.durable; });
}

uint64_t MemoryBlockStore::bytes_held() const {
    uint64_t total = 0;
    for (const auto& [digest, block] : blocks_) total += block.bytes.size();
    return total;
}

void FaultyBlockStore::fail_put(size_t nth, ErrorCode code) {
    put_fails_at_ = puts_ + nth;
    put_error_ = code;
}

void FaultyBlockStore::fail_erase(size_t nth, ErrorCode code) {
    erase_fails_at_ = erases_ + nth;
    erase_error_ = code;
}

void FaultyBlockStore::heal() { put_fails_at_ = erase_fails_at_ = flip_at_ = SIZE_MAX; }

Result<void> FaultyBlockStore::put(const Digest& digest, ByteView bytes) {
    if (++puts_ >= put_fails_at_) return Error{put_error_, "injected fault: put failed"};
    return inner_.put(digest, bytes);
}

Result<Bytes> FaultyBlockStore::read(const Digest& digest) {
    AIP_ASSIGN(auto bytes, inner_.read(digest));
    if (++reads_ == flip_at_) bytes[bytes.size() / 2] ^= 1;
    if (crypto::sha256(bytes) != digest) return corrupt_block(digest, "a faulty store");
    return bytes;
}

Result<void> FaultyBlockStore::erase(const Digest& digest) {
    if (++erases_ >= erase_fails_at_) return Error{erase_error_, "injected fault: erase failed"};
    return inner_.erase(digest);
}

}  // namespace aip::model
