// SignedHead: a checkpoint of one of our logs without what follows from whose log it is: size, root, signature. With
// the credential of the key that signed it, it is a checkpoint that whoever knows the network's root key can check, in
// 338 bytes; the note that others' tools read is made from it again, byte for byte (rfc/0014 section 1).
//
// Invariant: nothing here is believed before check_head(). Pure values.
#pragma once

#include "crypto/identity.hpp"
#include "ledger/note.hpp"

namespace aip::ledger {

NoteKey log_key(const crypto::Principal& node);

struct SignedHead {
    static constexpr size_t kBytes = 8 + Digest::kSize + crypto::Signature::kSize;

    uint64_t size = 0;
    Digest root;
    crypto::Signature signature;

    std::string note(const NoteKey& key) const;
    // The head in a note that the log's key signed; other signatures are left out.
    static Result<SignedHead> from(std::string_view signed_checkpoint, const NoteKey& key);
    void write(Writer& w) const;
    static SignedHead read(Reader& r);
    bool operator==(const SignedHead&) const = default;
};

// kDenied unless the node signed it.
Result<void> check_head(const SignedHead& head, const crypto::Principal& node);

struct CertifiedHead {
    crypto::CredentialBytes credential;
    SignedHead head;
    bool operator==(const CertifiedHead&) const = default;
};

}  // namespace aip::ledger
