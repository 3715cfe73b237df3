#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/limits.hpp"
#include "base/owned_fd.hpp"
#include "ledger/tiles.hpp"

namespace aip::ledger {
namespace {

Error cannot(std::string_view action, const std::string& path, int cause) {
    return {cause == ENOSPC ? ErrorCode::kNoSpace : ErrorCode::kIo,
            "cannot " + std::string(action) + " " + path + ": " + std::strerror(cause)};
}

// Whoever reads meanwhile sees the old file or the new one.
Result<void> replace_file(const std::string& path, ByteView bytes) {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    if (error) return cannot("create the directory of", path, error.value());
    const std::string fresh = path + ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) return cannot("write", fresh, errno != 0 ? errno : EIO);
    if (rename(fresh.c_str(), path.c_str()) != 0) return cannot("replace", path, errno);
    return {};
}

Result<void> sync_file_system(const std::string& directory) {
    const OwnedFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || syncfs(fd.get()) != 0) return cannot("sync", directory, errno);
    return {};
}

// The right edge of a tiled tree, one tile of each level, and the bundle beside it.
class TileEdge {
public:
    explicit TileEdge(std::string directory) : directory_(std::move(directory)) {}

    Result<void> load(uint64_t size);
    Result<void> append(const Bytes& entry);
    Result<void> write_partials();
    uint64_t size() const { return size_; }
    Result<Digest> root() const;

private:
    Result<std::vector<Digest>> load_tile(unsigned level, uint64_t at, uint64_t width) const;
    Result<void> load_bundle(uint64_t at, uint64_t width);
    uint64_t index(unsigned level) const { return size_ >> (8 * level) >> 8; }
    Result<Bytes> file(const std::string& name, size_t bytes_max) const {
        return crypto::read_small_file(directory_ + "/" + name, bytes_max);
    }
    Result<void> put(const std::string& name, ByteView bytes) const {
        return replace_file(directory_ + "/" + name, bytes);
    }
    Result<void> put_tile(unsigned level, uint64_t at);
    Result<void> drop_partials(const std::string& full) const;

    std::string directory_;
    uint64_t size_ = 0;
    std::array<std::vector<Digest>, kTileLevels> tiles_;
    Bytes bundle_;
};

// A partial tile is gone, and its full one there, if writing stopped before the checkpoint was replaced.
Result<std::vector<Digest>> TileEdge::load_tile(unsigned level, uint64_t at, uint64_t width) const {
    const auto partial = file(tile_file(level, at, width), kTileWidth * Digest::kSize);
    if (partial) return parse_tile(*partial, width);
    AIP_ASSIGN(const Bytes bytes, file(tile_file(level, at, kTileWidth), kTileWidth * Digest::kSize));
    AIP_ASSIGN(auto hashes, parse_tile(bytes, kTileWidth));
    hashes.resize(width);
    return hashes;
}

Result<void> TileEdge::load_bundle(uint64_t at, uint64_t width) {
    const size_t bytes_max = kTileWidth * (2 + limits::kLeafBytesMax);
    const auto partial = file(bundle_file(at, width), bytes_max);
    const auto bytes = partial ? partial : file(bundle_file(at, kTileWidth), bytes_max);
    if (!bytes) return bytes.error();
    AIP_ASSIGN(auto entries, parse_bundle(*bytes, partial ? width : kTileWidth));
    entries.resize(width);
    for (size_t i = 0; i < width; ++i) {
        if (leaf_hash(entries[i]) != tiles_[0][i])
            return Error{ErrorCode::kCorrupt, "the newest entries in " + directory_ + " are damaged"};
        Writer(bundle_).u16(static_cast<uint16_t>(entries[i].size())).put(entries[i]);
    }
    return {};
}

Result<void> TileEdge::load(uint64_t size) {
    for (unsigned level = 0; level < kTileLevels; ++level) {
        const uint64_t width = (size >> (8 * level)) % kTileWidth;
        if (width == 0) continue;
        AIP_ASSIGN(tiles_[level], load_tile(level, size >> (8 * level) >> 8, width));
    }
    if (size % kTileWidth != 0) AIP_TRY(load_bundle(size >> 8, size % kTileWidth));
    size_ = size;
    return {};
}

Result<Digest> TileEdge::root() const {
    return tree_root(size_, [this](Subtree at) -> Result<Digest> {
        const unsigned level = at.level / 8;
        const uint64_t width = uint64_t{1} << (at.level % 8);
        const uint64_t first = at.index * width % kTileWidth;
        Frontier subtree;
        std::vector<StoredHash> unused;
        // Hashes of complete subtrees combine as leaf hashes do.
        for (uint64_t i = first; i < first + width; ++i) subtree.append(tiles_.at(level).at(i), unused);
        return subtree.root();
    });
}

Result<void> TileEdge::append(const Bytes& entry) {
    const Digest leaf = leaf_hash(entry);
    Writer(bundle_).u16(static_cast<uint16_t>(entry.size())).put(entry);
    ++size_;
    tiles_[0].push_back(leaf);
    if (size_ % kTileWidth == 0) {
        const uint64_t at = (size_ >> 8) - 1;
        AIP_TRY(put(bundle_file(at, kTileWidth), bundle_));
        AIP_TRY(drop_partials(bundle_file(at, kTileWidth)));
        bundle_.clear();
    }
    for (unsigned level = 0; level + 1 < kTileLevels && tiles_[level].size() == kTileWidth; ++level) {
        Frontier tile;
        std::vector<StoredHash> unused;
        for (const Digest& hash : tiles_[level]) tile.append(hash, unused);
        AIP_TRY(put_tile(level, index(level) - 1));
        tiles_[level].clear();
        tiles_[level + 1].push_back(tile.root());
    }
    return {};
}

Result<void> TileEdge::put_tile(unsigned level, uint64_t at) {
    Bytes bytes;
    for (const Digest& hash : tiles_[level]) Writer(bytes).put(hash.view());
    const std::string name = tile_file(level, at, tiles_[level].size());
    AIP_TRY(put(name, bytes));
    return tiles_[level].size() == kTileWidth ? drop_partials(name) : Result<void>{};
}

Result<void> TileEdge::drop_partials(const std::string& full) const {
    std::error_code error;
    std::filesystem::remove_all(directory_ + "/" + full + ".p", error);
    return error ? Result<void>(cannot("remove", directory_ + "/" + full + ".p", error.value())) : Result<void>{};
}

Result<void> TileEdge::write_partials() {
    for (unsigned level = 0; level < kTileLevels; ++level)
        if (!tiles_[level].empty()) AIP_TRY(put_tile(level, index(level)));
    if (bundle_.empty()) return {};
    return put(bundle_file(size_ >> 8, size_ % kTileWidth), bundle_);
}

// What the directory says it holds; an empty tree if it has no checkpoint yet.
Result<Checkpoint> checkpoint_of(const std::string& directory, const std::string& origin) {
    const std::string path = directory + "/checkpoint";
    if (!std::filesystem::exists(path)) return Checkpoint{origin, 0, empty_root()};
    AIP_ASSIGN(const Bytes bytes, crypto::read_small_file(path, kNoteBytesMax));
    const auto note = Note::parse(as_text(bytes));
    const auto checkpoint = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!checkpoint) return checkpoint.error().within(path);
    if (checkpoint->origin != origin)
        return Error{ErrorCode::kExists,
                     directory + " holds tiles of " + checkpoint->origin + "; name another directory"};
    return checkpoint;
}

}  // namespace

Result<uint64_t> tiles_size(const std::string& directory, const std::string& origin) {
    AIP_ASSIGN(const Checkpoint there, checkpoint_of(directory, origin));
    return there.size;
}

Result<TilesReport> write_tiles(ExportSource& source, const std::string& directory, uint64_t entries_max) {
    AIP_ASSIGN(const std::vector<NoteKey> keys, source.keys());
    const NoteKey& key = keys.back();
    AIP_ASSIGN(const Checkpoint old, checkpoint_of(directory, key.name));
    AIP_ASSIGN(const auto text, source.checkpoint(old.size + std::min(entries_max, kTreeSizeMax - old.size)));
    if (!text) return Error{ErrorCode::kNotFound, "the ledger of " + key.name + " has no entry yet"};
    AIP_ASSIGN(const Note note, Note::parse(*text));
    AIP_ASSIGN(const Checkpoint fresh, Checkpoint::parse(note.text));
    const Error other{ErrorCode::kCorrupt,
                      "the tiles in " + directory + " are damaged or not a past of " + key.name +
                          "; if this log is the right one, remove the directory and write it again"};
    if (fresh.origin != key.name || fresh.size < old.size) return other;

    TileEdge edge(directory);
    const auto loaded = edge.load(old.size);
    if (!loaded) return Error{other.code, loaded.error().text + ": " + other.text};
    AIP_ASSIGN(const Digest root_there, edge.root());
    if (root_there != old.root) return other;
    for (uint64_t index = old.size; index < fresh.size; ++index) {
        AIP_ASSIGN(const Bytes entry, source.entry(index));
        AIP_TRY(edge.append(entry));
    }
    AIP_ASSIGN(const Digest root, edge.root());
    if (root != fresh.root) return other;
    if (fresh.size > old.size) AIP_TRY(edge.write_partials());
    std::error_code ignored;
    std::filesystem::create_directories(directory, ignored);
    AIP_TRY(sync_file_system(directory));
    AIP_TRY(replace_file(directory + "/checkpoint", as_bytes(*text)));
    return TilesReport{key.name, old.size, fresh.size};
}

}  // namespace aip::ledger
