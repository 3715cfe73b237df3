// KvStore: an ordered map of byte strings that survives a crash. One write() is atomic; with `durable` it is on disk
// when the call returns. Calls block, so the node makes them on its Executor. Real: model/rocksdb. In memory: here
// (MemoryKvStore, which forgets what was not durable when told to crash()).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace aip {

struct KvBatch {
    std::vector<std::pair<std::string, std::optional<std::string>>> writes;  // nullopt erases

    void put(std::string key, std::string value) { writes.emplace_back(std::move(key), std::move(value)); }
    void erase(std::string key) { writes.emplace_back(std::move(key), std::nullopt); }
};

class KvStore {
public:
    virtual ~KvStore() = default;
    virtual Result<std::optional<std::string>> get(const std::string& key) = 0;
    virtual Result<void> write(const KvBatch& batch, bool durable) = 0;
    // All pairs whose key starts with `prefix`, in key order.
    virtual Result<std::vector<std::pair<std::string, std::string>>> scan(const std::string& prefix) = 0;
};

class MemoryKvStore final : public KvStore {
public:
    Result<std::optional<std::string>> get(const std::string& key) override;
    Result<void> write(const KvBatch& batch, bool durable) override;
    Result<std::vector<std::pair<std::string, std::string>>> scan(const std::string& prefix) override;

    void crash();  // power cut: what was not durable is gone
    const std::map<std::string, std::string>& durable() const { return durable_; }  // what a crash would leave
    uint64_t durable_writes() const { return durable_writes_; }  // so many; durable() is as it was if this is

private:
    std::map<std::string, std::string> now_;
    std::map<std::string, std::string> durable_;
    std::set<std::string> unsynced_;  // keys written since the last durable write
    uint64_t durable_writes_ = 0;
};

}  // namespace aip
