#include "ledger/signed_head.hpp"

#include "ledger/merkle.hpp"

namespace aip::ledger {

NoteKey log_key(const crypto::Principal& node) { return {log_origin(node.address), node.operational}; }

std::string SignedHead::note(const NoteKey& key) const {
    return signed_note(Checkpoint{key.name, size, root}.text(), key, signature);
}

Result<SignedHead> SignedHead::from(std::string_view signed_checkpoint, const NoteKey& key) {
    AIP_ASSIGN(const Checkpoint checkpoint, open_checkpoint(signed_checkpoint, key));
    AIP_ASSIGN(const Note note, Note::parse(signed_checkpoint));
    for (const NoteSignature& line : note.signatures)
        if (line.name == key.name && line.key_id == key.id())
            return SignedHead{checkpoint.size, checkpoint.root, *crypto::Signature::from(line.signature)};
    return Error{ErrorCode::kNotFound, "the note is not signed by " + key.name};
}

void SignedHead::write(Writer& w) const { w.u64(size).put(root.view()).put(signature.view()); }

SignedHead SignedHead::read(Reader& r) {
    SignedHead head;
    head.size = r.u64();
    static_cast<void>(r.copy(head.root.bytes));
    static_cast<void>(r.copy(head.signature.bytes));
    return head;
}

Result<void> check_head(const SignedHead& head, const crypto::Principal& node) {
    const std::string text = Checkpoint{log_origin(node.address), head.size, head.root}.text();
    if (head.size > kTreeSizeMax || !crypto::verify(node.operational, as_bytes(text), head.signature))
        return Error{ErrorCode::kDenied, "checkpoint of " + node.address.text() + " has a bad signature"};
    return {};
}

}  // namespace aip::ledger
