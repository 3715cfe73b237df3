// FaultyKvStore: passes everything on until told that writes of keys with a prefix fail; then nothing of such a batch
// is written. What a full or dying disk does to the database of one machine.
#pragma once

#include <algorithm>

#include "base/kv_store.hpp"

namespace aip::sim {

class FaultyKvStore final : public KvStore {
public:
    explicit FaultyKvStore(KvStore& inner) : inner_(inner) {}

    void fail_writes(std::string prefix) { failing_ = std::move(prefix); }
    void heal() { failing_.reset(); }

    Result<std::optional<std::string>> get(const std::string& key) override { return inner_.get(key); }
    Result<void> write(const KvBatch& batch, bool durable) override {
        const bool hit = failing_ && std::any_of(batch.writes.begin(), batch.writes.end(), [this](const auto& write) {
                             return write.first.starts_with(*failing_);
                         });
        if (hit) return Error{ErrorCode::kIo, "the disk fails here on purpose"};
        return inner_.write(batch, durable);
    }
    Result<std::vector<std::pair<std::string, std::string>>> scan(const std::string& prefix) override {
        return inner_.scan(prefix);
    }

private:
    KvStore& inner_;
    std::optional<std::string> failing_;
};

}  // namespace aip::sim
