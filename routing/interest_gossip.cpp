// What InterestGossip hears: reachable nodes, presence, news, wants.
#include "routing/interest_gossip.hpp"

#include <algorithm>

namespace aip::routing {
namespace {

constexpr size_t kWantsMax = 4096;
constexpr size_t kWantsOfPartnerMax = 256;
constexpr size_t kOutMax = 1024;
constexpr uint32_t kPagesPerAsk = 4;
constexpr Duration kMute = Duration::seconds(10);
// Tokens of one node: messages 100 a second, 200 at once; pushed records 8 a second, 32 at once.
constexpr Duration kMessageEvery = Duration::milliseconds(10);
constexpr int64_t kMessageBurst = 200;
constexpr Duration kPushEvery = Duration::milliseconds(125);
constexpr int64_t kPushBurst = 32;

uint64_t bit(InterestTable::Task task) { return uint64_t{1} << task; }

// So that not everybody prefers the same of two equally near nodes.
uint64_t mixed(const Address& a, const Address& b) {
    uint64_t x = static_cast<uint64_t>(a.interface_id()) ^ static_cast<uint64_t>(b.interface_id());
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

}  // namespace

std::string_view interest_verdict_name(InterestVerdict verdict) {
    static constexpr std::string_view kNames[kInterestVerdicts] = {
        "accepted",  "gossip",         "too-long",     "not-peer",      "muted",      "rate-limited",
        "malformed", "other-task",     "not-member",   "own-record",    "unwanted",   "stale",
        "expired",   "unknown-signer", "wrong-origin", "bad-signature", "table-full", "unknown-kind"};
    return kNames[static_cast<size_t>(verdict)];
}

InterestGossip::InterestGossip(const InterestTable& table, const Address& self, Rng& rng, GossipOptions options)
    : table_(table),
      self_(self),
      rng_(rng),
      options_(options),
      instance_(rng.next()),
      want_tokens_(options.wants_per_second, options.wants_per_second) {}

InterestGossip::Peer* InterestGossip::find(const Address& node) {
    const auto at = std::lower_bound(peers_.begin(), peers_.end(), node,
                                     [](const Peer& p, const Address& a) { return p.node < a; });
    return at != peers_.end() && at->node == node ? &*at : nullptr;
}
const InterestGossip::Peer* InterestGossip::find(const Address& node) const {
    return const_cast<InterestGossip*>(this)->find(node);
}

size_t InterestGossip::partners() const {
    return static_cast<size_t>(
        std::count_if(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.partner != nullptr; }));
}

size_t InterestGossip::members(Task task) const {
    return static_cast<size_t>(
        std::count_if(peers_.begin(), peers_.end(), [&](const Peer& peer) { return (peer.tasks & bit(task)) != 0; }));
}

void InterestGossip::set_reachable(std::span<const Reach> nodes, Instant now) {
    std::vector<Reach> sorted(nodes.begin(), nodes.end());
    std::erase_if(sorted, [&](const Reach& reach) { return reach.node == self_; });
    std::sort(sorted.begin(), sorted.end(), [](const Reach& a, const Reach& b) { return a.node < b.node; });
    if (sorted.size() > limits::kInterestPeersMax) sorted.resize(limits::kInterestPeersMax);
    std::vector<Peer> next;
    next.reserve(sorted.size());
    bool fresh = false;
    for (const Reach& reach : sorted) {
        Peer* known = find(reach.node);
        fresh = fresh || known == nullptr;
        next.push_back(known != nullptr ? std::move(*known) : Peer{});
        next.back().node = reach.node;
        next.back().cost = reach.cost;
        next.back().neighbour = reach.neighbour;
    }
    partners_ = 0;
    for (const Peer& peer : next) partners_ += peer.partner != nullptr;
    peers_ = std::move(next);
    nearest_.resize(peers_.size());
    for (uint32_t i = 0; i < nearest_.size(); ++i) nearest_[i] = i;
    std::sort(nearest_.begin(), nearest_.end(), [&](uint32_t a, uint32_t b) {
        const Peer &x = peers_[a], &y = peers_[b];
        return x.cost != y.cost ? x.cost < y.cost : mixed(self_, x.node) < mixed(self_, y.node);
    });
    ask_next_ = 0;
    choose_at_ = std::min(choose_at_, now);
    if (fresh) ask_all_again(now);
}

void InterestGossip::tasks_changed(Instant now) {
    for (Peer& peer : peers_) peer.answered = false;
    satisfied_ = false;
    ask_all_again(now);
}

void InterestGossip::ask_all_again(Instant now) {
    ask_round_ = 0;
    ask_next_ = 0;
    ask_at_ = std::min(ask_at_, now);
}

void InterestGossip::table_changed(Instant now) {
    for (Peer& peer : peers_) {
        if (!peer.partner) continue;
        const Instant due = std::max(now, peer.partner->told_when + gap(*peer.partner));
        peer.partner->tell_at = std::min(peer.partner->tell_at, due);
        partner_at_ = std::min(partner_at_, peer.partner->tell_at);
    }
}

InterestVerdict InterestGossip::admit(const Address& source, Instant now) {
    Peer* peer = find(source);
    if (peer == nullptr) return InterestVerdict::kNotPeer;
    if (now < peer->muted_until) return InterestVerdict::kMuted;
    return take_token(peer->messages_until, now, kMessageEvery, kMessageBurst) ? InterestVerdict::kGossip
                                                                               : InterestVerdict::kRateLimited;
}

bool InterestGossip::take_push(const Address& source, Instant now) {
    Peer* peer = find(source);
    return peer != nullptr && take_token(peer->pushes_until, now, kPushEvery, kPushBurst);
}

void InterestGossip::distrust(const Address& source, Instant now) {
    if (Peer* peer = find(source)) peer->muted_until = now + kMute;
}

InterestVerdict InterestGossip::on_message(const Address& source, ByteView payload, Instant now) {
    Peer* peer = find(source);
    const auto message = parse_gossip(payload);
    if (peer == nullptr || !message) return InterestVerdict::kMalformed;
    if (const auto* presence = std::get_if<Presence>(&*message)) on_presence(*peer, *presence, now);
    if (const auto* news = std::get_if<News>(&*message)) on_news(*peer, *news, now);
    if (const auto* want = std::get_if<Want>(&*message)) on_want(*peer, *want, now);
    return InterestVerdict::kGossip;
}

void InterestGossip::on_presence(Peer& peer, const Presence& presence, Instant now) {
    uint64_t tasks = 0;
    for (const uint64_t ref : presence.tasks)
        if (const auto task = table_.task_of_short(ref)) tasks |= bit(*task);
    if (tasks != peer.tasks && !satisfied_) choose_at_ = std::min(choose_at_, now);
    if (peer.partner && (tasks & ~peer.tasks) != 0) peer.partner->have = 0;  // it has news of more tasks for us
    peer.tasks = tasks;
    peer.answered = true;
    if (!presence.ask) return;
    Presence answer{false, instance_, {}};
    for (Task task = 0; task < limits::kInterestListenMax; ++task)
        if ((table_.listened() & bit(task)) != 0) answer.tasks.push_back(table_.short_ref(task));
    send(peer.node, answer);
}

void InterestGossip::on_news(Peer& peer, const News& news, Instant now) {
    Partner* partner = make_partner(peer, now);
    if (partner == nullptr) return;
    partner->heard = now;
    partner->beat = Duration::seconds(std::max<uint16_t>(news.beat_s, 1));
    partner_at_ = std::min(partner_at_, now);
    if (partner->instance != news.instance) {
        partner->instance = news.instance;
        partner->have = 0;
        partner->version = 0;
    }
    partner->version = std::max(partner->version, news.version);
    if (!news.items.empty() && ++partner->pages >= kPagesPerAsk) partner->since_at = now;
    if (slow(*partner) && news.members == table_.members_digest(peer.tasks)) partner->have = partner->version;
    bool all = true;
    for (const GossipItem& item : news.items) all = take_item(*partner, peer, item, now) && all;
    if (all && news.from <= partner->have) partner->have = std::max(partner->have, news.to);
}

// False if there is no room to want one more.
bool InterestGossip::take_item(Partner& partner, const Peer& peer, const GossipItem& item, Instant now) {
    const auto task = table_.task_of_short(item.task);
    if (!task || item.origin == self_.interface_id()) return true;
    const auto slot = table_.slot(*task, item.origin);
    if (slot != InterestTable::kNone && table_.sequence(slot) >= item.sequence) return true;
    const WantKey key{item.origin, *task, item.sequence};
    if (wants_.contains(key)) return true;
    if (partner.wanted >= kWantsOfPartnerMax || wants_.size() >= kWantsMax) return false;
    wants_[key] = {peer.node, 0, table_.credential(item.origin) == nullptr, now};
    ++partner.wanted;
    want_at_ = std::min(want_at_, now);
    return true;
}

void InterestGossip::on_want(Peer& peer, const Want& want, Instant now) {
    if (want.since) {
        if (Partner* partner = make_partner(peer, now)) {
            partner->told = want.since->instance == instance_ ? want.since->version : 0;
            partner->told_at = InterestTable::kNone;
            partner->credit = kPagesPerAsk;
            partner->tell_at = now;
            partner_at_ = std::min(partner_at_, now);
        }
    }
    std::vector<std::pair<InterestTable::Index, bool>> records;
    for (const GossipItem& item : want.items) {
        const auto task = table_.task_of_short(item.task);
        const auto slot = task ? table_.slot(*task, item.origin) : InterestTable::kNone;
        if (slot == InterestTable::kNone || table_.sequence(slot) < item.sequence || table_.expired(slot)) continue;
        records.emplace_back(slot, item.flag);
    }
    send_records(peer.node, records);
}

void InterestGossip::send(const Address& to, const GossipMessage& message) {
    if (out_.size() >= kOutMax) return;  // whoever misses it asks again
    out_.push_back({to, aipacket::Kind::kGossip, encode_gossip(message)});
}

void InterestGossip::send_records(const Address& to,
                                  const std::vector<std::pair<InterestTable::Index, bool>>& records) {
    Bytes payload;
    const auto flush = [&] {
        if (!payload.empty() && out_.size() < kOutMax)
            out_.push_back({to, aipacket::Kind::kInterest, std::exchange(payload, {})});
        payload.clear();
    };
    InterfaceId before{};
    for (const auto& [slot, credential] : records) {
        const auto held = table_.as_it_came(slot);
        RecordView record{{}, crypto::credential_hint(held.credential), held.body, held.signature};
        if (credential && (payload.empty() || table_.origin(slot) != before)) record.credential = held.credential;
        if (payload.size() + record_bytes(record) > limits::kInterestPayloadMax) {
            flush();
            if (credential) record.credential = held.credential;
        }
        before = table_.origin(slot);
        append_record(payload, record);
    }
    flush();
}

}  // namespace aip::routing
