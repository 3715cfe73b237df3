// The text formats of this folder (notes, checkpoints, proofs; rfc/0004 sections 3, 6 and 7) are lines that end in a
// newline, strict UTF-8 without control characters, decimals without leading zeros, and canonical base64: one value
// has one text, so that two readers never see two things. These are the few readers the formats share.
// Pure functions over views; nothing is copied.
#pragma once

#include <optional>
#include <string_view>

#include "base/ids.hpp"

namespace aip::ledger {

bool is_text(std::string_view text);  // UTF-8 without control characters below U+0020 other than newline

std::optional<uint64_t> parse_decimal(std::string_view text);

std::optional<Digest> parse_base64_digest(std::string_view text);

class LineReader {
public:
    explicit LineReader(std::string_view text) : rest_(text) {}
    // Without its newline; nothing if no newline is left.
    std::optional<std::string_view> next() {
        const size_t end = rest_.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }
    bool done() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

}  // namespace aip::ledger
