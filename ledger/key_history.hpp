// KeyHistory: which operational key was the valid one at which index of one log, from its key events (rfc/0004 section
// 4.3). An entry counts only if it is signed by the key that was valid at its index: a key that was retired or stolen
// signs nothing any more, and none signs what was before it.
//
// Invariant: spans are in order, each begins where the one before ends, and each key is the one the next event calls
// the previous one; no key comes back once it was replaced, or a thief could rotate it in again. A log without key
// events, and entries before the first, are held to their credential alone. A value; any thread.
#pragma once

#include <vector>

#include "ledger/key_event.hpp"

namespace aip::ledger {

class Log;
struct CheckedEntry;

class KeyHistory {
public:
    struct Span {
        uint64_t from = 0;  // index of the event
        KeyEvent event;
    };

    // The next event of the log, at `index`.
    Result<void> add(uint64_t index, KeyEvent event);
    // Any next entry of the log: added if it is a key event, then held to the key that is valid there.
    Result<void> follow(uint64_t index, const CheckedEntry& entry);
    Result<void> check(uint64_t index, const crypto::PublicKey& key) const;  // kDenied
    // Whether a checkpoint of `size` entries may carry a signature by this key. The key that a rotation brought signs
    // the tree before its own event once more (section 5.4).
    bool may_sign_tree(uint64_t size, const crypto::PublicKey& key) const;
    const std::vector<Span>& spans() const { return spans_; }

private:
    std::vector<Span> spans_;
};

// From a log of one's own; storage executor.
Result<KeyHistory> key_history(const Log& log);

// The entry that says that the signer's key is the one in use; nothing if the log says so already. `note` is what
// rotations left in the key directory (crypto::load_rotation_note).
Result<void> record_key(Log& log, const crypto::Signer& signer, std::string_view note, std::string_view software,
                        WallTime now);

}  // namespace aip::ledger
