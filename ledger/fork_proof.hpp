// ForkProof: evidence that a node rewrote its log, which anyone checks who knows the network's root key (rfc/0014
// section 6). Two checkpoints by the same node, of sizes a <= b, and a consistency proof that the larger tree had, at
// size a, another root than the one the node signed for a. With a = b the second checkpoint is the proof.
//
// Invariant: verify() believes nothing but the root key; an honest log that grows never makes such a pair. Each
// checkpoint brings its own credential, since a node may have changed its operational key in between. They are checked
// at a time inside their own validity: a lie does not become true when its certificate expires.
// A file of text: two notes and a C2SP-style list of hashes, so that other people's tools can check it too. Pure.
#pragma once

#include "ledger/merkle.hpp"
#include "ledger/signed_head.hpp"

namespace aip::ledger {

// A log's own words that contradict what it signed before.
struct Contradiction {
    CertifiedHead older;  // the smaller
    CertifiedHead newer;
    Digest root_then;  // of the newer tree, at the size of the older
    MerklePath path;   // consistency from (older size, root_then) to the newer
    bool operator==(const Contradiction&) const = default;
};

struct ForkProof {
    Contradiction what;

    // `root`: of the network; names the log in the notes.
    std::string text(const crypto::PublicKey& root) const;
    static Result<ForkProof> parse(std::string_view text);
    bool operator==(const ForkProof&) const = default;
};

struct ForkVerdict {
    Address offender;
    crypto::Validity validity;  // of both credentials together; empty if they never were valid at once
};

// kDenied: proves nothing, and why.
Result<ForkVerdict> verify(const ForkProof& proof, const crypto::PublicKey& root);

// What two heads of one log, both checked, prove by themselves; nothing unless their sizes are equal.
std::optional<Contradiction> contradiction(const CertifiedHead& one, const CertifiedHead& other);

}  // namespace aip::ledger
