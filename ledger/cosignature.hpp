// Cosignatures (c2sp.org/tlog-cosignature, type 0x04; rfc/0014 section 2): a witness says that at some second a
// checkpoint was the largest consistent tree it had seen of that log. It is one more signature line of the note:
// "— NAME BASE64(key id || u64 seconds || Ed25519 signature)" over "cosignature/v1\ntime SECONDS\n" and the note's
// text.
//
// A node witnesses with its operational key, under the name of its own log; the type byte makes key id and verifier
// key different ones, and no checkpoint begins with "cosignature/v1".
// Pure functions. Who is believed as a witness is the caller's business (policy.hpp).
#pragma once

#include "ledger/note.hpp"

namespace aip::ledger {

struct CosignatureKey {
    std::string name;
    crypto::PublicKey key;

    uint32_t id() const;
    std::string vkey() const;
    static Result<CosignatureKey> parse(std::string_view vkey);
};

// What is signed, for the note text of a checkpoint. `seconds` since 1970, below 2^63.
std::string cosigned_message(std::string_view note_text, uint64_t seconds);
std::string cosignature_line(const CosignatureKey& key, uint64_t seconds, const crypto::Signature& signature);

// When it was cosigned, in seconds since 1970; the latest if there are several. kNotFound: no line by this key.
// kDenied: a line by this key that does not verify.
Result<uint64_t> verify_cosignature(const Note& note, const CosignatureKey& key);

}  // namespace aip::ledger
