// Requests to a witness and fork proofs: what parses is written back as the same bytes; random bytes are cosigned
// by nobody and prove nothing.
#include "base/assert.hpp"
#include "ledger/witness.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::ledger;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto request = AddCheckpoint::parse(text)) {
        AIP_ASSERT(request->text() == text);
        const auto digest = leaf_hash(aip::as_bytes(text));
        const auto then = implied_old_root(request->old_size, request->old_size + 5, digest, request->proof);
        AIP_ASSERT(!then ||
                   verify_consistency(request->old_size, *then, request->old_size + 5, digest, request->proof));
    }
    if (const auto proof = ForkProof::parse(text)) AIP_ASSERT(!verify(*proof, aip::crypto::PublicKey{}));
    if (const auto note = Note::parse(text)) {
        for (const NoteSignature& line : note->signatures)
            AIP_ASSERT(!verify_cosignature(*note, {line.name, aip::crypto::PublicKey{}}));
    }
    return 0;
}
