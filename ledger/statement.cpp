#include "ledger/statement.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "ledger/note.hpp"
#include "ledger/predicate.hpp"
#include "ledger/strict_json.hpp"

namespace aip::ledger {
namespace {

using nlohmann::json;

constexpr size_t kEnvelopeSignaturesMax = 16;
constexpr size_t kPayloadTypeMax = 128;
constexpr size_t kSignatureTextMax = 88;  // base64 of 64 bytes

struct Envelope {
    Bytes payload;
    std::vector<crypto::Signature> signatures;
};

Result<Envelope> parse_envelope(ByteView leaf) {
    if (leaf.size() > limits::kLeafBytesMax)
        return Error{ErrorCode::kInvalid, "leaf is larger than " + std::to_string(limits::kLeafBytesMax) + " bytes"};
    AIP_ASSIGN(const json root, parse_json(as_text(leaf)));
    Fields fields(root, "envelope");
    if (fields.text("payloadType", kPayloadTypeMax) != kPayloadType) fields.fail("payloadType");
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

bool any_verifies(const Envelope& envelope, const crypto::PublicKey& key) {
    const Bytes message = dsse_pae(kPayloadType, envelope.payload);
    for (const crypto::Signature& signature : envelope.signatures)
        if (crypto::verify(key, message, signature)) return true;
    return false;
}

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

Result<Bytes> make_leaf(const HopStatement& statement, const crypto::Signer& signer) {
    if (statement.node != signer.self().address)
        return Error{ErrorCode::kInvalid,
                     "a node records only what it did itself: set 'node' to " + signer.self().address.text()};
    AIP_ASSIGN(const std::string payload, write_statement({statement, signer.credential()}));
    const crypto::Signature signature = signer.sign_raw(dsse_pae(kPayloadType, as_bytes(payload)));
    const json line{{"keyid", key_id_hint(signer.self())}, {"sig", to_base64(signature.view())}};
    AIP_ASSIGN(const std::string text, write_json({{"payload", to_base64(as_bytes(payload))},
                                                   {"payloadType", kPayloadType},
                                                   {"signatures", json::array({line})}}));
    if (text.size() > limits::kHopLeafBytesMax)
        return Error{ErrorCode::kInvalid, "statement is too large for a leaf; record fewer metrics or parents"};
    return to_bytes(as_bytes(text));
}

Result<CheckedLeaf> check_leaf(ByteView leaf, crypto::Verifier& verifier, WallTime now) {
    AIP_ASSIGN(const Envelope envelope, parse_envelope(leaf));
    AIP_ASSIGN(SignedStatement read, parse_statement(as_text(envelope.payload)));
    AIP_ASSIGN(const crypto::Principal signer, verifier.credential(read.credential, now));
    if (!any_verifies(envelope, signer.operational))
        return Error{ErrorCode::kDenied,
                     "leaf is not signed by the key of " + signer.address.text() + " that it names; do not trust it"};
    if (read.statement.node != signer.address)
        return Error{ErrorCode::kDenied, "leaf speaks for " + read.statement.node.text() + " but is signed by " +
                                             signer.address.text() + "; do not trust it"};
    return CheckedLeaf{std::move(read.statement), signer};
}

Result<HopStatement> read_leaf(ByteView leaf) {
    AIP_ASSIGN(const Envelope envelope, parse_envelope(leaf));
    AIP_ASSIGN(SignedStatement read, parse_statement(as_text(envelope.payload)));
    return std::move(read.statement);
}

}  // namespace aip::ledger
