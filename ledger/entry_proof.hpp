// EntryProof: all a receiver needs to believe one entry, offline: the leaf, its place in the log, the path to the
// root, the checkpoint the log's node signed, and that node's credential (rfc/0004 section 6). It travels with the
// model as the proof of its last stop. As bytes: the leaf beside a c2sp.org/tlog-proof@v1 text whose `extra` line is
// the credential; tlog_proof_text() alone is a .tlog-proof file that other people's tools read.
//
// Invariant: verify() believes nothing but the network root in the Verifier. Pure; about three Ed25519 checks.
#pragma once

#include "ledger/merkle.hpp"
#include "ledger/statement.hpp"

namespace aip::ledger {

struct EntryProof {
    Bytes leaf;
    uint64_t index = 0;
    MerklePath path;
    std::string checkpoint;  // a signed note, as it was signed
    crypto::CredentialBytes credential;

    Bytes encode() const;
    static Result<EntryProof> parse(ByteView bytes);
    bool operator==(const EntryProof&) const = default;
};

// What a receiver writes down of the proof a model came with; of one that was verified.
GiverProof giver_proof(const EntryProof& proof, ByteView encoded);

// c2sp.org/tlog-proof@v1; `extra` may be empty.
std::string tlog_proof_text(uint64_t index, const MerklePath& path, std::string_view checkpoint, ByteView extra);

struct TlogProof {
    Bytes extra;
    uint64_t index = 0;
    MerklePath path;
    std::string checkpoint;
    static Result<TlogProof> parse(std::string_view text);
};

// Leaf signature, credential under the network root, origin = the signer's address, checkpoint signature by the same
// node, inclusion. Returns what the leaf says.
Result<HopStatement> verify(const EntryProof& proof, crypto::Verifier& verifier, WallTime now);

}  // namespace aip::ledger
