#include "model/rocksdb/rocks_kv_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <filesystem>

namespace aip::model {
namespace {

constexpr size_t kMemoryBytes = 4u << 20;

Error to_error(const rocksdb::Status& status, const std::string& path) {
    const auto text = status.ToString();
    if (status.IsNoSpace() || text.find("No space left") != std::string::npos)
        return {ErrorCode::kNoSpace, "disk full: free space under " + path};
    if (status.IsIOError() && text.find("lock") != std::string::npos)
        return {ErrorCode::kExists, "another process has " + path + " open: stop it first"};
    if (status.IsCorruption()) return {ErrorCode::kCorrupt, "database " + path + " is damaged: " + text};
    return {ErrorCode::kIo, "database " + path + ": " + text};
}

rocksdb::Options small_options() {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.write_buffer_size = kMemoryBytes;
    options.max_write_buffer_number = 2;
    options.max_total_wal_size = 4 * kMemoryBytes;
    options.max_open_files = 64;
    options.max_background_jobs = 1;
    options.keep_log_file_num = 2;
    options.max_log_file_size = kMemoryBytes;
    options.compression = rocksdb::kNoCompression;  // digests and signatures do not compress
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(kMemoryBytes, 0);
    table.cache_index_and_filter_blocks = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

}  // namespace

RocksKvStore::RocksKvStore(std::string path, std::unique_ptr<rocksdb::DB> db)
    : path_(std::move(path)), db_(std::move(db)) {}
RocksKvStore::~RocksKvStore() = default;

Result<std::unique_ptr<RocksKvStore>> RocksKvStore::open(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return Error{ErrorCode::kIo, "cannot make " + path + ": " + error.message()};
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(small_options(), path, &db);
    if (!status.ok()) return to_error(status, path);
    return std::unique_ptr<RocksKvStore>(new RocksKvStore(path, std::unique_ptr<rocksdb::DB>(db)));
}

Result<std::optional<std::string>> RocksKvStore::get(const std::string& key) {
    std::string value;
    const auto status = db_->Get({}, key, &value);
    if (status.IsNotFound()) return std::optional<std::string>{};
    if (!status.ok()) return to_error(status, path_);
    return std::optional<std::string>{std::move(value)};
}

Result<void> RocksKvStore::write(const KvBatch& batch, bool durable) {
    rocksdb::WriteBatch writes;
    for (const auto& [key, value] : batch.writes) {
        const auto status = value ? writes.Put(key, *value) : writes.Delete(key);
        if (!status.ok()) return to_error(status, path_);
    }
    rocksdb::WriteOptions options;
    options.sync = durable;
    auto status = db_->Write(options, &writes);
    if (status.ok() && durable && batch.writes.empty()) status = db_->SyncWAL();  // "make the earlier ones durable"
    if (!status.ok()) return to_error(status, path_);
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> RocksKvStore::scan(const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> found;
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator(options));
    for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix); it->Next())
        found.emplace_back(it->key().ToString(), it->value().ToString());
    if (!it->status().ok()) return to_error(it->status(), path_);
    return found;
}

}  // namespace aip::model
