#include "model/version_store.hpp"

#include <algorithm>
#include <map>

#include "base/task_key.hpp"
#include "model/import.hpp"

namespace aip::model {
namespace {

constexpr std::string_view kSummaryPrefix = "version/";
constexpr std::string_view kManifestPrefix = "manifest/";

std::string key(std::string_view prefix, const VersionId& id) {
    return std::string(prefix) + std::string(as_text(id.view()));
}

std::string to_string(const Bytes& bytes) { return std::string(as_text(bytes)); }

Error damaged(const VersionId& id) {
    return {ErrorCode::kCorrupt, "the record of version " + id.hex() + " is damaged: fetch the model again"};
}

// u64 stored at | u64 file size | content digest | task
std::string encode_summary(const Manifest& manifest, WallTime stored_at) {
    Bytes out;
    Writer(out).u64(static_cast<uint64_t>(stored_at.unix_ms())).u64(manifest.file_size());
    Writer(out).put(manifest.content().view()).put(manifest.task());
    return to_string(out);
}

Result<VersionSummary> decode_summary(const VersionId& id, std::string_view value) {
    Reader in(as_bytes(value));
    VersionSummary summary;
    summary.id = id;
    summary.stored_at = WallTime::from_unix_ms(static_cast<int64_t>(in.u64()));
    summary.file_size = in.u64();
    in.copy(summary.content.bytes);
    summary.task = as_text(in.view(in.remaining()));
    if (in.failed() || !is_task_key(summary.task)) return damaged(id);
    return summary;
}

// u32 length | sealed | manifest
std::string encode_manifest_record(const Manifest& manifest, ByteView sealed) {
    Bytes out;
    Writer(out).u32(static_cast<uint32_t>(sealed.size())).put(sealed).put(manifest.bytes());
    return to_string(out);
}

// Splits (newest first within a task) into those that stay and those that go.
std::vector<VersionId> doomed(std::vector<VersionSummary> versions, const std::set<VersionId>& keep, size_t recent) {
    std::vector<VersionId> ids;
    std::map<std::string, size_t> seen;
    for (auto it = versions.rbegin(); it != versions.rend(); ++it)
        if (seen[it->task]++ >= recent && !keep.contains(it->id)) ids.push_back(it->id);
    return ids;
}

}  // namespace

Result<void> VersionStore::put(const Manifest& manifest, ByteView sealed, WallTime stored_at, bool durable) {
    AIP_ASSIGN(const auto missing, missing_blocks(manifest, blocks_));
    if (!missing.empty())
        return Error{ErrorCode::kNotFound, "version " + manifest.id().hex() + " lacks " +
                                               std::to_string(missing.size()) + " of " +
                                               std::to_string(manifest.blocks().size()) + " blocks: receive it again"};
    AIP_TRY(blocks_.sync());
    AIP_ASSIGN(const auto there, kv_.get(key(kSummaryPrefix, manifest.id())));
    KvBatch batch;
    if (!there) {
        batch.put(key(kSummaryPrefix, manifest.id()), encode_summary(manifest, stored_at));
        batch.put(key(kManifestPrefix, manifest.id()), encode_manifest_record(manifest, sealed));
    }
    return kv_.write(batch, durable);  // empty and durable: makes the earlier write durable
}

Result<std::optional<StoredVersion>> VersionStore::get(const VersionId& id) {
    AIP_ASSIGN(const auto summary, kv_.get(key(kSummaryPrefix, id)));
    if (!summary) return std::optional<StoredVersion>{};
    AIP_ASSIGN(const auto decoded, decode_summary(id, *summary));
    AIP_ASSIGN(const auto record, kv_.get(key(kManifestPrefix, id)));
    if (!record) return damaged(id);
    Reader in(as_bytes(*record));
    const ByteView sealed = in.view(in.u32());
    if (in.failed()) return damaged(id);
    auto manifest = Manifest::parse(to_bytes(in.view(in.remaining())));
    if (!manifest || manifest->id() != id) return damaged(id);
    return std::optional<StoredVersion>{{std::move(manifest).value(), to_bytes(sealed), decoded.stored_at}};
}

Result<std::vector<VersionSummary>> VersionStore::list() {
    AIP_ASSIGN(const auto pairs, kv_.scan(std::string(kSummaryPrefix)));
    std::vector<VersionSummary> versions;
    for (const auto& [name, value] : pairs) {
        const auto id = VersionId::from(as_bytes(std::string_view(name).substr(kSummaryPrefix.size())));
        if (!id) return Error{ErrorCode::kCorrupt, "malformed key in the version index"};
        AIP_ASSIGN(auto summary, decode_summary(*id, value));
        versions.push_back(std::move(summary));
    }
    std::sort(versions.begin(), versions.end(), [](const VersionSummary& a, const VersionSummary& b) {
        return a.stored_at != b.stored_at ? a.stored_at < b.stored_at : a.id < b.id;
    });
    return versions;
}

Result<size_t> VersionStore::prune(const std::set<VersionId>& keep, size_t recent_per_task,
                                   const std::set<Digest>& pinned) {
    AIP_ASSIGN(auto versions, list());
    std::set<VersionId> remaining;
    for (const auto& version : versions) remaining.insert(version.id);
    const auto gone = doomed(std::move(versions), keep, recent_per_task);
    KvBatch batch;
    for (const auto& id : gone) {
        remaining.erase(id);
        batch.erase(key(kSummaryPrefix, id));
        batch.erase(key(kManifestPrefix, id));
    }
    if (!gone.empty()) AIP_TRY(kv_.write(batch, true));
    AIP_TRY(sweep_blocks(remaining, pinned));
    return gone.size();
}

Result<void> VersionStore::sweep_blocks(const std::set<VersionId>& remaining, const std::set<Digest>& pinned) {
    std::set<Digest> named = pinned;
    for (const auto& id : remaining) {
        AIP_ASSIGN(const auto version, get(id));
        if (!version) return damaged(id);
        for (const auto& block : version->manifest.blocks()) named.insert(block.digest);
    }
    AIP_ASSIGN(const auto there, blocks_.list());
    for (const auto& digest : there)
        if (!named.contains(digest)) AIP_TRY(blocks_.erase(digest));
    return {};
}

}  // namespace aip::model
