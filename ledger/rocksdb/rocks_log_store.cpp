#include "ledger/rocksdb/rocks_log_store.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <array>

namespace aip::ledger {
namespace {

constexpr size_t kCacheBytes = 4u << 20;         // of blocks
constexpr size_t kWalBytes = 8u << 20;           // what is only in it is in the journal too
constexpr size_t kWriteBufferBytes = 16u << 20;  // never filled: the WAL is full before, and appends wait for flushes
constexpr size_t kLogFileBytes = 1u << 20;
constexpr size_t kProtectionBytes = 8;
constexpr size_t kCopyBytes = 1u << 20;  // written at once
constexpr std::string_view kSizeKey = "size";
constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "aipacket-log-1";

// The order is that of kFamilies; RocksDB wants "default" to exist.
enum Family : size_t { kMeta, kLeaves, kHashes, kCheckpoints, kVersions, kFamilyCount };
constexpr std::array<const char*, kFamilyCount> kFamilies{"default", "leaves", "hashes", "checkpoints", "versions"};

rocksdb::Slice slice(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
ByteView bytes_of(const rocksdb::Slice& s) { return {reinterpret_cast<const uint8_t*>(s.data()), s.size()}; }

Bytes number_key(uint64_t number) {
    Bytes key;
    Writer(key).u64(number);
    return key;
}

Bytes subtree_key(Subtree at) {
    Bytes key;
    Writer(key).u8(at.level).u64(at.index);
    return key;
}

Bytes version_key(const VersionId& version, uint64_t index) {
    Bytes key;
    Writer(key).put(version.view()).u64(index);
    return key;
}

Error from_status(std::string_view action, const rocksdb::Status& status) {
    const std::string text = "ledger database: cannot " + std::string(action) + ": " + status.ToString();
    if (status.IsCorruption())
        return {ErrorCode::kCorrupt, text + "; restore the ledger from a backup, do not delete it and go on"};
    if (status.IsNoSpace()) return {ErrorCode::kNoSpace, text + "; free disk space and restart the node"};
    return {ErrorCode::kIo, text + "; check the disk and restart the node"};
}

rocksdb::DBOptions database_options(rocksdb::Env* env) {
    rocksdb::DBOptions options;
    if (env != nullptr) options.env = env;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.paranoid_checks = true;
    // Opens at an older point if its own log is torn or damaged. For a log that is a rollback: the journal fills it up
    // again, or the Log refuses to open.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.track_and_verify_wals_in_manifest = true;
    options.db_write_buffer_size = kWriteBufferBytes;
    options.max_total_wal_size = kWalBytes;
    options.max_background_jobs = 2;
    options.max_log_file_size = kLogFileBytes;
    options.keep_log_file_num = 2;
    return options;
}

rocksdb::ColumnFamilyOptions family_options(const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    rocksdb::ColumnFamilyOptions options;
    options.write_buffer_size = kWriteBufferBytes;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.compression = rocksdb::kNoCompression;  // signed base64 and hashes
    return options;
}

}  // namespace

struct RocksLogStore::State {
    std::unique_ptr<rocksdb::DB> db;
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    uint64_t size = 0;
    bool failed = false;

    ~State() {
        for (auto* family : families) static_cast<void>(db->DestroyColumnFamilyHandle(family));
    }

    Result<std::string> get(Family family, const rocksdb::Slice& key, std::string_view what) {
        if (failed) return Error{ErrorCode::kIo, "ledger database: had a failed write; restart the node"};
        std::string value;
        const auto status = db->Get(rocksdb::ReadOptions(), families[family], key, &value);
        if (status.IsNotFound())
            return Error{ErrorCode::kCorrupt,
                         "ledger database: " + std::string(what) + " is missing; restore the ledger from a backup"};
        if (!status.ok()) return from_status("read " + std::string(what), status);
        return value;
    }
};

RocksLogStore::RocksLogStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
RocksLogStore::~RocksLogStore() = default;

Result<std::unique_ptr<RocksLogStore>> RocksLogStore::open(const std::string& directory, const Options& options) {
    const auto cache = rocksdb::NewLRUCache(kCacheBytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const char* name : kFamilies) descriptors.emplace_back(name, family_options(cache));
    auto state = std::make_unique<State>();
    rocksdb::DB* db = nullptr;
    const rocksdb::DBOptions settings = database_options(options.env);
    const auto status = options.read_only
                            ? rocksdb::DB::OpenForReadOnly(settings, directory, descriptors, &state->families, &db)
                            : rocksdb::DB::Open(settings, directory, descriptors, &state->families, &db);
    if (!status.ok()) return from_status("open " + directory, status);
    state->db.reset(db);
    std::unique_ptr<RocksLogStore> store(new RocksLogStore(std::move(state)));
    AIP_TRY(store->load());
    return store;
}

Result<LogHead> RocksLogStore::load() {
    std::string format;
    const auto status = state_->db->Get(rocksdb::ReadOptions(), state_->families[kMeta], slice(kFormatKey), &format);
    if (status.IsNotFound()) return LogHead{};
    if (!status.ok()) return from_status("read", status);
    if (format != kFormat)
        return Error{ErrorCode::kInvalid, "ledger database has format '" + format.substr(0, 40) +
                                              "', this version reads " + std::string(kFormat)};
    AIP_ASSIGN(const std::string size, state_->get(kMeta, slice(kSizeKey), "the size"));
    Reader r(as_bytes(size));
    LogHead head;
    head.size = r.u64();
    if (!r.done()) return Error{ErrorCode::kCorrupt, "ledger database: the size is damaged; restore from a backup"};
    AIP_ASSIGN(head.checkpoint,
               state_->get(kCheckpoints, slice(number_key(head.size)), "the checkpoint of the newest tree"));
    state_->size = head.size;
    return head;
}

Result<void> RocksLogStore::append(const LogBatch& batch) {
    AIP_ASSERT(batch.first_index == state_->size && batch.leaves.size() == batch.versions.size());
    if (state_->failed) return Error{ErrorCode::kIo, "ledger database: had a failed write; restart the node"};
    const auto& family = state_->families;
    rocksdb::WriteBatch write(0, 0, kProtectionBytes, 0);
    rocksdb::Status status;
    const auto put = [&](Family where, ByteView key, ByteView value) {
        if (status.ok()) status = write.Put(family[where], slice(key), slice(value));
    };
    for (size_t i = 0; i < batch.leaves.size(); ++i) {
        put(kLeaves, number_key(batch.first_index + i), batch.leaves[i]);
        put(kVersions, version_key(batch.versions[i], batch.first_index + i), {});
    }
    for (const StoredHash& stored : batch.hashes) put(kHashes, subtree_key(stored.at), stored.hash.view());
    put(kCheckpoints, number_key(batch.size()), as_bytes(batch.checkpoint));
    put(kMeta, as_bytes(kSizeKey), number_key(batch.size()));
    put(kMeta, as_bytes(kFormatKey), as_bytes(kFormat));

    if (status.ok()) status = state_->db->Write(rocksdb::WriteOptions(), &write);
    if (!status.ok()) {
        state_->failed = true;
        return from_status("write", status);
    }
    state_->size = batch.size();
    return {};
}

Result<void> RocksLogStore::sync() {
    if (state_->failed) return Error{ErrorCode::kIo, "ledger database: had a failed write; restart the node"};
    const auto status = state_->db->SyncWAL();
    if (status.ok()) return {};
    state_->failed = true;
    return from_status("sync", status);
}

Result<void> RocksLogStore::verify_files() {
    const auto status = state_->db->VerifyChecksum();
    return status.ok() ? Result<void>{} : from_status("verify its files", status);
}

Result<void> RocksLogStore::copy_to(const std::string& directory) {
    AIP_ASSIGN(const auto target, open(directory));
    const State& to = *target->state_;
    rocksdb::Status status;
    for (size_t family = 0; family < kFamilyCount && status.ok(); ++family) {
        rocksdb::WriteBatch write(0, 0, kProtectionBytes, 0);
        const std::unique_ptr<rocksdb::Iterator> it(
            state_->db->NewIterator(rocksdb::ReadOptions(), state_->families[family]));
        for (it->SeekToFirst(); it->Valid() && status.ok(); it->Next()) {
            status = write.Put(to.families[family], it->key(), it->value());
            if (!status.ok() || write.GetDataSize() < kCopyBytes) continue;
            status = to.db->Write(rocksdb::WriteOptions(), &write);
            write.Clear();
        }
        if (!it->status().ok()) return from_status("read", it->status());
        if (status.ok()) status = to.db->Write(rocksdb::WriteOptions(), &write);
    }
    if (status.ok()) status = to.db->Flush(rocksdb::FlushOptions(), to.families);
    return status.ok() ? Result<void>{} : from_status("write the copy in " + directory, status);
}

Result<Bytes> RocksLogStore::leaf(uint64_t index) {
    AIP_ASSIGN(const std::string value,
               state_->get(kLeaves, slice(number_key(index)), "entry " + std::to_string(index)));
    return to_bytes(as_bytes(value));
}

Result<Digest> RocksLogStore::hash(Subtree at) {
    AIP_ASSIGN(const std::string value, state_->get(kHashes, slice(subtree_key(at)), "a subtree hash"));
    const auto digest = Digest::from(as_bytes(value));
    if (!digest) return Error{ErrorCode::kCorrupt, "ledger database: a subtree hash is damaged; restore from a backup"};
    return *digest;
}

Result<std::optional<std::string>> RocksLogStore::checkpoint(uint64_t size_max) {
    const std::unique_ptr<rocksdb::Iterator> it(
        state_->db->NewIterator(rocksdb::ReadOptions(), state_->families[kCheckpoints]));
    it->SeekForPrev(slice(number_key(size_max)));
    if (!it->status().ok()) return from_status("read a checkpoint", it->status());
    if (!it->Valid()) return std::optional<std::string>{};
    return std::optional<std::string>{it->value().ToString()};
}

Result<std::optional<uint64_t>> RocksLogStore::find(const VersionId& version) {
    const Bytes last = version_key(version, UINT64_MAX);
    const rocksdb::Slice upper = slice(last);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it(state_->db->NewIterator(options, state_->families[kVersions]));
    it->Seek(slice(version_key(version, 0)));
    if (!it->status().ok()) return from_status("look up a version", it->status());
    if (!it->Valid()) return std::optional<uint64_t>{};
    Reader r(bytes_of(it->key()));
    r.skip(VersionId::kSize);
    return std::optional<uint64_t>{r.u64()};
}

}  // namespace aip::ledger
