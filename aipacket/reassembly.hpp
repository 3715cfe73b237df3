// Puts the pieces of one epoch together. Symbols come in any order within the window; a piece gets memory when its
// first symbol comes and is handed out whole by take(). Invariant: every piece is handed out exactly once, and a
// symbol at or above the grant is never kept, so whoever sets the grant bounds the memory.
#pragma once

#include <optional>

#include "aipacket/bitmap.hpp"
#include "aipacket/layout.hpp"
#include "aipacket/ring_queue.hpp"

namespace aip::aipacket {

class Reassembly {
public:
    enum class Verdict : uint8_t { kNew, kDuplicate, kOutOfRange, kWrongLength };
    struct Piece {
        uint32_t index = 0;
        Bytes bytes;
    };

    void begin(SymbolLayout layout);  // forgets everything
    void set_grant(uint32_t symbol) { grant_ = symbol; }

    Verdict put(uint32_t symbol, ByteView bytes);
    std::optional<Piece> take();

    const SymbolLayout& layout() const { return layout_; }
    uint32_t grant() const { return grant_; }
    uint32_t lowest_missing() const { return have_.base(); }
    uint32_t end() const { return have_.end(); }
    bool complete() const { return have_.base() == layout_.symbols(); }
    size_t write_bitmap(MutableBytes out) const { return have_.write(out); }

private:
    struct Open {
        Bytes bytes;
        uint32_t symbols_missing = 0;
        bool started = false;
    };
    Open& open(uint32_t piece);

    SymbolLayout layout_;
    WindowBitmap have_;
    uint32_t grant_ = 0;
    uint32_t first_open_ = 0;  // piece of open_[0]
    RingQueue<Open> open_;
    RingQueue<Piece> complete_;
};

}  // namespace aip::aipacket
