#include "ledger/entry.hpp"

#include <algorithm>

#include "ledger/entry_proof.hpp"
#include "ledger/note.hpp"
#include "ledger/predicate.hpp"

namespace aip::ledger {
namespace {

struct SignedEntry {
    Entry entry;
    crypto::CredentialBytes credential;
};

Result<SignedEntry> parse_entry(std::string_view payload) {
    AIP_ASSIGN(const Statement statement, parse_in_toto(payload));
    if (statement.predicate_type == kKeyPredicateType) {
        AIP_ASSIGN(SignedKeyEvent read, parse_key_event(statement));
        return SignedEntry{std::move(read.event), read.credential};
    }
    AIP_ASSIGN(SignedStatement read, parse_hop(statement));
    return SignedEntry{std::move(read.statement), read.credential};
}

}  // namespace

WallTime time_of(const Entry& entry) {
    return std::visit([](const auto& e) { return e.time; }, entry);
}

WallTime vouched_at(const Entry& entry, const crypto::CredentialBytes& owner) {
    return std::max(time_of(entry), crypto::claimed_validity(owner).not_before);
}

const Address& node_of(const Entry& entry) {
    return std::visit([](const auto& e) -> const Address& { return e.node; }, entry);
}

VersionId indexed_as(const Entry& entry) {
    const auto* key = std::get_if<KeyEvent>(&entry);
    return key != nullptr ? key_event_id(key->number) : std::get<HopStatement>(entry).version;
}

Result<Entry> read_entry(ByteView leaf) {
    AIP_ASSIGN(const Envelope envelope, parse_envelope(leaf));
    AIP_ASSIGN(SignedEntry read, parse_entry(as_text(envelope.payload)));
    return std::move(read.entry);
}

Result<CheckedEntry> check_entry(ByteView leaf, crypto::Verifier& verifier, std::optional<WallTime> at) {
    AIP_ASSIGN(const Envelope envelope, parse_envelope(leaf));
    AIP_ASSIGN(SignedEntry read, parse_entry(as_text(envelope.payload)));
    AIP_ASSIGN(const crypto::Principal signer, verifier.credential(read.credential, at.value_or(time_of(read.entry))));
    if (!envelope.is_signed_by(signer.operational))
        return Error{ErrorCode::kDenied,
                     "leaf is not signed by the key of " + signer.address.text() + " that it names; do not trust it"};
    const auto* key = std::get_if<KeyEvent>(&read.entry);
    if (node_of(read.entry) != signer.address || (key != nullptr && key->key != signer.operational))
        return Error{ErrorCode::kDenied, "leaf speaks for " + node_of(read.entry).text() + " but is signed by " +
                                             signer.address.text() + "; do not trust it"};
    return CheckedEntry{std::move(read.entry), signer};
}

Result<CheckedEntry> verify_entry(const EntryProof& proof, crypto::Verifier& verifier, std::optional<WallTime> at) {
    AIP_ASSIGN(CheckedEntry entry, check_entry(proof.leaf, verifier, at));
    const WallTime then = at.value_or(vouched_at(entry.entry, proof.credential));
    AIP_ASSIGN(const crypto::Principal owner, verifier.credential(proof.credential, then));
    const NoteKey key{log_origin(owner.address), owner.operational};
    AIP_ASSIGN(const Checkpoint checkpoint, open_checkpoint(proof.checkpoint, key));
    AIP_TRY(verify_inclusion(leaf_hash(proof.leaf), proof.index, checkpoint.size, proof.path, checkpoint.root));
    if (entry.signer.address != owner.address)
        return Error{ErrorCode::kDenied, "entry of " + entry.signer.address.text() + " in the log of " +
                                             owner.address.text() + "; a node records only what it did itself"};
    return entry;
}

}  // namespace aip::ledger
