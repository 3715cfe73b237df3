#include "aipacket/reassembly.hpp"

namespace aip::aipacket {
namespace {

// Appending in order costs no clearing of memory; a gap is filled with zeros until its symbols come.
void place_bytes(Bytes& piece, uint32_t offset, ByteView bytes) {
    if (piece.size() < offset) piece.resize(offset);
    if (piece.size() == offset) {
        piece.insert(piece.end(), bytes.begin(), bytes.end());
    } else {
        AIP_ASSERT(offset + bytes.size() <= piece.size());
        std::memcpy(piece.data() + offset, bytes.data(), bytes.size());
    }
}

}  // namespace

void Reassembly::begin(SymbolLayout layout) {
    layout_ = std::move(layout);
    have_.reset();
    grant_ = 0;
    first_open_ = 0;
    open_.clear();
    complete_.clear();
}

Reassembly::Open& Reassembly::open(uint32_t piece) {
    while (first_open_ + open_.size() <= piece) open_.push(Open{});
    Open& open = open_[piece - first_open_];
    if (!open.started) {
        open.started = true;
        open.symbols_missing = layout_.piece_symbols(piece);
        open.bytes.reserve(layout_.piece_size(piece));
    }
    return open;
}

Reassembly::Verdict Reassembly::put(uint32_t symbol, ByteView bytes) {
    if (have_.test(symbol)) return Verdict::kDuplicate;
    if (symbol >= grant_ || symbol >= layout_.symbols() || !have_.covers(symbol)) return Verdict::kOutOfRange;
    const SymbolPlace place = layout_.place(symbol);
    if (bytes.size() != place.length) return Verdict::kWrongLength;
    have_.set(symbol);
    Open& piece = open(place.piece);
    place_bytes(piece.bytes, place.offset, bytes);
    if (--piece.symbols_missing == 0) complete_.push({place.piece, std::move(piece.bytes)});
    while (!open_.empty() && open_.front().started && open_.front().symbols_missing == 0) {
        open_.pop();
        ++first_open_;
    }
    return Verdict::kNew;
}

std::optional<Reassembly::Piece> Reassembly::take() {
    if (complete_.empty()) return std::nullopt;
    return complete_.pop();
}

}  // namespace aip::aipacket
