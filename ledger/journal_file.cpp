#include "ledger/journal_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace aip::ledger {
namespace {

constexpr size_t kFileBytes = 2 * Journal::kHalfBytes;

Error os_error(std::string_view action, const std::string& path) {
    const int cause = errno;
    return {cause == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo,
            "cannot " + std::string(action) + " the ledger's journal " + path + ": " + std::strerror(cause) +
                (cause == ENOSPC ? "; free disk space and restart the node" : "; check the disk and restart the node")};
}

bool write_all(int fd, ByteView bytes, off_t offset) {
    while (!bytes.empty()) {
        const ssize_t n = pwrite(fd, bytes.data(), bytes.size(), offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(n));
        offset += n;
    }
    return true;
}

bool sync_parent(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const OwnedFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd && fsync(fd.get()) == 0;
}

}  // namespace

Result<std::unique_ptr<FileJournalFile>> FileJournalFile::open(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd) return os_error("open", path);
    const off_t length = lseek(fd.get(), 0, SEEK_END);
    if (length < 0) return os_error("read", path);
    if (const auto there = static_cast<size_t>(length); there < kFileBytes) {  // new, or cut short while it was created
        const Bytes zeros(kFileBytes - there);
        if (!write_all(fd.get(), zeros, length) || fsync(fd.get()) != 0 || !sync_parent(path))
            return os_error("create", path);
    }
    return std::unique_ptr<FileJournalFile>(new FileJournalFile(std::move(fd), path));
}

Result<Bytes> FileJournalFile::read() {
    Bytes bytes(kFileBytes);
    for (size_t at = 0; at < bytes.size();) {
        const ssize_t n = pread(fd_.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return os_error("read", path_);
        at += static_cast<size_t>(n);
    }
    return bytes;
}

Result<void> FileJournalFile::write(uint64_t offset, ByteView bytes) {
    AIP_ASSERT(offset + bytes.size() <= kFileBytes);
    if (!write_all(fd_.get(), bytes, static_cast<off_t>(offset))) return os_error("write", path_);
    return {};
}

Result<void> FileJournalFile::sync() {
    if (fdatasync(fd_.get()) != 0) return os_error("sync", path_);
    return {};
}

}  // namespace aip::ledger
