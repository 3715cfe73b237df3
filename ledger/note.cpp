#include "ledger/note.hpp"

#include "crypto/sha256.hpp"
#include "ledger/merkle.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 ";  // em dash, space
constexpr uint8_t kEd25519 = 0x01;
constexpr size_t kNameBytesMax = 255;
constexpr size_t kKeyIdBytes = 4;

Error malformed(std::string_view what) {
    return {ErrorCode::kInvalid, "malformed signed note: " + std::string(what) + "; fetch it again from its log"};
}

// Unicode spaces in UTF-8: U+0085, U+00A0, U+1680, U+2000..200A, U+2028, U+2029, U+202F, U+205F, U+3000.
bool has_wide_space(std::string_view name) {
    for (const std::string_view space : {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
                                         "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"})
        if (name.find(space) != std::string_view::npos) return true;
    for (size_t at = name.find("\xe2\x80"); at != std::string_view::npos; at = name.find("\xe2\x80", at + 1))
        if (at + 2 < name.size() && static_cast<uint8_t>(name[at + 2]) <= 0x8a) return true;
    return false;
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= kNameBytesMax && is_text(name) &&
           name.find_first_of(" +\n") == std::string_view::npos && !has_wide_space(name);
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
    if (!line.starts_with(kDash)) return malformed("a signature line does not start with a dash");
    line.remove_prefix(kDash.size());
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || !is_name(line.substr(0, space))) return malformed("bad key name");
    const auto raw = from_base64(line.substr(space + 1));
    if (!raw || raw->size() <= kKeyIdBytes) return malformed("a signature is not in base64");
    return NoteSignature{std::string(line.substr(0, space)), load_be32(raw->data()),
                         Bytes(raw->begin() + kKeyIdBytes, raw->end())};
}

Bytes typed_key(uint8_t type, const crypto::PublicKey& key) {
    Bytes out{type};
    Writer(out).put(key.view());
    return out;
}

std::string key_id_hex(uint32_t id) {
    std::array<uint8_t, kKeyIdBytes> bytes{};
    store_be32(bytes.data(), id);
    return to_hex(bytes);
}

}  // namespace

std::string log_origin(const Address& node) { return "aipacket." + to_hex(node.view()); }

uint32_t NamedKey::id(uint8_t type) const {
    const Digest digest = crypto::Sha256().update(as_bytes(name + "\n")).update(typed_key(type, key)).finish();
    return load_be32(digest.bytes.data());
}

std::string NamedKey::vkey(uint8_t type) const {
    return name + "+" + key_id_hex(id(type)) + "+" + to_base64(typed_key(type, key));
}

Result<NamedKey> NamedKey::parse(std::string_view vkey, uint8_t type) {
    const Error bad{ErrorCode::kInvalid, "not an Ed25519 verifier key of type " + std::to_string(type) +
                                             " (NAME+KEYID+BASE64); copy it whole"};
    const size_t first = vkey.find('+');
    const size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
    if (second == std::string_view::npos || !is_name(vkey.substr(0, first))) return bad;
    const auto raw = from_base64(vkey.substr(second + 1));
    if (!raw || raw->size() != 1 + crypto::PublicKey::kSize || raw->front() != type) return bad;
    NamedKey key{std::string(vkey.substr(0, first)), *crypto::PublicKey::from(ByteView(*raw).subspan(1))};
    if (key.vkey(type) != vkey) return Error{ErrorCode::kInvalid, "verifier key has the wrong key id; copy it again"};
    return key;
}

uint32_t NoteKey::id() const { return NamedKey{name, key}.id(kEd25519); }

std::string NoteKey::vkey() const { return NamedKey{name, key}.vkey(kEd25519); }

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
    AIP_ASSIGN(NamedKey named, NamedKey::parse(vkey, kEd25519));
    return NoteKey{std::move(named.name), named.key};
}

Result<Note> Note::parse(std::string_view signed_note) {
    if (signed_note.size() > kNoteBytesMax) return malformed("too long");
    if (!is_text(signed_note)) return malformed("not UTF-8 text");
    const size_t split = signed_note.rfind("\n\n");
    if (split == std::string_view::npos || split == 0) return malformed("no text before an empty line");
    Note note{std::string(signed_note.substr(0, split + 1)), {}};
    LineReader lines(signed_note.substr(split + 2));
    while (!lines.done()) {
        const auto line = lines.next();
        if (!line) return malformed("the last line has no newline");
        if (note.signatures.size() == kNoteSignaturesMax) return malformed("too many signatures");
        AIP_ASSIGN(NoteSignature signature, parse_signature_line(*line));
        note.signatures.push_back(std::move(signature));
    }
    if (note.signatures.empty()) return malformed("no signature");
    return note;
}

Result<void> Note::verify(const NoteKey& key) const {
    const uint32_t id = key.id();
    bool found = false;
    for (const NoteSignature& line : signatures) {
        if (line.name != key.name || line.key_id != id) continue;
        const auto signature = crypto::Signature::from(line.signature);
        if (!signature || !crypto::verify(key.key, as_bytes(text), *signature))
            return Error{ErrorCode::kDenied, "bad signature of " + key.name + " on a note; do not trust it"};
        found = true;
    }
    if (!found)
        return Error{ErrorCode::kNotFound,
                     "the note is not signed by " + key.name + "+" + key_id_hex(id) + "; check which key the log uses"};
    return {};
}

std::string signature_line(const std::string& name, uint32_t key_id, ByteView signature) {
    AIP_ASSERT(is_name(name));
    Bytes raw;
    Writer(raw).u32(key_id).put(signature);
    return std::string(kDash) + name + " " + to_base64(raw) + "\n";
}

std::string signed_note(std::string_view text, const NoteKey& key, const crypto::Signature& signature) {
    AIP_ASSERT(text.ends_with('\n'));
    return std::string(text) + "\n" + signature_line(key.name, key.id(), signature.view());
}

std::string Checkpoint::text() const {
    return origin + "\n" + std::to_string(size) + "\n" + to_base64(root.view()) + "\n";
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
    LineReader lines(text);
    const auto origin = lines.next();
    const auto size = lines.next();
    const auto root = lines.next();
    if (!origin || origin->empty() || !size || !root || !lines.done())
        return malformed("a checkpoint has three lines: origin, size, root");
    const auto number = parse_decimal(*size);
    const auto digest = parse_base64_digest(*root);
    if (!number || *number > kTreeSizeMax || !digest) return malformed("bad size or root in a checkpoint");
    return Checkpoint{std::string(*origin), *number, *digest};
}

Result<Checkpoint> open_checkpoint(std::string_view signed_checkpoint, const NoteKey& key) {
    AIP_ASSIGN(const Note note, Note::parse(signed_checkpoint));
    AIP_TRY(note.verify(key));
    AIP_ASSIGN(Checkpoint checkpoint, Checkpoint::parse(note.text));
    if (checkpoint.origin != key.name)
        return Error{ErrorCode::kDenied, "checkpoint of " + checkpoint.origin + ", expected " + key.name};
    return checkpoint;
}

}  // namespace aip::ledger
