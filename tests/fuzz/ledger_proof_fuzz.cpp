// Entry proofs, .tlog-proof files and consistency files: what parses is written back as the same bytes, and checking
// it never crashes.
#include "base/assert.hpp"
#include "ledger/entry_proof.hpp"
#include "ledger/export_files.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const aip::ByteView bytes(data, size);
    if (const auto proof = EntryProof::parse(bytes)) {
        AIP_ASSERT(proof->encode() == aip::to_bytes(bytes));
        aip::crypto::Verifier verifier{aip::crypto::PublicKey{}};
        AIP_ASSERT(!verify(*proof, verifier, aip::WallTime{}));
    }
    const std::string_view text = aip::as_text(bytes);
    if (const auto proof = TlogProof::parse(text)) {
        AIP_ASSERT(tlog_proof_text(proof->index, proof->path, proof->checkpoint, proof->extra) == text);
        const aip::Digest hash = leaf_hash(bytes);
        static_cast<void>(verify_inclusion(hash, proof->index, proof->index + 3, proof->path, hash).has_value());
        static_cast<void>(verify_consistency(proof->index, hash, proof->index + 3, hash, proof->path).has_value());
    }
    if (const auto path = parse_consistency(text, 3, 7)) AIP_ASSERT(consistency_text(3, 7, *path) == text);
    return 0;
}
