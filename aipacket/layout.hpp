// How pieces (the head cut at kBlockBytes, or the wanted blocks) become symbols: each piece is cut into symbols of
// symbol_size bytes, its last one shorter, and the symbols of all pieces are numbered in a row from 0. Both ends
// compute the same layout from the same sizes (rfc/0002 section 4).
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/limits.hpp"

namespace aip::aipacket {

struct SymbolPlace {
    uint32_t piece = 0;
    uint32_t offset = 0;  // in the piece
    uint32_t length = 0;
};

class SymbolLayout {
public:
    SymbolLayout() = default;
    SymbolLayout(uint32_t symbol_size, std::vector<uint32_t> piece_sizes);  // sizes 1..kBlockBytes
    static SymbolLayout of_head(uint32_t symbol_size, uint32_t head_size);

    uint32_t pieces() const { return static_cast<uint32_t>(sizes_.size()); }
    uint32_t symbols() const { return first_.empty() ? 0 : first_.back(); }
    uint32_t piece_size(uint32_t piece) const { return sizes_[piece]; }
    uint32_t first_symbol(uint32_t piece) const { return first_[piece]; }  // piece == pieces(): symbols()
    uint32_t piece_of(uint32_t symbol) const;                              // symbol < symbols()
    uint32_t piece_symbols(uint32_t piece) const { return first_[piece + 1] - first_[piece]; }
    SymbolPlace place(uint32_t symbol) const;  // constant time if near the last one asked for

private:
    uint32_t symbol_size_ = 0;
    std::vector<uint32_t> sizes_;
    std::vector<uint32_t> first_;  // of each piece, and the total
    mutable uint32_t last_piece_ = 0;
};

static_assert(uint64_t{limits::kBlocksMax} * (limits::kBlockBytes / limits::kSymbolBytesMin) < UINT32_MAX,
              "symbol indexes fit 32 bits");

}  // namespace aip::aipacket
