// A node's log seen through the control socket: proofs by request, and the walk along its checkpoints. What it returns
// is as the daemon gave it; believing it is the caller's business. Blocking.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/connection.hpp"
#include "ledger/export.hpp"

namespace aip::cli {

// Proofs of the entries about the operational keys of a node (none: the daemon's own), in order.
Result<void> each_key_event(api::Connection& connection, const std::optional<Address>& node,
                            const std::function<Result<void>(ByteView proof)>& take);

class ControlLedger final : public ledger::ExportSource {
public:
    explicit ControlLedger(api::Connection& connection) : connection_(connection) {}

    Result<ledger::EntryProof> proof(api::LedgerEntry which);

    Result<ledger::KeyHistory> history();                  // as its key events tell it, unchecked
    Result<std::vector<ledger::NoteKey>> keys() override;  // those, and that of the newest entry's credential
    Result<std::optional<std::string>> checkpoint(uint64_t size_max) override;
    Result<Bytes> entry(uint64_t index) override;
    Result<ledger::MerklePath> inclusion(uint64_t index, uint64_t tree_size) override;
    Result<ledger::MerklePath> consistency(uint64_t old_size, uint64_t size) override;

private:
    Result<const ledger::EntryProof*> proof_at(uint64_t index, uint64_t tree_size);

    api::Connection& connection_;
    uint64_t newest_ = 0;  // size of the first checkpoint asked for: what is exported, even if the log grows
    std::optional<ledger::EntryProof> last_;
    uint64_t last_size_ = 0;
};

}  // namespace aip::cli
