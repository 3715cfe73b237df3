// An entry of a log, whichever it is: a deed (statement.hpp) or a key event (key_event.hpp).
// Invariant: a CheckedEntry exists only if its signature, its credential and the node it names agree; whether the key
// was the valid one at its place in the log, KeyHistory says. Pure functions.
#pragma once

#include <variant>

#include "ledger/key_event.hpp"
#include "ledger/statement.hpp"

namespace aip::ledger {

struct EntryProof;

using Entry = std::variant<HopStatement, KeyEvent>;
WallTime time_of(const Entry& entry);
const Address& node_of(const Entry& entry);
// When the credential of the log's owner has to be valid: at the entry's time, or from its own beginning if it is
// younger, as in history it may vouch for a tree that holds older entries.
WallTime vouched_at(const Entry& entry, const crypto::CredentialBytes& owner);
VersionId indexed_as(const Entry& entry);  // what a log finds it by

struct CheckedEntry {
    Entry entry;
    crypto::Principal signer;
};

// Reads without checking who made it: for showing one's own log.
Result<Entry> read_entry(ByteView leaf);

// `at`: when the credential has to be valid; nothing: at the time the entry states.
Result<CheckedEntry> check_entry(ByteView leaf, crypto::Verifier& verifier, std::optional<WallTime> at);

// All of verify() in entry_proof.hpp, of either kind of entry.
Result<CheckedEntry> verify_entry(const EntryProof& proof, crypto::Verifier& verifier, std::optional<WallTime> at);

}  // namespace aip::ledger
