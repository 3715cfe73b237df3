// RocksKvStore: the KvStore of the daemon. A durable write syncs the write-ahead log, and with it every earlier write;
// the others survive the death of the process but not of the machine. Small on purpose: 4 MiB write buffer, 4 MiB block
// cache, few open files. One process at a time: a second open is kExists.
// Thread-safe as RocksDB is; the node uses it from its storage thread.
#pragma once

#include <memory>

#include "base/kv_store.hpp"

namespace rocksdb {
class DB;
}

namespace aip::model {

class RocksKvStore final : public KvStore {
public:
    static Result<std::unique_ptr<RocksKvStore>> open(const std::string& path);  // makes the directory
    ~RocksKvStore() override;

    Result<std::optional<std::string>> get(const std::string& key) override;
    Result<void> write(const KvBatch& batch, bool durable) override;
    Result<std::vector<std::pair<std::string, std::string>>> scan(const std::string& prefix) override;

private:
    RocksKvStore(std::string path, std::unique_ptr<rocksdb::DB> db);

    std::string path_;
    std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace aip::model
