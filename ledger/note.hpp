// Signed notes and checkpoints as C2SP writes them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint; rfc/0004
// section 3). A note is text, an empty line, and signature lines "— NAME BASE64(key id || signature)"; a checkpoint is
// a note of three lines: origin, tree size, root hash. Only Ed25519 (type 0x01) is made and checked here; lines of
// other keys and types are kept and ignored, which is what lets keys rotate and witnesses cosign (cosignature.hpp).
//
// Invariant: Note::text is the exact text that was signed; nothing is re-encoded. Parsing is strict: what two parsers
// could read differently (control characters, non-canonical base64, leading zeros) is refused.
// Pure functions. Does not know which key to trust: the caller brings a NoteKey.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "crypto/keys.hpp"

namespace aip::ledger {

inline constexpr size_t kNoteBytesMax = 8192;
inline constexpr size_t kNoteSignaturesMax = 64;

// The name of a node's log, and of its key: "aipacket." and the address in 32 hex digits.
std::string log_origin(const Address& node);

// What the key of every signature type has in common: a name, a type byte, and how both and the key make a key id and
// a vkey, NAME+KEYID+BASE64(type || key).
struct NamedKey {
    std::string name;
    crypto::PublicKey key;

    uint32_t id(uint8_t type) const;  // SHA-256(name || 0x0A || type || key), first four bytes
    std::string vkey(uint8_t type) const;
    static Result<NamedKey> parse(std::string_view vkey, uint8_t type);  // its key id must be right
};

struct NoteKey {
    std::string name;
    crypto::PublicKey key;

    uint32_t id() const;
    std::string vkey() const;  // what `note.NewVerifier` takes
    static Result<NoteKey> parse(std::string_view vkey);
};

struct NoteSignature {
    std::string name;
    uint32_t key_id = 0;
    Bytes signature;  // without the key id
};

struct Note {
    std::string text;  // ends in a newline
    std::vector<NoteSignature> signatures;

    static Result<Note> parse(std::string_view signed_note);
    // kNotFound: no line by this key. kDenied: a line by this key that does not verify.
    Result<void> verify(const NoteKey& key) const;
};

// One line and its newline. `name` must be one that a reader accepts.
std::string signature_line(const std::string& name, uint32_t key_id, ByteView signature);

// `text` must end in a newline; `signature` is the key's over `text`.
std::string signed_note(std::string_view text, const NoteKey& key, const crypto::Signature& signature);

struct Checkpoint {
    std::string origin;
    uint64_t size = 0;
    Digest root;

    std::string text() const;                                // what is signed
    static Result<Checkpoint> parse(std::string_view text);  // a note's text; extension lines are refused
    bool operator==(const Checkpoint&) const = default;
};

// The checkpoint in a signed note, signed by `key`, whose name must be its origin.
Result<Checkpoint> open_checkpoint(std::string_view signed_checkpoint, const NoteKey& key);

}  // namespace aip::ledger
