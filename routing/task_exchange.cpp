#include "routing/task_exchange.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "routing/jitter.hpp"

namespace aip::routing {
namespace {

constexpr size_t kTagsMax = 64;  // of one packet
constexpr size_t kPayloadMax = 1 + limits::kTaskBytesMax;
constexpr size_t kQueueMax = 1024;
static_assert(1 + kTagsMax * TaskTag::kSize <= kPayloadMax);

// All that remains must be tags. Empty and failed if it is not, or there are too many.
std::vector<TaskTag> read_tags(Reader& in) {
    std::vector<TaskTag> tags;
    if (in.remaining() > kTagsMax * TaskTag::kSize) in.skip(in.remaining() + 1);
    while (!in.failed() && in.remaining() > 0) static_cast<void>(in.copy(tags.emplace_back().bytes));
    return tags;
}

}  // namespace

TaskTag task_tag(const TaskId& id) { return *TaskTag::from(id.view().first(TaskTag::kSize)); }

std::string_view task_verdict_name(TaskVerdict verdict) {
    static constexpr std::array<std::string_view, kTaskVerdicts> kNames = {
        "accepted", "heard",   "too-long",     "malformed",    "not-peer",
        "unasked",  "no-room", "rate-limited", "bad-signature"};
    return kNames[static_cast<size_t>(verdict)];
}

TaskExchange::TaskExchange(const Address& self, crypto::Verifier& verifier, Rng& rng, TaskShelf& shelf,
                           TaskExchangeOptions options)
    : self_(self),
      verifier_(verifier),
      rng_(rng),
      shelf_(shelf),
      options_(options),
      checks_(options.checks_per_second, options.checks_per_second),
      answers_(options.answers_per_second, options.answers_per_second) {}

Digest TaskExchange::digest() const {
    Bytes all;
    for (const TaskTag& tag : shelf_.tags()) Writer(all).put(tag.view());
    return crypto::sha256(all);
}

void TaskExchange::set_peers(std::span<const Address> peers, Instant now) {
    std::map<Address, Peer> next;
    std::vector<Address> fresh;
    for (const Address& address : peers) {
        if (address == self_ || next.size() >= limits::kInterestPeersMax) continue;
        const auto known = peers_.find(address);
        if (known != peers_.end()) {
            next.insert(peers_.extract(known));
            continue;
        }
        next.try_emplace(address, options_.peer_answers_per_second);
        fresh.push_back(address);
    }
    peers_ = std::move(next);
    std::erase_if(partners_, [&](const auto& partner) { return !peers_.contains(partner.first); });
    draw_partners(fresh, now);
}

// Newcomers first, for half of the places: after a partition they know what nobody here does.
void TaskExchange::draw_partners(std::span<const Address> fresh, Instant now) {
    const size_t newcomers = std::min(fresh.size(), options_.partners / 2);
    while (partners_.size() + newcomers > options_.partners)
        partners_.erase(std::next(partners_.begin(), static_cast<std::ptrdiff_t>(rng_.below(partners_.size()))));
    fill_partners({fresh.begin(), fresh.end()}, partners_.size() + newcomers, now, options_.compare_first);
    std::vector<Address> others;
    for (const auto& [address, peer] : peers_)
        if (!partners_.contains(address)) others.push_back(address);
    fill_partners(std::move(others), options_.partners, now,
                  fresh.empty() ? options_.compare_max : options_.compare_first);
    if (partners_.empty()) draw_at_ = Instant::never();
    if (!partners_.empty() && draw_at_ == Instant::never()) draw_at_ = now + options_.compare_max;
}

void TaskExchange::fill_partners(std::vector<Address> pool, size_t up_to, Instant now, Duration wait) {
    while (partners_.size() < up_to && !pool.empty()) {
        std::swap(pool[rng_.below(pool.size())], pool.back());
        partners_.try_emplace(pool.back(), Partner{now, wait});
        pool.pop_back();
    }
}

void TaskExchange::announce(const TaskTag& tag, Instant now) {
    for (auto& [address, partner] : partners_) {
        send_tags(address, Type::kHave, {&tag, 1});
        partner = {now + options_.compare_first, options_.compare_first};
    }
    send_at_ = std::min(send_at_, now);
}

TaskVerdict TaskExchange::on_packet(const Address& source, ByteView payload, Instant now, WallTime wall) {
    const TaskVerdict verdict = judge(source, payload, now, wall);
    ++counts_[static_cast<size_t>(verdict)];
    if (!out_.empty()) send_at_ = std::min(send_at_, now);
    return verdict;
}

TaskVerdict TaskExchange::judge(const Address& source, ByteView payload, Instant now, WallTime wall) {
    if (payload.size() > kPayloadMax) return TaskVerdict::kTooLong;
    const auto found = peers_.find(source);
    if (found == peers_.end()) return TaskVerdict::kNotPeer;
    Peer& peer = found->second;
    Reader in(payload);
    const auto type = static_cast<Type>(in.u8());
    if (type == Type::kRecord) return on_record(peer, payload.subspan(1), now, wall);
    if (!peer.tokens.take(now) || !answers_.take(now)) return TaskVerdict::kRateLimited;
    switch (type) {
        case Type::kDigest: return on_digest(source, in);
        case Type::kHave:
        case Type::kHaveAndAsk: return on_have(source, peer, in, type == Type::kHaveAndAsk);
        case Type::kWant: return on_want(source, peer, in, now);
        case Type::kRecord: break;
    }
    return TaskVerdict::kMalformed;
}

TaskVerdict TaskExchange::on_digest(const Address& source, Reader in) {
    Digest theirs;
    static_cast<void>(in.copy(theirs.bytes));
    if (!in.done()) return TaskVerdict::kMalformed;
    if (theirs != digest()) send_shelf(source, Type::kHaveAndAsk);
    return TaskVerdict::kHeard;
}

TaskVerdict TaskExchange::on_have(const Address& source, Peer& peer, Reader in, bool asks) {
    const std::vector<TaskTag> theirs = read_tags(in);
    if (!in.done()) return TaskVerdict::kMalformed;
    std::vector<TaskTag> lacking;
    for (const TaskTag& tag : theirs) {
        if (shelf_.record(tag) != nullptr || refused_.contains(tag) || peer.wanted.size() >= limits::kTasksMax)
            continue;
        lacking.push_back(tag);
        peer.wanted.insert(tag);
    }
    if (!lacking.empty()) send_tags(source, Type::kWant, lacking);
    if (asks) send_shelf(source, Type::kHave);
    return TaskVerdict::kHeard;
}

TaskVerdict TaskExchange::on_want(const Address& source, Peer& peer, Reader in, Instant now) {
    const std::vector<TaskTag> wanted = read_tags(in);
    if (!in.done()) return TaskVerdict::kMalformed;
    for (const TaskTag& tag : wanted) {
        const SignedTask* task = shelf_.record(tag);
        if (task == nullptr) continue;
        if (!peer.tokens.take(now) || !answers_.take(now)) return TaskVerdict::kRateLimited;
        Bytes payload;
        Writer(payload).u8(static_cast<uint8_t>(Type::kRecord)).put(task->sealed);
        queue(source, std::move(payload));
    }
    return TaskVerdict::kHeard;
}

// Cheapest first. Until the signature is checked nothing is believed.
TaskVerdict TaskExchange::on_record(Peer& peer, ByteView sealed, Instant now, WallTime wall) {
    const auto claim = crypto::sealed_claim(sealed);
    if (!claim) return TaskVerdict::kMalformed;
    const TaskTag tag = task_tag(task_id(claim->body));
    if (peer.wanted.erase(tag) == 0 || shelf_.record(tag) != nullptr) return TaskVerdict::kUnasked;
    const auto record = parse_task(claim->body);
    if (!record) return TaskVerdict::kMalformed;
    if (!shelf_.has_room(*record, crypto::node_address(verifier_.root(), claim->identity))) {
        if (refused_.size() < limits::kTasksMax) refused_.insert(tag);
        return TaskVerdict::kNoRoom;
    }
    if (!checks_.take(now)) return TaskVerdict::kRateLimited;
    ++signature_checks_;
    auto task = open_task(sealed, verifier_, wall);
    if (!task) return TaskVerdict::kBadSignature;
    shelf_.put(std::move(*task), now, wall);
    return TaskVerdict::kAccepted;
}

void TaskExchange::send_shelf(const Address& to, Type type) {
    const std::vector<TaskTag> tags = shelf_.tags();
    for (size_t at = 0; at == 0 || at < tags.size(); at += kTagsMax)
        send_tags(to, at == 0 ? type : Type::kHave, std::span(tags).subspan(at, std::min(kTagsMax, tags.size() - at)));
}

void TaskExchange::send_tags(const Address& to, Type type, std::span<const TaskTag> tags) {
    Bytes payload;
    Writer out(payload);
    out.u8(static_cast<uint8_t>(type));
    for (const TaskTag& tag : tags) out.put(tag.view());
    queue(to, std::move(payload));
}

void TaskExchange::queue(const Address& to, Bytes payload) {
    if (out_.size() < kQueueMax) out_.push_back({to, std::move(payload)});  // else it is compared again
}

std::vector<TaskOut> TaskExchange::poll(Instant now) {
    if (draw_at_ <= now) {
        draw_at_ = Instant::never();
        for (auto& [address, peer] : peers_) peer.wanted.clear();
        refused_.clear();
        const bool others = peers_.size() > partners_.size();
        if (others)
            partners_.erase(std::next(partners_.begin(), static_cast<std::ptrdiff_t>(rng_.below(partners_.size()))));
        draw_partners({}, now);
    }
    for (auto& [address, partner] : partners_) {
        if (partner.compare_at > now) continue;
        Bytes payload;
        Writer(payload).u8(static_cast<uint8_t>(Type::kDigest)).put(digest().view());
        queue(address, std::move(payload));
        send_at_ = std::min(send_at_, now);
        partner.compare_at = jittered(rng_, now, partner.wait);
        partner.wait = std::min(partner.wait * 2, options_.compare_max);
    }
    if (send_at_ > now) return {};
    const size_t count = std::min(out_.size(), options_.burst_max);
    std::vector<TaskOut> burst(std::make_move_iterator(out_.begin()),
                               std::make_move_iterator(out_.begin() + static_cast<std::ptrdiff_t>(count)));
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(count));
    send_at_ = out_.empty() ? Instant::never() : now + options_.burst_gap;
    return burst;
}

Instant TaskExchange::next_wakeup() const {
    Instant soonest = std::min(send_at_, draw_at_);
    for (const auto& [address, partner] : partners_) soonest = std::min(soonest, partner.compare_at);
    return soonest;
}

}  // namespace aip::routing
