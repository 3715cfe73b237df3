#include "ledger/export_files.hpp"

#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr size_t kPathMax = 126;  // two sides of a tree of kTreeSizeMax

std::string header(uint64_t old_size, uint64_t size) {
    return "consistency " + std::to_string(old_size) + " " + std::to_string(size);
}

}  // namespace

std::string entry_file(uint64_t index) { return "entry/" + std::to_string(index); }
std::string inclusion_file(uint64_t index) { return "inclusion/" + std::to_string(index); }
std::string checkpoint_file(uint64_t size) { return "checkpoint/" + std::to_string(size); }
std::string consistency_file(uint64_t old_size, uint64_t size) {
    return "consistency/" + std::to_string(old_size) + "-" + std::to_string(size);
}

std::string consistency_text(uint64_t old_size, uint64_t size, const MerklePath& path) {
    std::string text = header(old_size, size) + "\n";
    for (const Digest& hash : path) text += to_base64(hash.view()) + "\n";
    return text;
}

Result<MerklePath> parse_consistency(std::string_view text, uint64_t old_size, uint64_t size) {
    const Error bad{ErrorCode::kInvalid, "malformed consistency proof"};
    LineReader lines(text);
    if (lines.next() != header(old_size, size)) return bad;
    MerklePath path;
    while (!lines.done()) {
        const auto line = lines.next();
        const auto hash = line ? parse_base64_digest(*line) : std::nullopt;
        if (!hash || path.size() == kPathMax) return bad;
        path.push_back(*hash);
    }
    return path;
}

}  // namespace aip::ledger
