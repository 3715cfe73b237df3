// RocksLogStore: a LogStore in RocksDB (rfc/0004 section 5.3). One WriteBatch over all column families, so an append is
// in the write-ahead log as a whole or not at all. Recovery opens at the newest point that can be read whole; whether
// that is new enough, and what is missing, the journal knows. Keys are big-endian.
// A failed write is final: the object refuses everything until the process restarts, since after a failed fsync
// nobody knows what is on disk. Storage executor only. No RocksDB type appears here but the name of its Env, through
// which tests break the disk.
#pragma once

#include <memory>

#include "ledger/log_store.hpp"

namespace rocksdb {
class Env;
}

namespace aip::ledger {

class RocksLogStore final : public LogStore {
public:
    struct Options {
        bool read_only = false;  // changes nothing on the disk; what was not flushed is read from its log
        rocksdb::Env* env = nullptr;
    };
    // Creates it if it is not there, unless read_only.
    static Result<std::unique_ptr<RocksLogStore>> open(const std::string& directory, const Options& options);
    static Result<std::unique_ptr<RocksLogStore>> open(const std::string& directory) { return open(directory, {}); }
    ~RocksLogStore() override;

    Result<LogHead> load() override;
    Result<void> append(const LogBatch& batch) override;
    Result<void> sync() override;
    Result<Bytes> leaf(uint64_t index) override;
    Result<Digest> hash(Subtree at) override;
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override;
    Result<std::optional<uint64_t>> find(const VersionId& version) override;

    Result<void> verify_files();                         // every block of every file against its checksum
    Result<void> copy_to(const std::string& directory);  // all of it as it is now; durable when it returns

private:
    struct State;
    explicit RocksLogStore(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace aip::ledger
