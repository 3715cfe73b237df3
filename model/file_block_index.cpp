#include "model/file_block_index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/limits.hpp"

namespace aip::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "block/";

Error cannot(std::string_view what, const std::string& path, const std::error_code& error) {
    if (error == std::errc::no_space_on_device) return {ErrorCode::kNoSpace, "disk full: free space under " + path};
    return {ErrorCode::kIo, "cannot " + std::string(what) + " " + path + ": " + error.message()};
}

std::string shard_path(const std::string& root, unsigned shard) {
    const auto byte = static_cast<uint8_t>(shard);
    return root + "/blocks/" + to_hex({&byte, 1});
}

// The size of the block in this file; nullopt if it is none.
std::optional<uint32_t> block_size(const fs::directory_entry& entry) {
    std::error_code error;
    const auto size = entry.file_size(error);
    if (error || size == 0 || size > limits::kBlockBytes) return std::nullopt;
    return static_cast<uint32_t>(size);
}

// One directory. What is found leaves `known`, so that what is left there at the end is missing on disk.
Result<void> reconcile_shard(const std::string& root, unsigned shard, std::map<Digest, uint32_t>& known,
                             KvBatch& changes) {
    const auto path = shard_path(root, shard);
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        const auto digest = Digest::parse_hex(it->path().filename().string());
        const auto size = block_size(*it);
        const auto expected = digest ? known.find(*digest) : known.end();
        const bool indexed = expected != known.end();
        const bool in_place = digest && it->path() == block_path(root, *digest);
        if (!in_place || !size || (indexed && expected->second != *size)) {
            fs::remove(it->path(), error);
            if (error) break;
            continue;
        }
        if (indexed)
            known.erase(expected);
        else
            changes.put(block_index_key(*digest), encode_block_size(*size));
    }
    if (error) return cannot("read", path, error);
    return {};
}

}  // namespace

std::string block_path(const std::string& root, const Digest& digest) {
    const auto hex = digest.hex();
    return root + "/blocks/" + hex.substr(0, 2) + "/" + hex;
}

std::string block_index_key(const Digest& digest) { return std::string(kPrefix) + std::string(as_text(digest.view())); }

std::string encode_block_size(uint32_t size) {
    Bytes out;
    Writer(out).u32(size);
    return std::string(as_text(out));
}

Result<std::map<Digest, uint32_t>> read_block_index(KvStore& index) {
    AIP_ASSIGN(const auto pairs, index.scan(std::string(kPrefix)));
    std::map<Digest, uint32_t> sizes;
    for (const auto& [key, value] : pairs) {
        const auto digest = Digest::from(as_bytes(std::string_view(key).substr(kPrefix.size())));
        if (!digest) continue;
        Reader in(as_bytes(value));
        const uint32_t size = in.u32();
        sizes[*digest] = in.done() ? size : 0;
    }
    return sizes;
}

Result<void> sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const std::error_code error(errno, std::generic_category());
    if (fd >= 0) close(fd);
    if (!synced) return cannot("sync", path, error);
    return {};
}

Result<void> prepare_block_directories(const std::string& root) {
    std::error_code error;
    fs::create_directories(root + "/partial", error);
    if (error) return cannot("make", root + "/partial", error);
    for (unsigned shard = 0; shard < 256; ++shard) {
        fs::create_directories(shard_path(root, shard), error);
        if (error) return cannot("make", shard_path(root, shard), error);
    }
    AIP_TRY(sync_directory(root + "/blocks"));
    AIP_TRY(sync_directory(root));
    return sync_directory(fs::absolute(root).parent_path());
}

Result<void> reconcile_block_index(const std::string& root, KvStore& index) {
    AIP_ASSIGN(auto known, read_block_index(index));
    KvBatch changes;
    for (unsigned shard = 0; shard < 256; ++shard) AIP_TRY(reconcile_shard(root, shard, known, changes));
    for (const auto& [digest, size] : known) changes.erase(block_index_key(digest));
    if (changes.writes.empty()) return {};
    return index.write(changes, false);
}

}  // namespace aip::model
