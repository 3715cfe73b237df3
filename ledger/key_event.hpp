// A key event is an entry that says which operational key signs a node's log from here on (rfc/0004 section 4.3): an
// in-toto statement about the key's digest, signed by that key, with the credential in which the node's identity
// certifies it. The first entry of a log creates its key; rotation retires one for the next; revocation says besides
// that the old one is no longer to be trusted. The secret of the old key is not needed for any of them.
//
// Events of one log are numbered from 0 and are found in its index under key_event_id(number), so whoever may ask for
// an entry can ask for them too. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "base/time.hpp"
#include "ledger/envelope.hpp"

namespace aip::ledger {

inline constexpr std::string_view kKeyPredicateType = "https://aipacket.dev/mfd/key/v1";

inline constexpr size_t kKeyReasonMax = 128;   // bytes: why a key was revoked
inline constexpr size_t kKeyEventsMax = 1024;  // of one log

enum class KeyChange : uint8_t { kCreated, kRotated, kRevoked };
std::string_view key_change_name(KeyChange change);

struct KeyEvent {
    uint32_t number = 0;
    KeyChange change = KeyChange::kCreated;
    crypto::PublicKey key;                      // signs from this entry on, this one too
    std::optional<crypto::PublicKey> previous;  // exactly if number > 0
    std::string reason;                         // one line; may be empty
    Address node;
    std::string software;
    WallTime time;

    bool operator==(const KeyEvent&) const = default;
};

VersionId key_event_id(uint32_t number);

Result<Bytes> make_key_leaf(const KeyEvent& event, const crypto::Signer& signer);

struct SignedKeyEvent {
    KeyEvent event;
    crypto::CredentialBytes credential;
};
Result<SignedKeyEvent> parse_key_event(const Statement& statement);
Result<std::string> write_key_event(const SignedKeyEvent& event);

}  // namespace aip::ledger
