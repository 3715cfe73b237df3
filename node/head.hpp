// What the head of a transfer says (rfc/0008 sections 2 and 4), on top of rfc/0002 which treats it as opaque.
//   a model:   the signed manifest, the signed journey record (none if addressed to one node), the proof that the
//              version stands in its maker's ledger, a name for people, the signed record of its task (none if open)
//   a message: the answer to a query about a version: an entry proof, or why there is none
// Both are taken apart strictly; what is inside is checked by admit() and by ledger::verify().
#pragma once

#include <optional>
#include <string>

#include "crypto/identity.hpp"
#include "ledger/entry_proof.hpp"
#include "model/manifest.hpp"
#include "routing/journey.hpp"

namespace aip::node {

inline constexpr std::string_view kManifestDomain = "manifest";
inline constexpr std::string_view kReceiptDomain = "receipt";

struct ModelHead {
    Bytes manifest;  // sealed
    Bytes journey;   // sealed, or empty
    Bytes proof;     // ledger::EntryProof
    std::string name;
    Bytes task;  // sealed, or empty

    Bytes encode() const;
    static Result<ModelHead> parse(ByteView bytes);
    bool operator==(const ModelHead&) const = default;
};

struct Answer {
    uint64_t query = 0;
    Bytes proof;       // empty: not here,
    std::string text;  // and this says why

    Bytes encode() const;
    static Result<Answer> parse(ByteView bytes);
    bool operator==(const Answer&) const = default;
};

// The body of a receipt: the receiver says that it holds this version and will not lose it.
struct Receipt {
    uint64_t transfer = 0;
    VersionId version;
    WallTime at;

    Bytes encode() const;
    static Result<Receipt> parse(ByteView body);
    bool operator==(const Receipt&) const = default;
};

// A model whose papers are in order; its blocks are yet to come.
struct Admitted {
    model::Manifest manifest;
    Bytes sealed_manifest;
    std::optional<routing::JourneyRecord> journey;
    Bytes sealed_journey;
    ledger::HopStatement statement;
    ledger::GiverProof giver;
    std::string name;
    Address maker;  // who signed the manifest
};

// Everything that can be checked before a block travels: signatures, that the journey record is the sender's and names
// this version as its newest, that the ledger proof is about this version and these weights. kDenied says what is
// wrong.
Result<Admitted> admit(ModelHead head, const Address& sender, crypto::Verifier& verifier, WallTime now);

}  // namespace aip::node
