// A leaf of the log says what one node did to one version of a model: an in-toto Statement v1 about the version's
// digest, with our predicate (rfc/0004 section 4), inside a DSSE envelope signed by the node's operational key. The
// node's credential is in the predicate, so whoever knows the network's root key can check a leaf on its own.
//
// Invariant: a CheckedLeaf exists only if its signature, its credential and the node it names agree.
// Leaf bytes are stored and hashed as they came. Keys of ours are written in sorted order without white space; on
// reading, duplicate keys anywhere are refused, unknown keys are ignored (in-toto's rule, so that fields can be added),
// and every list, text and number has a limit. Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/identity.hpp"
#include "ledger/envelope.hpp"

namespace aip::ledger {

inline constexpr std::string_view kHopPredicateType = "https://aipacket.dev/mfd/hop/v1";

// Which tensors differ from those of the first parent: by name, or, if these are too many or too long, by the digest
// of their names (tensor_names_digest). Both empty: none changed.
struct TensorChange {
    uint64_t count = 0;
    uint64_t of = 0;                 // tensors of the version and its parent together, each name once
    std::vector<std::string> names;  // in byte order, no duplicates
    std::optional<Digest> digest;

    bool operator==(const TensorChange&) const = default;
};
TensorChange tensor_change(std::vector<std::string> names, uint64_t of);
Digest tensor_names_digest(const std::vector<std::string>& names);

// The proof that came with the model: the giver's entry about it, and the tree it stands in.
struct GiverProof {
    uint64_t index = 0;
    uint64_t size = 0;
    Digest root;
    Digest proof;  // SHA-256 of the entry proof (section 6) as it came

    bool operator==(const GiverProof&) const = default;
};

using Parameter = std::variant<double, std::string>;

struct HopStatement {
    VersionId version;               // the version this statement is about
    Digest content;                  // of its weights
    std::vector<VersionId> parents;  // none for an imported model
    std::string task;
    std::string what;  // imported, trained, merged, ...: [a-z0-9._-]
    uint64_t samples = 0;
    uint64_t steps = 0;
    std::optional<double> loss_before;
    std::optional<double> loss_after;
    std::map<std::string, double> metrics;
    std::map<std::string, Parameter> parameters;  // of what was done: learning rate, bits, rule, reason
    std::optional<TensorChange> changed;
    std::optional<Address> received_from;
    std::optional<GiverProof> custody;  // only with received_from
    Address node;
    std::string software;
    WallTime time;
    uint64_t journey = 0;
    uint32_t stop = 0;

    bool operator==(const HopStatement&) const = default;
};

// Words about a version that was made before (relayed, ended, retired, recreated, rejected, rolled-back):
// who made it stands elsewhere.
bool is_passage(const HopStatement& statement);

struct CheckedLeaf {
    HopStatement statement;
    crypto::Principal signer;
};

// kInvalid names the field that is out of its limits; `statement.node` must be the signer.
Result<Bytes> make_leaf(const HopStatement& statement, const crypto::Signer& signer);

// `now` is when the credential has to be valid: the present for a model that arrives, the statement's own time for
// history (the caller decides whom it believes about time).
Result<CheckedLeaf> check_leaf(ByteView leaf, crypto::Verifier& verifier, WallTime now);

Error not_a_deed();  // of an entry that is a key event

// Reads a leaf without checking who made it: for showing one's own log.
Result<HopStatement> read_leaf(ByteView leaf);

}  // namespace aip::ledger
