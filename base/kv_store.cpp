#include "base/kv_store.hpp"

namespace aip {

Result<std::optional<std::string>> MemoryKvStore::get(const std::string& key) {
    const auto it = now_.find(key);
    if (it == now_.end()) return std::optional<std::string>{};
    return std::optional<std::string>{it->second};
}

Result<void> MemoryKvStore::write(const KvBatch& batch, bool durable) {
    for (const auto& [key, value] : batch.writes) {
        if (value)
            now_[key] = *value;
        else
            now_.erase(key);
    }
    if (durable) durable_ = now_;  // as in a write-ahead log: a durable write carries the earlier ones with it
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryKvStore::scan(const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto it = now_.lower_bound(prefix); it != now_.end() && it->first.starts_with(prefix); ++it)
        found.push_back(*it);
    return found;
}

}  // namespace aip
