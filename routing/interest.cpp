// What InterestExchange says about this node.
#include "routing/interest.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "routing/jitter.hpp"
#include "routing/privacy.hpp"

namespace aip::routing {

InterestExchange::InterestExchange(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng,
                                   InterestOptions options)
    : signer_(signer),
      verifier_(verifier),
      rng_(rng),
      options_(options),
      table_(signer.self().address.network()),
      gossip_(table_, signer.self().address, rng, options.gossip),
      sequence_(options.first_sequence) {
    AIP_ASSERT(options.lifetime > options.refresh && options.lifetime <= kInterestLifetimeMax);
}

Result<void> InterestExchange::set(const std::string& task, LocalInterest interest, Instant now) {
    auto it = own_.find(task);
    const bool is_set = it != own_.end() && !it->second.withdrawn;
    if (is_set && options_.epsilon > 0 &&
        release_holds(it->second.interest.sketch, interest.sketch, options_.epsilon)) {
        interest.sketch = it->second.interest.sketch;  // what was released of it stays
        interest.samples = it->second.interest.samples;
    }
    if (is_set && it->second.interest == interest) return {};
    Own trial;
    trial.interest = interest;
    trial.sequence = 1;
    if (interest.sketch.empty())
        return Error{ErrorCode::kInvalid, "interest in task '" + task + "' has no label counts and no moments"};
    AIP_TRY(check_private(interest.sketch, options_.epsilon));
    const InterestRecord first = record_of(task, trial, {});
    AIP_TRY(check_interest(first));
    AIP_TRY(parse_interest(encode_interest(first), first.origin.network()));  // as the others will
    if (it == own_.end()) {
        if (own_.size() >= limits::kInterestTasksMax)
            return Error{ErrorCode::kNoSpace, "a node can take part in 16 tasks; leave one to join '" + task + "'"};
        AIP_TRY(listen(task, now));
        it = own_.emplace(task, Own{}).first;
        it->second.issued_at = now - options_.change_gap;
    }
    Own& own = it->second;
    own.interest = std::move(interest);
    own.withdrawn = false;
    recount_ = true;
    own.gone_at = Instant::never();
    own.issue_at = std::max(now, own.issued_at + options_.change_gap);
    return {};
}

void InterestExchange::set_busy(const std::string& task, uint32_t queue, const std::optional<VersionId>& last_version,
                                Instant now) {
    const auto it = own_.find(task);
    if (it == own_.end() || it->second.withdrawn) return;
    Own& own = it->second;
    const uint64_t version = last_version ? load_be64(last_version->bytes.data()) : own.last_version;
    if (own.queue == queue && own.last_version == version) return;
    own.queue = queue;
    own.last_version = version;
    own.issue_at = std::min(own.issue_at, std::max(now, own.issued_at + options_.busy_gap));
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

Result<void> InterestExchange::listen(const std::string& task, Instant now) {
    if (table_.task_of(task)) return {};
    if (!is_task_key(task))
        return Error{ErrorCode::kInvalid, "task '" + task + "' is not 1 to 64 characters of a-z 0-9 . _ -"};
    if (!table_.listen(task))
        return Error{ErrorCode::kNoSpace, "a node can follow 64 tasks; restart it to forget some"};
    gossip_.tasks_changed(now);
    return {};
}

std::vector<std::string> InterestExchange::own_tasks() const {
    std::vector<std::string> out;
    for (const auto& [task, own] : own_)
        if (!own.withdrawn) out.push_back(task);
    return out;
}

void InterestExchange::set_reachable(std::span<const Reach> nodes, Instant now) {
    neighbours_.clear();
    for (const Reach& reach : nodes)
        if (reach.neighbour) neighbours_.push_back(reach.node.interface_id());
    recount_ = true;
    gossip_.set_reachable(nodes, now);
}

void InterestExchange::count_neighbours(Instant now) {
    for (auto& [key, own] : own_) {
        const auto task = table_.task_of(key);
        if (own.withdrawn || !task) continue;
        const auto degree = std::count_if(neighbours_.begin(), neighbours_.end(), [&](InterfaceId neighbour) {
            const auto slot = table_.slot(*task, neighbour);
            return slot != InterestTable::kNone && table_.live(slot);
        });
        if (std::exchange(own.degree, static_cast<uint32_t>(degree)) != own.degree)
            own.issue_at = std::min(own.issue_at, std::max(now, own.issued_at + options_.busy_gap));
    }
}

InterestRecord InterestExchange::record_of(const std::string& task, const Own& own, WallTime wall) const {
    InterestRecord record;
    record.origin = signer_.self().address;
    record.task = task_ref(task);
    record.sequence = own.sequence;
    record.issued = wall;
    record.lifetime = options_.lifetime;
    if (own.withdrawn) return record;
    record.samples_per_second = own.interest.samples_per_second;
    record.memory_bytes = own.interest.memory_bytes;
    record.queue = own.queue;
    record.degree = own.degree;
    record.last_version = own.last_version;
    record.epsilon = options_.epsilon;
    record.sketch = options_.epsilon > 0
                        ? private_sketch(own.interest.sketch, options_.epsilon, privacy_secret(signer_), task)
                        : own.interest.sketch;
    record.samples = options_.epsilon > 0 ? record.sketch.samples() : own.interest.samples;
    return record;
}

// The next record of a task: signed anew, into our own table, and to our partners.
void InterestExchange::issue(const std::string& task, Own& own, Instant now, WallTime wall) {
    sequence_ = std::max(sequence_ + 1, static_cast<uint64_t>(std::max<int64_t>(wall.unix_ms(), 0)));
    own.sequence = sequence_;
    own.issued_at = now;
    own.issue_at = own.withdrawn ? Instant::never() : jittered(rng_, now, options_.refresh);
    own.gone_at = own.withdrawn ? now + options_.lifetime : Instant::never();
    const InterestRecord record = record_of(task, own, wall);
    const Bytes body = encode_interest(record);
    const Bytes sealed = signer_.seal(kInterestDomain, body);
    const auto parts = crypto::take_seal_off(sealed);
    AIP_ASSERT(parts.has_value());
    static_cast<void>(table_.put(record, {signer_.credential(), parts->body, parts->signature}, now));
    if (const auto listened = table_.task_of(task)) gossip_.push(*listened);
}

std::vector<InterestOut> InterestExchange::poll(Instant now, WallTime wall) {
    table_.expire(now);
    std::erase_if(own_, [&](const auto& item) { return item.second.gone_at <= now; });
    if (std::exchange(recount_, false) || told_version_ != table_.version()) count_neighbours(now);
    const bool due =
        std::any_of(own_.begin(), own_.end(), [&](const auto& item) { return item.second.issue_at <= now; });
    // What would be refreshed soon goes along: several records share a packet.
    const Instant soon = now + options_.refresh / 8;
    for (auto& [task, own] : own_)
        if (own.issue_at <= now || (due && own.issue_at <= soon && own.issued_at + options_.refresh / 2 < now))
            issue(task, own, now, wall);
    if (std::exchange(told_version_, table_.version()) != table_.version()) gossip_.table_changed(now);
    std::vector<InterestOut> out;
    gossip_.poll(now, out);
    return out;
}

Instant InterestExchange::next_wakeup() const {
    Instant at = std::min(gossip_.next_wakeup(), table_.next_expiry());
    if (told_version_ != table_.version() || recount_) at = Instant{};
    for (const auto& [task, own] : own_) at = std::min({at, own.issue_at, own.gone_at});
    return at;
}

}  // namespace aip::routing
