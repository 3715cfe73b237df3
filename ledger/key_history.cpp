#include "ledger/key_history.hpp"

#include <algorithm>
#include <span>

#include "ledger/entry.hpp"
#include "ledger/log.hpp"

namespace aip::ledger {
namespace {

Error out_of_order(uint32_t number) {
    return {ErrorCode::kDenied, "key event " + std::to_string(number) + " does not follow from the one before"};
}

}  // namespace

Result<void> KeyHistory::add(uint64_t index, KeyEvent event) {
    if (event.number != spans_.size()) return out_of_order(event.number);
    if (!spans_.empty() && (index <= spans_.back().from || event.previous != spans_.back().event.key))
        return out_of_order(event.number);
    if (std::any_of(spans_.begin(), spans_.end(), [&](const Span& s) { return s.event.key == event.key; }))
        return Error{ErrorCode::kDenied,
                     "key event " + std::to_string(event.number) +
                         " names a key that was the log's before; what was retired never comes back: make a key "
                         "(aipctl key rotate)"};
    if (spans_.size() >= kKeyEventsMax)
        return Error{ErrorCode::kNoSpace, "a log has at most " + std::to_string(kKeyEventsMax) + " key events"};
    spans_.push_back({index, std::move(event)});
    return {};
}

Result<void> KeyHistory::follow(uint64_t index, const CheckedEntry& entry) {
    if (const auto* event = std::get_if<KeyEvent>(&entry.entry)) AIP_TRY(add(index, *event));
    return check(index, entry.signer.operational);
}

Result<void> KeyHistory::check(uint64_t index, const crypto::PublicKey& key) const {
    const auto after = std::find_if(spans_.begin(), spans_.end(), [&](const Span& s) { return s.from > index; });
    if (after == spans_.begin()) return {};
    const KeyEvent& valid = std::prev(after)->event;
    if (valid.key == key) return {};
    return Error{ErrorCode::kDenied, "signed by key " + key.hex().substr(0, 16) + ", but at entry " +
                                         std::to_string(index) + " key " + valid.key.hex().substr(0, 16) +
                                         " was valid; do not trust it"};
}

bool KeyHistory::may_sign_tree(uint64_t size, const crypto::PublicKey& key) const {
    for (size_t i = 0; i < spans_.size(); ++i) {
        const bool until = i + 1 == spans_.size() || size <= spans_[i + 1].from;
        if (spans_[i].event.key == key && size >= spans_[i].from && until) return true;
    }
    return spans_.empty() || size < spans_.front().from;
}

Result<KeyHistory> key_history(const Log& log) {
    KeyHistory history;
    for (uint32_t number = 0;; ++number) {
        AIP_ASSIGN(const auto index, log.find(key_event_id(number)));
        if (!index) return history;
        AIP_ASSIGN(const Bytes leaf, log.leaf(*index));
        AIP_ASSIGN(Entry entry, read_entry(leaf));
        auto* event = std::get_if<KeyEvent>(&entry);
        if (event == nullptr || event->number != number) return out_of_order(number);
        AIP_TRY(history.add(*index, std::move(*event)));
    }
}

Result<void> record_key(Log& log, const crypto::Signer& signer, std::string_view note, std::string_view software,
                        WallTime now) {
    AIP_ASSIGN(KeyHistory history, key_history(log));
    KeyEvent event;
    event.number = static_cast<uint32_t>(history.spans().size());
    event.key = signer.self().operational;
    event.node = signer.self().address;
    event.software = software;
    event.time = now;
    if (event.number > 0) {
        event.previous = history.spans().back().event.key;
        if (event.previous == event.key) return {};
        const auto why = crypto::why_compromised(note, *event.previous);
        event.change = why ? KeyChange::kRevoked : KeyChange::kRotated;
        event.reason = why.value_or("");
    }
    AIP_ASSIGN(const Bytes leaf, make_key_leaf(event, signer));
    const VersionId id = key_event_id(event.number);
    AIP_TRY(history.add(log.size(), std::move(event)));
    AIP_TRY(log.append(std::span(&leaf, 1), std::span(&id, 1)));
    return {};
}

}  // namespace aip::ledger
