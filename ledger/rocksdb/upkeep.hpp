// What a person does to a ledger on disk (rfc/0004 section 5.6): fsck, backup, restore of a state directory, that is of
// `ledger/` (the store) and `ledger.journal` in it. fsck and backup change nothing there and may run beside the daemon;
// restore needs it stopped and holds its lock.
// A backup is a directory with the same two and, written last, `checkpoint`: without that it was cut short. Restoring
// never goes back behind what the journal on the spot says was signed, unless told to: a log that signs a second
// history is caught and its node shut out. Blocking; for aipctl and tests.
#pragma once

#include "crypto/identity.hpp"
#include "ledger/note.hpp"

namespace aip::ledger {

struct FsckReport {
    std::string origin;
    uint64_t entries = 0;     // in the store
    uint64_t in_journal = 0;  // that the store lacks: they come with the next start
    uint64_t checkpoints = 0;
    uint64_t problems = 0;
    std::vector<std::string> first_problems;

    uint64_t size() const { return entries + in_journal; }
};

// Without a verifier no signature is checked. An error means that there was nothing to check, or not the means.
Result<FsckReport> fsck(const std::string& state_dir, crypto::Verifier* verifier);

// `target` must not exist.
Result<FsckReport> backup(const std::string& state_dir, const std::string& target);

// What was there is kept as ledger.before-restore and ledger.journal.before-restore. `accept_loss`: go back behind what
// was signed, or where nothing says what was; the node needs a new identity then.
Result<FsckReport> restore(const std::string& source, const std::string& state_dir, bool accept_loss);

}  // namespace aip::ledger
