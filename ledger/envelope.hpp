// What every entry of a log is: an in-toto Statement v1 about one digest, inside a DSSE envelope signed by the node's
// operational key (rfc/0004 sections 4.1 and 4.2). Which predicate it is, statement.hpp (a deed) and key_event.hpp (a
// key) know; entry.hpp reads either.
//
// Invariant: an Envelope's payload are the bytes that were signed; nothing is written again to be checked.
// Pure functions.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "crypto/identity.hpp"

namespace aip::ledger {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";

struct Envelope {
    Bytes payload;
    std::vector<crypto::Signature> signatures;

    bool is_signed_by(const crypto::PublicKey& key) const;  // one of the signatures is
};
Result<Envelope> parse_envelope(ByteView leaf);
Result<Bytes> make_envelope(std::string_view payload, const crypto::Signer& signer);

struct Statement {
    std::string predicate_type;
    Digest subject;                                   // its only one, SHA-256
    std::shared_ptr<const nlohmann::json> predicate;  // an object
};
Result<Statement> parse_in_toto(std::string_view text);
Result<std::string> write_in_toto(std::string_view subject_name, const Digest& subject, std::string_view predicate_type,
                                  const nlohmann::json& predicate);

// DSSE's pre-authentication encoding: what the signature is over.
Bytes dsse_pae(std::string_view payload_type, ByteView payload);

}  // namespace aip::ledger
