#include "ledger/checkpoint_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/crc32c.hpp"

namespace aip::ledger {
namespace {

constexpr size_t kSlotBytes = 4096;
constexpr size_t kSlotHeader = 16;
constexpr size_t kTextMax = kSlotBytes - kSlotHeader;

struct Slot {
    uint64_t sequence = 0;
    std::string text;
};

Error os_error(std::string_view action, const std::string& path) {
    const int cause = errno;
    return {cause == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo,
            "cannot " + std::string(action) + " the checkpoint copy " + path + ": " + std::strerror(cause)};
}

std::optional<Slot> parse_slot(ByteView bytes) {
    Reader r(bytes);
    Slot slot;
    slot.sequence = r.u64();
    const uint32_t crc = r.u32();
    const ByteView text = r.view(r.u32());
    if (r.failed() || slot.sequence == 0 || crc32c(text) != crc) return std::nullopt;
    slot.text = std::string(as_text(text));
    return slot;
}

Bytes format_slot(uint64_t sequence, std::string_view text) {
    Bytes bytes;
    Writer(bytes).u64(sequence).u32(crc32c(as_bytes(text))).u32(static_cast<uint32_t>(text.size())).put(text);
    bytes.resize(kSlotBytes);
    return bytes;
}

off_t slot_offset(uint64_t sequence) { return static_cast<off_t>((sequence % 2) * kSlotBytes); }

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
    const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool ok = fsync(fd) == 0;
    close(fd);
    return ok;
}

}  // namespace

Result<std::unique_ptr<FileCheckpointCopy>> FileCheckpointCopy::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return os_error("open", path);
    std::unique_ptr<FileCheckpointCopy> copy(new FileCheckpointCopy(fd, path));
    const off_t length = lseek(fd, 0, SEEK_END);
    if (length < 0) return os_error("read", path);
    const auto missing = static_cast<off_t>(2 * kSlotBytes) - length;
    if (missing > 0) {  // new, or cut short while it was created: slots of zeros hold nothing
        const Bytes zeros(static_cast<size_t>(missing));
        if (!write_all(fd, zeros, length) || fsync(fd) != 0 || !sync_parent(path)) return os_error("create", path);
    }
    AIP_TRY(copy->read());
    return copy;
}

FileCheckpointCopy::~FileCheckpointCopy() { close(fd_); }

Result<std::optional<std::string>> FileCheckpointCopy::read() {
    std::optional<Slot> newest;
    bool blank = true;
    for (const off_t offset : {off_t{0}, static_cast<off_t>(kSlotBytes)}) {
        Bytes bytes(kSlotBytes);
        if (pread(fd_, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()))
            return os_error("read", path_);
        blank = blank && bytes == Bytes(kSlotBytes);
        auto slot = parse_slot(bytes);
        if (slot && (!newest || slot->sequence > newest->sequence)) newest = std::move(slot);
    }
    if (!newest && !blank)
        return Error{ErrorCode::kCorrupt, "both slots of the checkpoint copy " + path_ +
                                              " are damaged; check the disk, and if the log is known to be whole "
                                              "remove this file and restart"};
    if (!newest) return std::optional<std::string>{};
    sequence_ = newest->sequence;
    return std::optional<std::string>{std::move(newest->text)};
}

Result<void> FileCheckpointCopy::write(std::string_view signed_checkpoint) {
    if (signed_checkpoint.size() > kTextMax)
        return Error{ErrorCode::kInvalid, "checkpoint is too large for its copy " + path_};
    const Bytes slot = format_slot(sequence_ + 1, signed_checkpoint);
    if (!write_all(fd_, slot, slot_offset(sequence_ + 1)) || fdatasync(fd_) != 0) return os_error("write", path_);
    ++sequence_;
    return {};
}

}  // namespace aip::ledger
