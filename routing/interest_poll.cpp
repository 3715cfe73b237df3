// The sending half of InterestExchange: which records are due, and to whom.
#include <algorithm>

#include "base/limits.hpp"
#include "routing/interest.hpp"
#include "routing/jitter.hpp"

namespace aip::routing {

std::vector<InterestOut> InterestExchange::poll(Instant now, WallTime wall) {
    table_.expire(now);
    issue_due(now, wall);
    std::vector<InterestOut> out = std::exchange(acks_, {});
    if (next_send_ <= now) send_due(now, out);
    return out;
}

void InterestExchange::issue_due(Instant now, WallTime wall) {
    std::erase_if(own_, [&](const auto& item) {
        if (item.second.gone_at > now) return false;
        for (auto& [address, peer] : peers_) peer.deliveries.erase(item.first);
        return true;
    });
    for (auto& [task, own] : own_) {
        if (own.issue_at <= now) issue(task, own, now, wall);
    }
}

// The next record of a task: signed anew, into our own table, and due to every peer. A peer that still owes an
// acknowledgement keeps its back-off, so that one which is gone is not hammered at every refresh.
void InterestExchange::issue(const std::string& task, Own& own, Instant now, WallTime wall) {
    sequence_ = std::max(sequence_ + 1, static_cast<uint64_t>(std::max<int64_t>(wall.unix_ms(), 0)));
    own.sequence = sequence_;
    own.issued_at = now;
    own.issue_at = own.withdrawn ? Instant::never() : jittered(rng_, now, options_.refresh);
    own.gone_at = own.withdrawn ? now + options_.lifetime : Instant::never();
    const InterestRecord record{signer_.self().address,
                                task,
                                own.sequence,
                                wall,
                                wall + options_.lifetime,
                                own.interest.label_counts,
                                own.interest.samples,
                                own.interest.samples_per_second};
    own.sealed = signer_.seal(kInterestDomain, encode_interest(record));
    AIP_ASSERT(own.sealed.size() <= limits::kInterestRecordBytesMax);
    static_cast<void>(table_.put(record, now, now + options_.lifetime));
    for (auto& [address, peer] : peers_) {
        const auto [it, fresh] = peer.deliveries.try_emplace(task);
        if (fresh || it->second.acknowledged) it->second = {false, now, options_.resend_first};
    }
    next_send_ = std::min(next_send_, now);
}

// Peers take turns, so that the cap on one burst starves none of them.
void InterestExchange::send_due(Instant now, std::vector<InterestOut>& out) {
    const size_t limit = out.size() + options_.burst_max;
    next_send_ = Instant::never();
    auto it = peers_.lower_bound(turn_);
    for (size_t n = 0; n < peers_.size(); ++n, ++it) {
        if (it == peers_.end()) it = peers_.begin();
        if (out.size() >= limit) {
            turn_ = it->first;
            next_send_ = now + options_.burst_gap;
            return;
        }
        send_due(it->first, it->second, now, out);
    }
}

void InterestExchange::send_due(const Address& to, Peer& peer, Instant now, std::vector<InterestOut>& out) {
    for (auto& [task, delivery] : peer.deliveries) {
        const auto own = own_.find(task);
        if (delivery.acknowledged || own == own_.end() || own->second.sealed.empty()) continue;
        if (delivery.send_at <= now) {
            out.push_back({to, aipacket::Kind::kInterest, own->second.sealed});
            delivery.send_at = jittered(rng_, now, delivery.wait);
            delivery.wait = std::min(delivery.wait * 2, options_.resend_max);
        }
        next_send_ = std::min(next_send_, delivery.send_at);
    }
}

Instant InterestExchange::next_wakeup() const {
    if (!acks_.empty()) return Instant{};
    Instant at = std::min(next_send_, table_.next_expiry());
    for (const auto& [task, own] : own_) at = std::min({at, own.issue_at, own.gone_at});
    return at;
}

}  // namespace aip::routing
