#include "ledger/cosignature.hpp"

#include <algorithm>
#include <optional>

namespace aip::ledger {
namespace {

constexpr uint8_t kCosignature = 0x04;
constexpr uint64_t kSecondsMax = INT64_MAX;

std::optional<uint64_t> verified_time(const Note& note, const CosignatureKey& key, ByteView line) {
    Reader r(line);
    const uint64_t seconds = r.u64();
    crypto::Signature signature;
    static_cast<void>(r.copy(signature.bytes));
    if (!r.done() || seconds > kSecondsMax ||
        !crypto::verify(key.key, as_bytes(cosigned_message(note.text, seconds)), signature))
        return std::nullopt;
    return seconds;
}

}  // namespace

uint32_t CosignatureKey::id() const { return NamedKey{name, key}.id(kCosignature); }

std::string CosignatureKey::vkey() const { return NamedKey{name, key}.vkey(kCosignature); }

Result<CosignatureKey> CosignatureKey::parse(std::string_view vkey) {
    AIP_ASSIGN(NamedKey named, NamedKey::parse(vkey, kCosignature));
    return CosignatureKey{std::move(named.name), named.key};
}

std::string cosigned_message(std::string_view note_text, uint64_t seconds) {
    return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(note_text);
}

std::string cosignature_line(const CosignatureKey& key, uint64_t seconds, const crypto::Signature& signature) {
    AIP_ASSERT(seconds <= kSecondsMax);
    Bytes raw;
    Writer(raw).u64(seconds).put(signature.view());
    return signature_line(key.name, key.id(), raw);
}

Result<uint64_t> verify_cosignature(const Note& note, const CosignatureKey& key) {
    const uint32_t id = key.id();
    std::optional<uint64_t> newest;
    for (const NoteSignature& line : note.signatures) {
        if (line.name != key.name || line.key_id != id) continue;
        const auto seconds = verified_time(note, key, line.signature);
        if (!seconds) return Error{ErrorCode::kDenied, "bad cosignature of " + key.name + "; do not trust it"};
        newest = std::max(newest.value_or(0), *seconds);
    }
    if (!newest) return Error{ErrorCode::kNotFound, "not cosigned by " + key.name};
    return *newest;
}

}  // namespace aip::ledger
