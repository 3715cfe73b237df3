#include "ledger/tiles.hpp"

namespace aip::ledger {
namespace {

std::string number_path(uint64_t index) {
    std::string digits = std::to_string(index);
    digits.insert(0, (3 - digits.size() % 3) % 3, '0');
    std::string path;
    for (size_t at = 0; at < digits.size(); at += 3)
        path += (at + 3 < digits.size() ? "x" : "") + digits.substr(at, 3) + (at + 3 < digits.size() ? "/" : "");
    return path;
}

std::string with_width(std::string path, uint64_t width) {
    return width == kTileWidth ? path : path + ".p/" + std::to_string(width);
}

Error malformed(std::string_view what) {
    return {ErrorCode::kInvalid, "malformed " + std::string(what) + "; remove the directory and write it again"};
}

}  // namespace

std::string tile_file(unsigned level, uint64_t index, uint64_t width) {
    return with_width("tile/" + std::to_string(level) + "/" + number_path(index), width);
}

std::string bundle_file(uint64_t index, uint64_t width) {
    return with_width("tile/entries/" + number_path(index), width);
}

Result<std::vector<Digest>> parse_tile(ByteView bytes, uint64_t width) {
    if (width > kTileWidth || bytes.size() != width * Digest::kSize) return malformed("tile");
    std::vector<Digest> hashes;
    for (uint64_t i = 0; i < width; ++i)
        hashes.push_back(*Digest::from(bytes.subspan(i * Digest::kSize, Digest::kSize)));
    return hashes;
}

Result<std::vector<Bytes>> parse_bundle(ByteView bytes, uint64_t width) {
    if (width > kTileWidth) return malformed("bundle of entries");
    Reader r(bytes);
    std::vector<Bytes> entries;
    for (uint64_t i = 0; i < width; ++i) entries.push_back(to_bytes(r.view(r.u16())));
    if (!r.done()) return malformed("bundle of entries");
    return entries;
}

}  // namespace aip::ledger
