// VersionStore: which versions this node holds. A version is recorded only after all its blocks are durable, so every
// version it lists can be exported, whenever the power went.
//
// Keys: "version/" + id -> summary, "manifest/" + id -> manifest and sealed envelope, written and erased together.
// prune() first forgets versions (one durable write), then sweeps blocks nobody refers to. A crash in between leaves
// blocks too many, which the next prune() sweeps; never a version without blocks.
// Storage thread. The envelope around a manifest is opaque here: who calls put() has checked it.
#pragma once

#include <set>

#include "base/kv_store.hpp"
#include "base/time.hpp"
#include "model/block_store.hpp"
#include "model/manifest.hpp"

namespace aip::model {

struct StoredVersion {
    Manifest manifest;
    Bytes sealed;  // as it came
    WallTime stored_at;
};

struct VersionSummary {
    VersionId id;
    Digest content;
    std::string task;
    uint64_t file_size = 0;
    WallTime stored_at;
};

class VersionStore {
public:
    VersionStore(BlockStore& blocks, KvStore& kv) : blocks_(blocks), kv_(kv) {}

    // Syncs the blocks, then records the version; `durable`: on disk when the call returns. kNotFound if blocks are
    // missing. A version already there keeps its first envelope and time.
    Result<void> put(const Manifest& manifest, ByteView sealed, WallTime stored_at, bool durable);
    Result<std::optional<StoredVersion>> get(const VersionId& id);
    Result<std::vector<VersionSummary>> list();  // oldest first

    // Forgets every version that is neither in `keep` nor among the newest `recent_per_task` of its task, and every
    // block that neither a remaining version nor `pinned` names. `pinned` must name the blocks of transfers and imports
    // under way. Returns how many versions went.
    Result<size_t> prune(const std::set<VersionId>& keep, size_t recent_per_task, const std::set<Digest>& pinned);

private:
    Result<void> sweep_blocks(const std::set<VersionId>& remaining, const std::set<Digest>& pinned);

    BlockStore& blocks_;
    KvStore& kv_;
};

}  // namespace aip::model
