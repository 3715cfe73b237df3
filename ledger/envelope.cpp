#include "ledger/envelope.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "ledger/note.hpp"
#include "ledger/strict_json.hpp"

namespace aip::ledger {
namespace {

using nlohmann::json;

constexpr size_t kEnvelopeSignaturesMax = 16;
constexpr size_t kTypeTextMax = 128;
constexpr size_t kSignatureTextMax = 88;  // base64 of 64 bytes

// A hint for readers, never trusted: the id this key has in checkpoints.
std::string key_id_hint(const crypto::Principal& self) {
    const NoteKey key{log_origin(self.address), self.operational};
    std::array<uint8_t, 4> id{};
    store_be32(id.data(), key.id());
    return key.name + "+" + to_hex(id);
}

}  // namespace

Bytes dsse_pae(std::string_view payload_type, ByteView payload) {
    Bytes out;
    Writer w(out);
    w.put("DSSEv1 ").put(std::to_string(payload_type.size())).put(" ").put(payload_type);
    w.put(" ").put(std::to_string(payload.size())).put(" ").put(payload);
    return out;
}

bool Envelope::is_signed_by(const crypto::PublicKey& key) const {
    const Bytes message = dsse_pae(kPayloadType, payload);
    return std::any_of(signatures.begin(), signatures.end(),
                       [&](const crypto::Signature& signature) { return crypto::verify(key, message, signature); });
}

Result<Envelope> parse_envelope(ByteView leaf) {
    if (leaf.size() > limits::kLeafBytesMax)
        return Error{ErrorCode::kInvalid, "leaf is larger than " + std::to_string(limits::kLeafBytesMax) + " bytes"};
    AIP_ASSIGN(const json root, parse_json(as_text(leaf)));
    Fields fields(root, "envelope");
    if (fields.text("payloadType", kTypeTextMax) != kPayloadType) fields.fail("payloadType");
    const auto payload = from_base64(fields.text("payload", limits::kLeafBytesMax));
    if (!payload) fields.fail("payload");
    const json* signatures = fields.list("signatures", kEnvelopeSignaturesMax);
    if (signatures == nullptr || signatures->empty()) fields.fail("signatures");
    AIP_TRY(fields.check());

    Envelope envelope{*payload, {}};
    for (const json& entry : *signatures) {
        Fields line(entry, "signature");
        const auto raw = from_base64(line.text("sig", kSignatureTextMax));
        const auto signature = raw ? crypto::Signature::from(*raw) : std::nullopt;
        if (!signature) line.fail("sig");
        AIP_TRY(line.check());
        envelope.signatures.push_back(*signature);
    }
    return envelope;
}

Result<Bytes> make_envelope(std::string_view payload, const crypto::Signer& signer) {
    const crypto::Signature signature = signer.sign_raw(dsse_pae(kPayloadType, as_bytes(payload)));
    const json line{{"keyid", key_id_hint(signer.self())}, {"sig", to_base64(signature.view())}};
    AIP_ASSIGN(const std::string text, write_json({{"payload", to_base64(as_bytes(payload))},
                                                   {"payloadType", kPayloadType},
                                                   {"signatures", json::array({line})}}));
    if (text.size() > limits::kHopLeafBytesMax)
        return Error{ErrorCode::kInvalid, "statement is too large for a leaf; record fewer metrics or parents"};
    return to_bytes(as_bytes(text));
}

Result<Statement> parse_in_toto(std::string_view text) {
    AIP_ASSIGN(json root, parse_json(text));
    Fields fields(root, "statement");
    Statement statement;
    if (fields.text("_type", kTypeTextMax) != kStatementType) fields.fail("_type");
    statement.predicate_type = fields.text("predicateType", kTypeTextMax);
    const json* subjects = fields.list("subject", 1);
    if (subjects == nullptr || subjects->empty()) fields.fail("subject");
    static_cast<void>(fields.object("predicate"));
    AIP_TRY(fields.check());

    Fields subject(subjects->front(), "subject");
    const json* digests = subject.object("digest");
    AIP_TRY(subject.check());
    Fields digest(*digests, "subject.digest");
    statement.subject = digest.hex<Digest>("sha256");
    AIP_TRY(digest.check());
    statement.predicate = std::make_shared<const json>(std::move(root["predicate"]));
    return statement;
}

Result<std::string> write_in_toto(std::string_view subject_name, const Digest& subject, std::string_view predicate_type,
                                  const json& predicate) {
    const json about{{"name", subject_name}, {"digest", {{"sha256", subject.hex()}}}};
    return write_json({{"_type", kStatementType},
                       {"subject", json::array({about})},
                       {"predicateType", predicate_type},
                       {"predicate", predicate}});
}

}  // namespace aip::ledger
