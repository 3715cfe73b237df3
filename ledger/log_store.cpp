#include "ledger/log_store.hpp"

#include <algorithm>

namespace aip::ledger {
namespace {

Error missing(std::string_view what) {
    return {ErrorCode::kCorrupt, std::string(what) + " is missing from the log; restore it from a backup"};
}

}  // namespace

Result<LogHead> MemoryLogStore::load() {
    LogHead head;
    head.size = now_.leaves.size();
    if (!now_.checkpoints.empty()) head.checkpoint = now_.checkpoints.rbegin()->second;
    return head;
}

Result<void> MemoryLogStore::append(const LogBatch& batch) {
    AIP_ASSERT(batch.first_index == now_.leaves.size() && batch.leaves.size() == batch.versions.size());
    now_.leaves.insert(now_.leaves.end(), batch.leaves.begin(), batch.leaves.end());
    for (const StoredHash& stored : batch.hashes) now_.hashes[stored.at] = stored.hash;
    for (size_t i = 0; i < batch.versions.size(); ++i) now_.index.emplace(batch.versions[i], batch.first_index + i);
    now_.checkpoints[batch.size()] = batch.checkpoint;
    return {};
}

Result<void> MemoryLogStore::sync() {
    if (!lying_) durable_ = now_;
    return {};
}

Result<Bytes> MemoryLogStore::leaf(uint64_t index) {
    if (index >= now_.leaves.size()) return missing("entry " + std::to_string(index));
    return now_.leaves[index];
}

Result<Digest> MemoryLogStore::hash(Subtree at) {
    const auto it = now_.hashes.find(at);
    if (it == now_.hashes.end()) return missing("a subtree hash");
    return it->second;
}

Result<std::optional<std::string>> MemoryLogStore::checkpoint(uint64_t size_max) {
    auto it = now_.checkpoints.upper_bound(size_max);
    if (it == now_.checkpoints.begin()) return std::optional<std::string>{};
    return std::optional<std::string>{std::prev(it)->second};
}

Result<std::optional<uint64_t>> MemoryLogStore::find(const VersionId& version) {
    const auto it = now_.index.find(version);
    return it == now_.index.end() ? std::optional<uint64_t>{} : std::optional<uint64_t>{it->second};
}

Result<void> FaultyLogStore::append(const LogBatch& batch) {
    const bool now = countdown_ && *countdown_ == 0;
    if (countdown_ && !now) --*countdown_;
    if (now) countdown_.reset();
    if (!now || when_ == When::kAfter) AIP_TRY(inner_.append(batch));
    if (now) return Error{ErrorCode::kIo, "injected: append failed"};
    return {};
}

}  // namespace aip::ledger
