#include "cli/ledger_source.hpp"

#include <algorithm>

#include "ledger/entry.hpp"

namespace aip::cli {

Result<void> each_key_event(api::Connection& connection, const std::optional<Address>& node,
                            const std::function<Result<void>(ByteView proof)>& take) {
    for (uint32_t number = 0; number < ledger::kKeyEventsMax; ++number) {
        const auto blob =
            api::expect<api::Blob>(connection.call(api::LedgerEntry{ledger::key_event_id(number), node, 0}));
        if (!blob && blob.error().code == ErrorCode::kNotFound) return {};
        if (!blob) return blob.error();
        AIP_TRY(take(blob->bytes));
    }
    return {};
}

Result<ledger::EntryProof> ControlLedger::proof(api::LedgerEntry which) {
    AIP_ASSIGN(const api::Blob blob, api::expect<api::Blob>(connection_.call(which)));
    return ledger::EntryProof::parse(blob.bytes);
}

Result<ledger::KeyHistory> ControlLedger::history() {
    ledger::KeyHistory history;
    AIP_TRY(each_key_event(connection_, std::nullopt, [&history](ByteView bytes) -> Result<void> {
        AIP_ASSIGN(const ledger::EntryProof found, ledger::EntryProof::parse(bytes));
        AIP_ASSIGN(ledger::Entry entry, ledger::read_entry(found.leaf));
        auto* event = std::get_if<ledger::KeyEvent>(&entry);
        if (event == nullptr) return Error{ErrorCode::kCorrupt, "the ledger answered with another entry"};
        return history.add(found.index, std::move(*event));
    }));
    return history;
}

Result<std::vector<ledger::NoteKey>> ControlLedger::keys() {
    AIP_ASSIGN(const auto newest, checkpoint(ledger::kTreeSizeMax));
    if (!newest || newest_ == 0) return Error{ErrorCode::kNotFound, "the ledger has no entry yet"};
    AIP_ASSIGN(const auto* last, proof_at(newest_ - 1, newest_));
    AIP_ASSIGN(const ledger::Entry says, ledger::read_entry(last->leaf));
    AIP_ASSIGN(const crypto::Principal signer,
               crypto::verify_credential(last->credential, connection_.welcome().network,
                                         ledger::vouched_at(says, last->credential)));
    AIP_ASSIGN(const ledger::KeyHistory known, history());
    return ledger::note_keys(known, {ledger::log_origin(signer.address), signer.operational});
}

Result<std::optional<std::string>> ControlLedger::checkpoint(uint64_t size_max) {
    if (newest_ != 0) size_max = std::min(size_max, newest_);
    const auto blob = api::expect<api::Blob>(connection_.call(api::LedgerCheckpoint{size_max}));
    if (!blob && blob.error().code == ErrorCode::kNotFound) return std::optional<std::string>();
    if (!blob) return blob.error();
    std::string text(as_text(blob->bytes));
    if (newest_ == 0) {
        AIP_ASSIGN(const ledger::Note note, ledger::Note::parse(text));
        AIP_ASSIGN(const ledger::Checkpoint newest, ledger::Checkpoint::parse(note.text));
        newest_ = newest.size;
    }
    return std::optional<std::string>(std::move(text));
}

Result<const ledger::EntryProof*> ControlLedger::proof_at(uint64_t index, uint64_t tree_size) {
    if (!last_ || last_->index != index || last_size_ != tree_size) {
        AIP_ASSIGN(last_, proof({index, std::nullopt, tree_size}));
        last_size_ = tree_size;
        if (last_->index != index) return Error{ErrorCode::kCorrupt, "the ledger answered with another entry"};
    }
    return &*last_;
}

Result<Bytes> ControlLedger::entry(uint64_t index) {
    AIP_ASSIGN(const auto* proof, proof_at(index, newest_));
    return Bytes(proof->leaf);
}

Result<ledger::MerklePath> ControlLedger::inclusion(uint64_t index, uint64_t tree_size) {
    AIP_ASSIGN(const auto* proof, proof_at(index, tree_size));
    return ledger::MerklePath(proof->path);
}

Result<ledger::MerklePath> ControlLedger::consistency(uint64_t old_size, uint64_t size) {
    AIP_ASSIGN(const api::Blob blob, api::expect<api::Blob>(connection_.call(api::LedgerConsistency{old_size, size})));
    if (blob.bytes.size() % Digest::kSize != 0)
        return Error{ErrorCode::kCorrupt, "the ledger's consistency proof is not a list of hashes"};
    ledger::MerklePath path;
    for (size_t at = 0; at < blob.bytes.size(); at += Digest::kSize)
        path.push_back(*Digest::from(ByteView(blob.bytes).subspan(at, Digest::kSize)));
    return path;
}

}  // namespace aip::cli
