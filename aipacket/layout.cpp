#include "aipacket/layout.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::aipacket {

SymbolLayout::SymbolLayout(uint32_t symbol_size, std::vector<uint32_t> piece_sizes)
    : symbol_size_(symbol_size), sizes_(std::move(piece_sizes)) {
    AIP_ASSERT(symbol_size_ >= limits::kSymbolBytesMin && sizes_.size() <= limits::kBlocksMax);
    first_.reserve(sizes_.size() + 1);
    uint32_t next = 0;
    for (uint32_t size : sizes_) {
        AIP_ASSERT(size > 0 && size <= limits::kBlockBytes);
        first_.push_back(next);
        next += (size + symbol_size_ - 1) / symbol_size_;
    }
    first_.push_back(next);
}

SymbolLayout SymbolLayout::of_head(uint32_t symbol_size, uint32_t head_size) {
    std::vector<uint32_t> sizes;
    for (uint32_t left = head_size; left > 0; left -= sizes.back())
        sizes.push_back(std::min(left, limits::kBlockBytes));
    return SymbolLayout(symbol_size, std::move(sizes));
}

uint32_t SymbolLayout::piece_of(uint32_t symbol) const {
    AIP_ASSERT(symbol < symbols());
    const auto above = std::upper_bound(first_.begin(), first_.end(), symbol);
    return static_cast<uint32_t>(above - first_.begin()) - 1;
}

SymbolPlace SymbolLayout::place(uint32_t symbol) const {
    AIP_ASSERT(symbol < symbols());
    if (symbol >= first_[last_piece_ + 1] && last_piece_ + 1 < pieces()) ++last_piece_;
    if (symbol < first_[last_piece_] || symbol >= first_[last_piece_ + 1]) last_piece_ = piece_of(symbol);
    const uint32_t offset = (symbol - first_[last_piece_]) * symbol_size_;
    return {last_piece_, offset, std::min(symbol_size_, sizes_[last_piece_] - offset)};
}

}  // namespace aip::aipacket
