// What aipctl itself checks about a ledger, so that nobody has to believe a daemon: each entry's signatures, place, key
// and checkpoint under the network's root key, and every checkpoint against the entries.
// Credentials have to be valid at the time an entry states: history stays checkable after a certificate has expired.
#pragma once

#include "cli/ledger_source.hpp"
#include "crypto/identity.hpp"

namespace aip::cli {

struct LedgerCheck {
    std::string origin;
    uint64_t entries = 0;
    uint64_t checkpoints = 0;
    uint64_t consistencies = 0;
};
// The whole log of the node at `address`, rebuilt leaf by leaf. The error names the first entry or checkpoint that
// is wrong.
Result<LedgerCheck> check_ledger(ControlLedger& ledger, const Address& address, crypto::Verifier& verifier);

}  // namespace aip::cli
