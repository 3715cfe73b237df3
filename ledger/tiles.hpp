// A log as static files in the layout of C2SP tlog-tiles (rfc/0004 section 8), which any web server can serve and other
// people's monitors read:
//   checkpoint               the newest signed checkpoint, replaced in one step and last
//   tile/L/N[.p/W]           256 hashes (W in a partial tile) of level 8L
//   tile/entries/N[.p/W]     the same entries, each with its u16 length before it
// Only what was added since the checkpoint in the directory is written. A full tile never changes; a partial tile goes
// when its full one is there.
//
// Invariant: a checkpoint is put there only if the tree rebuilt from the tiles and the entries has its root.
// Blocking. Files are written without sync but for one at the end: a directory of tiles can be made again from the log.
#pragma once

#include "ledger/export.hpp"

namespace aip::ledger {

inline constexpr uint64_t kTileWidth = 256;
inline constexpr unsigned kTileLevels = 8;  // of 8 levels of the tree each

// `width` 256 is a full tile.
std::string tile_file(unsigned level, uint64_t index, uint64_t width);
std::string bundle_file(uint64_t index, uint64_t width);

Result<std::vector<Digest>> parse_tile(ByteView bytes, uint64_t width);
Result<std::vector<Bytes>> parse_bundle(ByteView bytes, uint64_t width);

// Entries that the checkpoint in `directory` speaks of, 0 if there is none; kExists: it is of another log.
Result<uint64_t> tiles_size(const std::string& directory, const std::string& origin);

struct TilesReport {
    std::string origin;
    uint64_t old_size = 0;  // of what was there
    uint64_t size = 0;
};

// Brings `directory` (made if it is not there) up to the newest checkpoint, or to the largest signed tree that adds at
// most `entries_max`. kCorrupt: what is there is not a past of this log.
Result<TilesReport> write_tiles(ExportSource& source, const std::string& directory, uint64_t entries_max);

}  // namespace aip::ledger
