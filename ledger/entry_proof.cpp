#include "ledger/entry_proof.hpp"

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "ledger/entry.hpp"
#include "ledger/note.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kMagic = "AIPE";
constexpr uint8_t kVersion = 1;
constexpr std::string_view kFirstLine = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr size_t kPathMax = 62;  // log2 of kTreeSizeMax

Error malformed(std::string_view what) {
    return {ErrorCode::kInvalid, "malformed ledger proof: " + std::string(what) + "; ask for it again"};
}

}  // namespace

std::string tlog_proof_text(uint64_t index, const MerklePath& path, std::string_view checkpoint, ByteView extra) {
    std::string text = std::string(kFirstLine) + "\n";
    if (!extra.empty()) text += std::string(kExtra) + to_base64(extra) + "\n";
    text += std::string(kIndex) + std::to_string(index) + "\n";
    for (const Digest& hash : path) text += to_base64(hash.view()) + "\n";
    return text + "\n" + std::string(checkpoint);
}

Result<TlogProof> TlogProof::parse(std::string_view text) {
    LineReader lines(text);
    if (lines.next() != kFirstLine) return malformed("not a " + std::string(kFirstLine));
    TlogProof proof;
    auto line = lines.next();
    if (line && line->starts_with(kExtra)) {
        auto extra = from_base64(line->substr(kExtra.size()));
        if (!extra || extra->empty()) return malformed("bad extra line");
        proof.extra = std::move(*extra);
        line = lines.next();
    }
    if (!line || !line->starts_with(kIndex)) return malformed("no index");
    const auto index = parse_decimal(line->substr(kIndex.size()));
    if (!index) return malformed("bad index");
    proof.index = *index;
    for (line = lines.next(); line && !line->empty(); line = lines.next()) {
        const auto hash = parse_base64_digest(*line);
        if (!hash || proof.path.size() == kPathMax) return malformed("bad path");
        proof.path.push_back(*hash);
    }
    if (!line) return malformed("no checkpoint");
    if (lines.rest().size() > kNoteBytesMax) return malformed("checkpoint too long");
    proof.checkpoint = std::string(lines.rest());
    return proof;
}

Bytes EntryProof::encode() const {
    const std::string proof = tlog_proof_text(index, path, checkpoint, credential.view());
    Bytes out;
    out.reserve(kMagic.size() + 5 + leaf.size() + proof.size());
    Writer w(out);
    w.put(kMagic).u8(kVersion).u32(static_cast<uint32_t>(leaf.size())).put(leaf);
    w.put(proof);
    return out;
}

Result<EntryProof> EntryProof::parse(ByteView bytes) {
    if (bytes.size() > limits::kEntryProofBytesMax) return malformed("too long");
    Reader r(bytes);
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    const ByteView leaf = r.view(r.u32());
    if (r.failed() || !known) return malformed("not an entry proof");
    AIP_ASSIGN(TlogProof proof, TlogProof::parse(as_text(r.view(r.remaining()))));
    const auto credential = crypto::CredentialBytes::from(proof.extra);
    if (!credential) return malformed("no credential");
    return EntryProof{to_bytes(leaf), proof.index, std::move(proof.path), std::move(proof.checkpoint), *credential};
}

GiverProof giver_proof(const EntryProof& proof, ByteView encoded) {
    const auto note = Note::parse(proof.checkpoint);
    const auto tree = note ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    AIP_ASSERT(tree.has_value());
    return {proof.index, tree->size, tree->root, crypto::sha256(encoded)};
}

Result<HopStatement> verify(const EntryProof& proof, crypto::Verifier& verifier, WallTime now) {
    AIP_ASSIGN(CheckedEntry checked, verify_entry(proof, verifier, now));
    auto* says = std::get_if<HopStatement>(&checked.entry);
    if (says == nullptr) return not_a_deed();
    return std::move(*says);
}

}  // namespace aip::ledger
