// The receiving half of InterestExchange, and what the node says about itself.
#include "routing/interest.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace aip::routing {
namespace {

constexpr size_t kAcksMax = 1024;

}  // namespace

std::string_view interest_verdict_name(InterestVerdict verdict) {
    static constexpr std::array<std::string_view, kInterestVerdicts> kNames = {
        "accepted",  "acknowledged", "too-long",     "malformed",     "not-peer",   "wrong-origin",   "stale",
        "duplicate", "expired",      "rate-limited", "bad-signature", "table-full", "unexpected-ack", "unknown-kind"};
    return kNames[static_cast<size_t>(verdict)];
}

InterestExchange::InterestExchange(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng,
                                   InterestOptions options)
    : signer_(signer),
      verifier_(verifier),
      rng_(rng),
      options_(options),
      tokens_(options.checks_per_second, options.checks_per_second),
      sequence_(options.first_sequence) {
    AIP_ASSERT(options.lifetime > options.refresh && options.lifetime <= kInterestLifetimeMax);
}

Result<void> InterestExchange::set(const std::string& task, LocalInterest interest, Instant now) {
    InterestRecord trial{
        signer_.self().address,     task, 1, {}, WallTime::from_unix_ms(1), interest.label_counts, interest.samples,
        interest.samples_per_second};
    AIP_TRY(check_interest(trial));
    if (interest.label_counts.empty())
        return Error{ErrorCode::kInvalid, "interest in task '" + task + "' has no label counts"};
    auto it = own_.find(task);
    if (it == own_.end()) {
        if (own_.size() >= limits::kInterestTasksMax)
            return Error{ErrorCode::kNoSpace, "a node can take part in 16 tasks; leave one to join '" + task + "'"};
        it = own_.emplace(task, Own{}).first;
        it->second.hash = task_hash(task);
        it->second.issued_at = now - options_.change_gap;
    } else if (!it->second.withdrawn && it->second.interest == interest) {
        return {};
    }
    Own& own = it->second;
    own.interest = std::move(interest);
    own.withdrawn = false;
    own.gone_at = Instant::never();
    own.issue_at = std::max(now, own.issued_at + options_.change_gap);
    return {};
}

void InterestExchange::withdraw(const std::string& task, Instant now) {
    const auto it = own_.find(task);
    if (it == own_.end() || it->second.withdrawn) return;
    Own& own = it->second;
    if (own.sequence == 0) {  // nobody has heard of it
        own_.erase(it);
        return;
    }
    own.interest = {};
    own.withdrawn = true;
    own.issue_at = std::max(now, own.issued_at + options_.change_gap);
}

void InterestExchange::set_peers(std::span<const Address> peers, Instant now) {
    std::map<Address, Peer> next;
    for (const Address& address : peers) {
        if (address == signer_.self().address || next.size() >= limits::kInterestPeersMax) continue;
        const auto known = peers_.find(address);
        if (known != peers_.end()) {
            next.insert(peers_.extract(known));
            continue;
        }
        Peer& peer = next.try_emplace(address, options_.peer_checks_per_second).first->second;
        for (const auto& [task, own] : own_) peer.deliveries[task] = {false, now, options_.resend_first};
        next_send_ = std::min(next_send_, now);
    }
    peers_ = std::move(next);
}

InterestVerdict InterestExchange::on_packet(aipacket::Kind kind, const Address& source, ByteView payload, Instant now,
                                            WallTime wall) {
    const InterestVerdict verdict = judge(kind, source, payload, now, wall);
    ++counts_[static_cast<size_t>(verdict)];
    return verdict;
}

InterestVerdict InterestExchange::judge(aipacket::Kind kind, const Address& source, ByteView payload, Instant now,
                                        WallTime wall) {
    if (kind == aipacket::Kind::kInterest) return on_record(source, payload, now, wall);
    if (kind == aipacket::Kind::kInterestAck) return on_ack(source, payload);
    return InterestVerdict::kUnknownKind;
}

// Cheapest first. Until the signature is checked nothing is believed and nothing is written but buckets.
InterestVerdict InterestExchange::on_record(const Address& source, ByteView sealed, Instant now, WallTime wall) {
    if (sealed.size() > limits::kInterestRecordBytesMax) return InterestVerdict::kTooLong;
    const auto peer = peers_.find(source);
    if (peer == peers_.end()) return InterestVerdict::kNotPeer;
    const auto claim = crypto::sealed_claim(sealed);
    if (!claim) return InterestVerdict::kMalformed;
    const auto record = parse_interest(claim->body);
    if (!record) return InterestVerdict::kMalformed;
    if (crypto::node_address(verifier_.root(), claim->identity) != source) return InterestVerdict::kWrongOrigin;
    const InterestVerdict verdict = check_claim(source, *record, wall);
    if (verdict == InterestVerdict::kDuplicate) acknowledge(source, *record);
    if (verdict != InterestVerdict::kAccepted) return verdict;
    if (!peer->second.tokens.take(now) || !tokens_.take(now)) return InterestVerdict::kRateLimited;
    ++signature_checks_;
    if (!verifier_.open(kInterestDomain, sealed, wall)) return InterestVerdict::kBadSignature;
    return store(*record, now);
}

InterestVerdict InterestExchange::check_claim(const Address& source, const InterestRecord& record,
                                              WallTime wall) const {
    if (record.origin != source) return InterestVerdict::kWrongOrigin;
    const InterestRecord* last = table_.last(record.task, source);
    if (last != nullptr && record.sequence <= last->sequence)
        return record == *last ? InterestVerdict::kDuplicate : InterestVerdict::kStale;
    const bool expired = record.expires + options_.clock_skew_max < wall;
    const bool from_the_future = record.issued > wall + options_.clock_skew_max;
    return expired || from_the_future ? InterestVerdict::kExpired : InterestVerdict::kAccepted;
}

InterestVerdict InterestExchange::store(const InterestRecord& record, Instant now) {
    const Duration lifetime = Duration::milliseconds(record.expires.unix_ms() - record.issued.unix_ms());
    if (table_.put(record, now, now + lifetime) != InterestTable::Put::kStored) return InterestVerdict::kTableFull;
    acknowledge(record.origin, record);
    return InterestVerdict::kAccepted;
}

void InterestExchange::acknowledge(const Address& to, const InterestRecord& record) {
    if (acks_.size() >= kAcksMax) return;  // it is sent again, and acknowledged then
    const InterestAck ack{record.origin, task_hash(record.task), record.sequence};
    acks_.push_back({to, aipacket::Kind::kInterestAck, encode_interest_ack(ack)});
}

InterestVerdict InterestExchange::on_ack(const Address& source, ByteView payload) {
    const auto ack = parse_interest_ack(payload);
    if (!ack) return InterestVerdict::kMalformed;
    const auto peer = peers_.find(source);
    if (peer == peers_.end()) return InterestVerdict::kNotPeer;
    if (ack->origin != signer_.self().address) return InterestVerdict::kUnexpectedAck;
    for (const auto& [task, own] : own_) {
        if (own.hash != ack->task_hash) continue;
        if (own.sequence == 0 || own.sequence != ack->sequence) return InterestVerdict::kUnexpectedAck;
        peer->second.deliveries[task].acknowledged = true;
        return InterestVerdict::kAcknowledged;
    }
    return InterestVerdict::kUnexpectedAck;
}

}  // namespace aip::routing
