#include "cli/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "base/limits.hpp"
#include "crypto/keys.hpp"
#include "crypto/sha256.hpp"

namespace aip::cli {
namespace {

constexpr size_t kChunkBytes = 1u << 20;

Error file_error(const char* what, const std::string& path) {
    const int cause = errno;
    const ErrorCode code = cause == ENOENT   ? ErrorCode::kNotFound
                           : cause == EACCES ? ErrorCode::kDenied
                           : cause == ENOSPC ? ErrorCode::kNoSpace
                                             : ErrorCode::kIo;
    return {code, std::string(what) + " " + path + ": " + std::strerror(cause)};
}

Result<void> each_chunk(int file, const std::string& path, const std::function<Result<void>(ByteView)>& use) {
    Bytes chunk(kChunkBytes);
    for (off_t at = 0;;) {
        const ssize_t n = pread(file, chunk.data(), chunk.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error("cannot read", path);
        if (n == 0) return {};
        AIP_TRY(use(ByteView(chunk).first(static_cast<size_t>(n))));
        at += n;
    }
}

Result<void> write_all(int file, ByteView bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t n = write(file, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error("cannot write", path);
        bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return {};
}

Result<Copied> copy_into(int from, int to, const std::string& path) {
    crypto::Sha256 hash;
    Copied copied;
    AIP_TRY(each_chunk(from, "the delivered model", [&](ByteView bytes) {
        hash.update(bytes);
        copied.bytes += bytes.size();
        return write_all(to, bytes, path);
    }));
    if (fsync(to) != 0) return file_error("cannot write", path);
    copied.sha256 = hash.finish();
    return copied;
}

}  // namespace

Result<OwnedFd> open_for_reading(const std::string& path) {
    OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a FIFO must not make it wait for a writer
    if (!file) return file_error("cannot open", path);
    return file;
}

Result<Digest> hash_file(int file, const std::string& path) {
    crypto::Sha256 hash;
    AIP_TRY(each_chunk(file, path, [&](ByteView bytes) {
        hash.update(bytes);
        return Result<void>();
    }));
    return hash.finish();
}

Result<Copied> copy_out(int file, const std::string& path) {
    const std::string part = path + ".part";
    const OwnedFd out(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!out) return file_error("cannot create", part);
    auto copied = copy_into(file, out.get(), part);
    if (copied && rename(part.c_str(), path.c_str()) != 0) copied = file_error("cannot create", path);
    if (!copied) unlink(part.c_str());
    return copied;
}

Result<void> write_file(const std::string& path, ByteView bytes) { return crypto::write_new_file(path, bytes, 0644); }

Result<void> make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0755) == 0) return {};
    return Error{errno == EEXIST ? ErrorCode::kExists : ErrorCode::kIo,
                 "cannot create " + path + ": " + std::strerror(errno)};
}

Result<ledger::Policy> read_policy(const std::string& path) {
    AIP_ASSIGN(const Bytes text, crypto::read_small_file(path, limits::kPolicyBytesMax));
    auto policy = ledger::Policy::parse(as_text(text));
    if (!policy) return policy.error().within(path);
    return policy;
}

}  // namespace aip::cli
