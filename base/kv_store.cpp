#include "base/kv_store.hpp"

namespace aip {
namespace {

void apply(const KvBatch& batch, std::map<std::string, std::string>& map) {
    for (const auto& [key, value] : batch.writes) {
        if (value)
            map[key] = *value;
        else
            map.erase(key);
    }
}

}  // namespace

Result<std::optional<std::string>> MemoryKvStore::get(const std::string& key) {
    const auto it = now_.find(key);
    if (it == now_.end()) return std::optional<std::string>{};
    return std::optional<std::string>{it->second};
}

Result<void> MemoryKvStore::write(const KvBatch& batch, bool durable) {
    apply(batch, now_);
    pending_.push_back(batch);
    if (!durable) return {};
    // As in a write-ahead log: a durable write carries the earlier ones with it.
    for (const KvBatch& earlier : pending_) apply(earlier, durable_);
    pending_.clear();
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryKvStore::scan(const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto it = now_.lower_bound(prefix); it != now_.end() && it->first.starts_with(prefix); ++it)
        found.push_back(*it);
    return found;
}

void MemoryKvStore::crash() {
    now_ = durable_;
    pending_.clear();
}

}  // namespace aip
