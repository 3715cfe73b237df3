#include "ledger/statement.hpp"

#include <algorithm>
#include <array>

#include "ledger/entry.hpp"
#include "ledger/predicate.hpp"

namespace aip::ledger {

Error not_a_deed() { return {ErrorCode::kInvalid, "this entry is about a key, not about a version"}; }

bool is_passage(const HopStatement& statement) {
    constexpr std::array<std::string_view, 6> kPassages{"ended",   "recreated", "rejected",
                                                        "relayed", "retired",   "rolled-back"};
    return std::find(kPassages.begin(), kPassages.end(), statement.what) != kPassages.end();
}

Result<Bytes> make_leaf(const HopStatement& statement, const crypto::Signer& signer) {
    if (statement.node != signer.self().address)
        return Error{ErrorCode::kInvalid,
                     "a node records only what it did itself: set 'node' to " + signer.self().address.text()};
    AIP_ASSIGN(const std::string payload, write_statement({statement, signer.credential()}));
    return make_envelope(payload, signer);
}

Result<CheckedLeaf> check_leaf(ByteView leaf, crypto::Verifier& verifier, WallTime now) {
    AIP_ASSIGN(CheckedEntry checked, check_entry(leaf, verifier, now));
    auto* says = std::get_if<HopStatement>(&checked.entry);
    if (says == nullptr) return not_a_deed();
    return CheckedLeaf{std::move(*says), checked.signer};
}

Result<HopStatement> read_leaf(ByteView leaf) {
    AIP_ASSIGN(Entry entry, read_entry(leaf));
    auto* says = std::get_if<HopStatement>(&entry);
    if (says == nullptr) return not_a_deed();
    return std::move(*says);
}

}  // namespace aip::ledger
