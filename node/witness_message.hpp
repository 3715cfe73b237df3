// What nodes say to each other about checkpoints (rfc/0014 section 5): "AIPW", version, what, and then
//   1 request   credential of the log's node | the request to a witness, as text
//   2 answer    credential of the witness | size asked about | status | what it cosigned last, if it matters | body
//   3 heads     credential | a few checkpoints of one log, as it signed them: gossip
//   4 fork      a contradiction: the whole proof
// In one packet of kind WITNESS, or in a message transfer if it does not fit. Nothing here is sealed: what is said is
// signed by the log or the witness it is about. Strict: what does not parse whole is refused.
#pragma once

#include <variant>

#include "ledger/witness.hpp"

namespace aip::node {

struct WitnessRequest {
    crypto::CredentialBytes credential;
    std::string text;  // ledger::AddCheckpoint
    bool operator==(const WitnessRequest&) const = default;
};

struct WitnessReply {
    crypto::CredentialBytes credential;
    uint64_t size = 0;
    uint16_t status = 0;
    std::optional<ledger::CertifiedHead> held;
    std::string body;
    bool operator==(const WitnessReply&) const = default;
};

struct Heads {
    crypto::CredentialBytes credential;
    std::vector<ledger::SignedHead> heads;  // 1 to limits::kBookHeadsMax
    bool operator==(const Heads&) const = default;
};

using WitnessMessage = std::variant<WitnessRequest, WitnessReply, Heads, ledger::Contradiction>;

bool is_witness_message(ByteView bytes);
Bytes encode(const WitnessMessage& message);
Result<WitnessMessage> parse_witness_message(ByteView bytes);

// A contradiction as bytes: on the wire, and on this node's disk.
Bytes encode_contradiction(const ledger::Contradiction& what);
Result<ledger::Contradiction> parse_contradiction(ByteView bytes);

}  // namespace aip::node
