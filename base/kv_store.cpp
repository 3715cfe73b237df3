#include "base/kv_store.hpp"

namespace aip {
namespace {

using Map = std::map<std::string, std::string>;

void copy_key(const std::string& key, const Map& from, Map& to) {
    if (const auto it = from.find(key); it != from.end())
        to[key] = it->second;
    else
        to.erase(key);
}

}  // namespace

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
        unsynced_.insert(key);
    }
    if (!durable) return {};
    // As in a write-ahead log: a durable write carries the earlier ones with it.
    for (const std::string& key : unsynced_) copy_key(key, now_, durable_);
    unsynced_.clear();
    ++durable_writes_;
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryKvStore::scan(const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto it = now_.lower_bound(prefix); it != now_.end() && it->first.starts_with(prefix); ++it)
        found.push_back(*it);
    return found;
}

void MemoryKvStore::crash() {
    for (const std::string& key : unsynced_) copy_key(key, durable_, now_);
    unsynced_.clear();
}

}  // namespace aip
