// What aipctl itself checks about ledgers, so that nobody has to believe a daemon: each entry's signatures, place and
// checkpoint under the network's root key, every checkpoint against the entries, and a model's line of ancestors.
// Credentials have to be valid at the time an entry states: history stays checkable after a certificate has expired.
#pragma once

#include <map>
#include <set>

#include "api/control.hpp"
#include "cli/ledger_source.hpp"
#include "crypto/identity.hpp"

namespace aip::cli {

// All of verify() in ledger/entry_proof.hpp, at the entry's own time.
Result<ledger::HopStatement> check_proof(const ledger::EntryProof& proof, crypto::Verifier& verifier);

struct LedgerCheck {
    std::string origin;
    uint64_t entries = 0;
    uint64_t checkpoints = 0;
    uint64_t consistencies = 0;
};
// The whole log of the node at `address`, rebuilt leaf by leaf. The error names the first entry or checkpoint that
// is wrong.
Result<LedgerCheck> check_ledger(ControlLedger& ledger, const Address& address, crypto::Verifier& verifier);

// Follows a chain of audit steps from `version` back; each step has to be the version asked for or an ancestor named by
// one that was verified.
class Lineage {
public:
    Lineage(const VersionId& version, crypto::Verifier& verifier) : verifier_(verifier) { expected_.insert(version); }

    Result<ledger::HopStatement> take(const api::AuditStep& step);
    size_t missing() const { return expected_.size(); }  // ancestors named and not verified; 0: back to the origin

private:
    crypto::Verifier& verifier_;
    std::set<VersionId> expected_;
    std::set<VersionId> seen_;
};

}  // namespace aip::cli
