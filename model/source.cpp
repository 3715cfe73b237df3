#include "model/source.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace aip::model {
namespace {

Error os_error(std::string_view what, int error) {
    const auto code = error == ENOSPC || error == EDQUOT ? ErrorCode::kNoSpace : ErrorCode::kIo;
    return {code, std::string(what) + ": " + std::strerror(error)};
}

}  // namespace

Result<ByteView> Source::view(uint64_t offset, size_t size, Bytes& room) {
    room.resize(size);
    AIP_TRY(read(offset, room));
    return ByteView(room);
}

Result<void> MemorySource::read(uint64_t offset, MutableBytes out) {
    Bytes none;
    AIP_ASSIGN(const ByteView bytes, view(offset, out.size(), none));
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return {};
}

Result<ByteView> MemorySource::view(uint64_t offset, size_t size, Bytes&) {
    if (offset > bytes_.size() || size > bytes_.size() - offset)
        return Error{ErrorCode::kInvalid, "read behind the end of the file"};
    return bytes_.subspan(offset, size);
}

Result<void> MemorySink::write(ByteView bytes) {
    Writer(bytes_).put(bytes);
    return {};
}

Result<FdSource> FdSource::open(int fd) {
    struct stat status {};
    if (fstat(fd, &status) != 0) return os_error("cannot look at the model file", errno);
    if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kInvalid, "the model is not a regular file"};
    return FdSource(fd, static_cast<uint64_t>(status.st_size));
}

Result<void> FdSource::read(uint64_t offset, MutableBytes out) {
    if (offset > size_ || out.size() > size_ - offset)
        return Error{ErrorCode::kInvalid, "read behind the end of the file"};
    while (!out.empty()) {
        const ssize_t count = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return os_error("cannot read the model file", errno);
        if (count == 0)
            return Error{ErrorCode::kInvalid,
                         "file was truncated while being read: leave it alone until sending it has ended"};
        out = out.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
    return {};
}

Result<void> FdSink::write(ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return os_error("cannot write the model file", errno);
        bytes = bytes.subspan(static_cast<size_t>(count));
    }
    return {};
}

}  // namespace aip::model
