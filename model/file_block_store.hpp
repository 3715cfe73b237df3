// FileBlockStore: one file per block, ROOT/blocks/ab/abcd..., two hex digits of the digest as directory.
//
// A block is written to ROOT/partial/ and gets its name only in sync(), after fdatasync: a file under blocks/ is
// complete, whenever the power went. put() starts the write-back at once and keeps the descriptor, so that sync()
// mostly finds the bytes on disk already; at most kPendingBlocksMax wait for it, then put() syncs by itself. A process
// that was killed leaves whole blocks in partial/: open() hashes them and keeps those that are what they say. The index
// (digest -> size) lives in a KvStore under "block/", so has() costs no call of the file system. It is a cache of the
// directory, written after the files: open() compares the two, believes the directory, and drops files of an impossible
// or different size. Used from the storage thread only. One store per directory: the daemon's state lock sees to that.
// Does not: compress, deduplicate below a block, scrub in the background.
#pragma once

#include <memory>
#include <unordered_map>

#include "base/kv_store.hpp"
#include "model/block_store.hpp"

namespace aip::model {

class FileBlockStore final : public BlockStore {
public:
    static constexpr size_t kPendingBlocksMax = 256;
    static constexpr size_t kSyncedOneByOneMax = 8;  // more are synced with the whole file system, at once

    static Result<std::unique_ptr<FileBlockStore>> open(const std::string& root, KvStore& index);
    ~FileBlockStore() override;
    FileBlockStore(const FileBlockStore&) = delete;
    FileBlockStore& operator=(const FileBlockStore&) = delete;

    Result<bool> has(const Digest& digest) override;
    Result<void> put(const Digest& digest, ByteView bytes) override;
    Result<Bytes> read(const Digest& digest) override;
    Result<void> sync() override;
    Result<void> erase(const Digest& digest) override;
    Result<std::vector<Digest>> list() override;

private:
    struct Pending {
        int fd = -1;
        uint32_t size = 0;
    };

    FileBlockStore(std::string root, int root_fd, KvStore& index)
        : root_(std::move(root)), root_fd_(root_fd), index_(index) {}
    std::string partial_path(const Digest& digest) const;
    Result<void> adopt_partial();
    void drop_pending(const Digest& digest);
    int sync_pending_data();
    Error give_up_pending(int error);

    std::string root_;
    int root_fd_;  // open all along, so that syncfs() reports every write that failed meanwhile
    KvStore& index_;
    std::unordered_map<Digest, Pending> pending_;  // put, not yet durable
};

}  // namespace aip::model
