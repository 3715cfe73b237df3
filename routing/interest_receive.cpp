// What InterestExchange believes of what it hears.
#include "base/limits.hpp"
#include "routing/interest.hpp"

namespace aip::routing {

InterestVerdict InterestExchange::on_packet(aipacket::Kind kind, const Address& source, ByteView payload, Instant now,
                                            WallTime wall) {
    const auto judged = [&](InterestVerdict verdict) {
        ++counts_[static_cast<size_t>(verdict)];
        return last_ = verdict;
    };
    if (kind != aipacket::Kind::kInterest && kind != aipacket::Kind::kGossip)
        return judged(InterestVerdict::kUnknownKind);
    if (payload.size() > limits::kInterestPayloadMax) return judged(InterestVerdict::kTooLong);
    const InterestVerdict admitted = gossip_.admit(source, now);
    if (admitted != InterestVerdict::kGossip) return judged(admitted);
    if (kind == aipacket::Kind::kGossip) return judged(gossip_.on_message(source, payload, now));
    const auto records = parse_records(payload);
    if (!records) return judged(InterestVerdict::kMalformed);
    for (const RecordView& record : *records) judged(on_record(source, record, now, wall));
    return last_;
}

// Cheapest first. Until the signature is checked nothing is believed and nothing is written but buckets.
InterestVerdict InterestExchange::on_record(const Address& source, const RecordView& view, Instant now, WallTime wall) {
    const auto record = parse_interest(view.body, signer_.self().address.network());
    if (!record) return InterestVerdict::kMalformed;
    const auto task = table_.task_of(record->task);
    if (!task) return InterestVerdict::kOtherTask;
    const InterestGossip::WantKey key{record->origin.interface_id(), *task, record->sequence};
    const bool asked = gossip_.wanted_from(key, source);
    InterestVerdict verdict = check_claim(*record, *task, asked, source, now, wall);
    if (verdict == InterestVerdict::kRateLimited) return verdict;  // still wanted
    if (verdict == InterestVerdict::kAccepted) verdict = verify(*record, view, now, wall);
    if (asked) gossip_.no_longer_wanted(key);
    if (verdict == InterestVerdict::kUnknownSigner) gossip_.want_with_credential(key, source, now);
    if (verdict == InterestVerdict::kBadSignature && asked) gossip_.distrust(source, now);
    return verdict;
}

InterestVerdict InterestExchange::check_claim(const InterestRecord& record, InterestTable::Task task, bool asked,
                                              const Address& source, Instant now, WallTime wall) {
    if (record.origin == signer_.self().address) return InterestVerdict::kOwnRecord;
    if (!asked && record.origin != source) return InterestVerdict::kUnwanted;
    if (admits_ && !admits_(table_.key(task), record.origin)) return InterestVerdict::kNotMember;
    const auto slot = table_.slot(task, record.origin.interface_id());
    if (slot != InterestTable::kNone && record.sequence <= table_.sequence(slot)) return InterestVerdict::kStale;
    const bool expired = record.expires() + options_.clock_skew_max < wall;
    const bool from_the_future = record.issued > wall + options_.clock_skew_max;
    if (expired || from_the_future) return InterestVerdict::kExpired;
    const bool token = asked ? table_.take_check(record.origin.interface_id(), now) : gossip_.take_push(source, now);
    return token ? InterestVerdict::kAccepted : InterestVerdict::kRateLimited;
}

InterestVerdict InterestExchange::verify(const InterestRecord& record, const RecordView& view, Instant now,
                                         WallTime wall) {
    const crypto::CredentialBytes* credential =
        view.credential ? &*view.credential : table_.credential(record.origin.interface_id());
    if (credential == nullptr || crypto::credential_hint(*credential) != view.hint)
        return InterestVerdict::kUnknownSigner;
    if (crypto::node_address(verifier_.root(), crypto::claimed_identity(*credential)) != record.origin)
        return InterestVerdict::kWrongOrigin;
    ++signature_checks_;
    const Bytes sealed = crypto::join_seal(kInterestDomain, *credential, view.body, view.signature);
    if (!verifier_.open(kInterestDomain, sealed, wall)) return InterestVerdict::kBadSignature;
    const bool stored =
        table_.put(record, {*credential, view.body, view.signature}, now) == InterestTable::Put::kStored;
    return stored ? InterestVerdict::kAccepted : InterestVerdict::kTableFull;
}

}  // namespace aip::routing
