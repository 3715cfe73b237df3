#include "model/file_block_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "model/file_block_index.hpp"

namespace aip::model {
namespace {

Error os_error(const std::string& what, const std::string& root, int error) {
    if (error == ENOSPC || error == EDQUOT) return {ErrorCode::kNoSpace, "disk full: free space under " + root};
    return {ErrorCode::kIo, what + " under " + root + ": " + std::strerror(error)};
}

int write_all(int fd, ByteView bytes) {  // 0 or errno
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return 0;
}

int read_all(int fd, MutableBytes out) {  // 0 or errno; a short file is EIO
    for (off_t at = 0; !out.empty();) {
        const ssize_t count = pread(fd, out.data(), out.size(), at);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0 ? errno : EIO;
        out = out.subspan(static_cast<size_t>(count));
        at += count;
    }
    return 0;
}

}  // namespace

Result<std::unique_ptr<FileBlockStore>> FileBlockStore::open(const std::string& root, KvStore& index) {
    AIP_TRY(prepare_block_directories(root));
    AIP_TRY(reconcile_block_index(root, index));
    const int root_fd = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) return os_error("cannot open the block store", root, errno);
    std::unique_ptr<FileBlockStore> store(new FileBlockStore(root, root_fd, index));
    AIP_TRY(store->adopt_partial());
    return store;
}

FileBlockStore::~FileBlockStore() {
    for (const auto& [digest, pending] : pending_) close(pending.fd);  // the next open() finds them
    close(root_fd_);
}

// What an earlier process put and did not sync: a block that hashes to its name is as good as new, the rest goes.
Result<void> FileBlockStore::adopt_partial() {
    std::error_code error;
    std::vector<std::filesystem::path> left;
    for (std::filesystem::directory_iterator it(root_ + "/partial", error), end; !error && it != end;
         it.increment(error))
        left.push_back(it->path());
    if (error) return os_error("cannot list unfinished blocks", root_, error.value());
    for (const auto& path : left) {
        const auto digest = Digest::parse_hex(path.filename().string());
        const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        struct stat status {};
        Bytes bytes;
        if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0 &&
            status.st_size <= static_cast<off_t>(limits::kBlockBytes))
            bytes.resize(static_cast<size_t>(status.st_size));
        if (digest && !bytes.empty() && read_all(fd, bytes) == 0 && crypto::sha256(bytes) == *digest) {
            pending_[*digest] = {fd, static_cast<uint32_t>(bytes.size())};
            if (pending_.size() >= kPendingBlocksMax) AIP_TRY(sync());
            continue;
        }
        if (fd >= 0) close(fd);
        std::filesystem::remove(path, error);
    }
    return sync();
}

std::string FileBlockStore::partial_path(const Digest& digest) const { return root_ + "/partial/" + digest.hex(); }

void FileBlockStore::drop_pending(const Digest& digest) {
    const auto it = pending_.find(digest);
    if (it == pending_.end()) return;
    close(it->second.fd);
    unlink(partial_path(digest).c_str());
    pending_.erase(it);
}

Result<bool> FileBlockStore::has(const Digest& digest) {
    if (pending_.contains(digest)) return true;
    AIP_ASSIGN(const auto size, index_.get(block_index_key(digest)));
    return size.has_value();
}

Result<void> FileBlockStore::put(const Digest& digest, ByteView bytes) {
    AIP_ASSERT(!bytes.empty() && bytes.size() <= limits::kBlockBytes);
    AIP_ASSIGN(const bool there, has(digest));
    if (there) return {};
    if (pending_.size() >= kPendingBlocksMax) AIP_TRY(sync());
    const auto path = partial_path(digest);
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return os_error("cannot create a block", root_, errno);
    pending_[digest] = {fd, static_cast<uint32_t>(bytes.size())};
    if (const int error = write_all(fd, bytes); error != 0) {
        drop_pending(digest);
        return os_error("cannot write a block", root_, error);
    }
    static_cast<void>(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));  // a hint; fdatasync is what counts
    return {};
}

Result<Bytes> FileBlockStore::read(const Digest& digest) {
    const auto it = pending_.find(digest);
    const auto path = it == pending_.end() ? block_path(root_, digest) : partial_path(digest);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return Error{ErrorCode::kNotFound, "no block " + digest.hex() + " under " + root_};
    if (fd < 0) return os_error("cannot open block " + digest.hex(), root_, errno);
    struct stat status {};
    int error = fstat(fd, &status) == 0 ? 0 : errno;
    const bool fits = status.st_size > 0 && status.st_size <= static_cast<off_t>(limits::kBlockBytes);
    Bytes bytes(error == 0 && fits ? static_cast<size_t>(status.st_size) : 0);
    if (error == 0) error = read_all(fd, bytes);
    close(fd);
    if (error != 0) return os_error("cannot read block " + digest.hex(), root_, error);
    if (crypto::sha256(bytes) != digest) return corrupt_block(digest, root_);
    return bytes;
}

// Data first, then names, then the index: each step leaves a state that open() understands.
Result<void> FileBlockStore::sync() {
    if (pending_.empty()) return {};
    if (const int error = sync_pending_data(); error != 0) return give_up_pending(error);
    std::set<std::string> directories;
    KvBatch batch;
    for (const auto& [digest, pending] : pending_) {
        const auto path = block_path(root_, digest);
        if (rename(partial_path(digest).c_str(), path.c_str()) != 0) return give_up_pending(errno);
        directories.insert(path.substr(0, path.rfind('/')));
        batch.put(block_index_key(digest), encode_block_size(pending.size));
    }
    const bool many = pending_.size() > kSyncedOneByOneMax;
    for (const auto& [digest, pending] : pending_) close(pending.fd);
    pending_.clear();
    if (many) {
        if (syncfs(root_fd_) != 0) return os_error("cannot sync blocks", root_, errno);
    } else {
        for (const auto& directory : directories) AIP_TRY(sync_directory(directory));
    }
    return index_.write(batch, false);
}

int FileBlockStore::sync_pending_data() {  // 0 or errno
    if (pending_.size() > kSyncedOneByOneMax) return syncfs(root_fd_) == 0 ? 0 : errno;
    for (const auto& [digest, pending] : pending_)
        if (fdatasync(pending.fd) != 0) return errno;
    return 0;
}

// After a failed sync the kernel may have thrown the pages away: what waited must be put again.
Error FileBlockStore::give_up_pending(int error) {
    while (!pending_.empty()) drop_pending(pending_.begin()->first);
    return os_error("cannot sync blocks", root_, error);
}

Result<void> FileBlockStore::erase(const Digest& digest) {
    drop_pending(digest);
    if (unlink(block_path(root_, digest).c_str()) != 0 && errno != ENOENT)
        return os_error("cannot erase block " + digest.hex(), root_, errno);
    KvBatch batch;
    batch.erase(block_index_key(digest));
    return index_.write(batch, false);
}

Result<std::vector<Digest>> FileBlockStore::list() {
    AIP_ASSIGN(const auto sizes, read_block_index(index_));
    std::vector<Digest> digests;
    for (const auto& [digest, size] : sizes) digests.push_back(digest);
    for (const auto& [digest, pending] : pending_) digests.push_back(digest);
    return digests;
}

}  // namespace aip::model
