// LogStore: where a log lives on disk (rfc/0004 section 5). One append() writes leaves, subtree hashes, the version
// index and the signed checkpoint atomically and in order; sync() makes all appends so far durable. A crash may take
// back what was not synced, last append first: the Journal above holds it and fills the store up again. Nothing is ever
// changed or erased. A failed append may or may not have happened: the Log above stops and says restart.
// Real: ledger/rocksdb. In memory: MemoryLogStore. To break things: FaultyLogStore.
// All calls block and come from one thread, the storage executor.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "ledger/merkle.hpp"

namespace aip::ledger {

struct LogBatch {
    uint64_t first_index = 0;  // of leaves[0]; the size before
    std::vector<Bytes> leaves;
    std::vector<VersionId> versions;  // one for each leaf
    std::vector<StoredHash> hashes;
    std::string checkpoint;  // signed, for size first_index + leaves.size()

    uint64_t size() const { return first_index + leaves.size(); }
};

struct LogHead {
    uint64_t size = 0;
    std::string checkpoint;  // empty in a new log
};

class LogStore {
public:
    virtual ~LogStore() = default;
    virtual Result<LogHead> load() = 0;
    virtual Result<void> append(const LogBatch& batch) = 0;
    virtual Result<void> sync() = 0;
    virtual Result<Bytes> leaf(uint64_t index) = 0;
    virtual Result<Digest> hash(Subtree at) = 0;
    // The signed checkpoint of the largest tree not larger than `size_max`.
    virtual Result<std::optional<std::string>> checkpoint(uint64_t size_max) = 0;
    // The first entry about this version.
    virtual Result<std::optional<uint64_t>> find(const VersionId& version) = 0;
};

class MemoryLogStore final : public LogStore {
public:
    Result<LogHead> load() override;
    Result<void> append(const LogBatch& batch) override;
    Result<void> sync() override;
    Result<Bytes> leaf(uint64_t index) override;
    Result<Digest> hash(Subtree at) override;
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override;
    Result<std::optional<uint64_t>> find(const VersionId& version) override;

    void crash() { now_ = durable_; }              // power cut: what was not synced is gone
    void lie_about_sync(bool on) { lying_ = on; }  // a disk that acknowledges what it has not kept
    void flip_hash(Subtree at) { now_.hashes[at].bytes[0] ^= 1; }
    void flip_leaf(uint64_t index) { now_.leaves.at(index)[0] ^= 1; }

    struct State {
        std::vector<Bytes> leaves;
        std::map<Subtree, Digest> hashes;
        std::map<uint64_t, std::string> checkpoints;
        std::map<VersionId, uint64_t> index;
    };
    State& stored() { return now_; }  // to be spoiled

private:
    State now_;
    State durable_;
    bool lying_ = false;
};

// Fails the nth append from now (0 = the next), either before anything is written or after all of it is.
class FaultyLogStore final : public LogStore {
public:
    enum class When : unsigned char { kBefore, kAfter };
    explicit FaultyLogStore(LogStore& inner) : inner_(inner) {}
    void fail_append(uint64_t nth, When when) {
        countdown_ = nth;
        when_ = when;
    }

    Result<LogHead> load() override { return inner_.load(); }
    Result<void> append(const LogBatch& batch) override;
    Result<void> sync() override { return inner_.sync(); }
    Result<Bytes> leaf(uint64_t index) override { return inner_.leaf(index); }
    Result<Digest> hash(Subtree at) override { return inner_.hash(at); }
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override { return inner_.checkpoint(size_max); }
    Result<std::optional<uint64_t>> find(const VersionId& version) override { return inner_.find(version); }

private:
    LogStore& inner_;
    std::optional<uint64_t> countdown_;
    When when_ = When::kBefore;
};

}  // namespace aip::ledger
