// What InterestGossip says, and when: presence, partners, news, wants.
#include <algorithm>
#include <bit>

#include "routing/interest_gossip.hpp"
#include "routing/jitter.hpp"

namespace aip::routing {
namespace {

constexpr Duration kAskFast = Duration::milliseconds(20);
constexpr Duration kAskSlow = Duration::seconds(4);
constexpr Duration kAskAgain = Duration::milliseconds(500);  // a round without an answer; grows fourfold
constexpr Duration kAskNever = Duration::seconds(600);
constexpr size_t kAsksAtOnce = 4;
constexpr uint32_t kAskRounds = 4;
constexpr Duration kFirstSilence = Duration::milliseconds(500);
constexpr Duration kPageGap = Duration::milliseconds(20);
constexpr Duration kSinceAgain = Duration::milliseconds(500);
constexpr size_t kWantedWhenAsking = 64;  // records on the way from a partner when we ask it for more news
constexpr uint32_t kTriesOfTeller = 4;    // then whoever may have it is asked
constexpr uint32_t kTriesMax = 10;

uint64_t bit(InterestTable::Task task) { return uint64_t{1} << task; }

size_t tasks_in(const std::vector<GossipItem>& items) {
    std::vector<uint64_t> tasks;
    for (const GossipItem& item : items)
        if (std::find(tasks.begin(), tasks.end(), item.task) == tasks.end()) tasks.push_back(item.task);
    return tasks.size();
}

bool is_full(const std::vector<GossipItem>& items) {
    return items.size() >= kGossipItemsMax || tasks_in(items) >= kGossipTasksMax;
}

}  // namespace

void InterestGossip::poll(Instant now, std::vector<InterestOut>& out) {
    if (pushes_ != 0) push_own(now);
    if (ask_at_ <= now) ask_around(now);
    if (choose_at_ <= now) choose_partners(now);
    if (partner_at_ <= now) {
        lose_silent(now);
        partner_at_ = Instant::never();
        for (Peer& peer : peers_) {
            if (!peer.partner) continue;
            if (peer.partner->tell_at <= now) tell(peer, now);
            partner_at_ = std::min({partner_at_, peer.partner->tell_at, peer.partner->heard + peer.partner->beat * 4});
        }
        want_at_ = std::min(want_at_, now);  // a gap may have shown
    }
    if (want_at_ <= now) ask_for_wanted(now);
    if (out_at_ > now) return;
    for (size_t n = 0; n < options_.burst_max && !out_.empty(); ++n) {
        out.push_back(std::move(out_.front()));
        out_.pop_front();
    }
    out_at_ = now + options_.burst_gap;
}

Instant InterestGossip::next_wakeup() const {
    const Instant at = std::min({ask_at_, choose_at_, partner_at_, want_at_});
    return out_.empty() ? at : std::min(at, out_at_);
}

// Everybody reachable is asked what it listens to: quickly while a task has too few members for a choice, then slowly
// and only those of whom there is no record, since a record says it too.
void InterestGossip::ask_around(Instant now) {
    if (table_.listened() == 0) {
        ask_at_ = Instant::never();
        return;
    }
    Presence presence{true, instance_, {}};
    for (Task task = 0; task < limits::kInterestListenMax; ++task)
        if ((table_.listened() & bit(task)) != 0) presence.tasks.push_back(table_.short_ref(task));
    const bool hurry = short_of_members();
    for (size_t sent = 0; sent < kAsksAtOnce;) {
        if (ask_next_ >= nearest_.size()) {
            ask_next_ = 0;
            ask_round_ = std::min(ask_round_ + 1, kAskRounds);
            const bool all = std::all_of(peers_.begin(), peers_.end(), [](const Peer& peer) { return peer.answered; });
            ask_at_ = all                        ? Instant::never()
                      : ask_round_ == kAskRounds ? now + kAskNever
                                                 : now + kAskAgain * (int64_t{1} << (2 * (ask_round_ - 1)));
            return;
        }
        Peer& peer = peers_[nearest_[ask_next_++]];
        if (peer.answered || (!hurry && table_.credential(peer.node.interface_id()) != nullptr)) continue;
        send(peer.node, presence);
        ++sent;
    }
    ask_at_ = now + (hurry ? kAskFast : kAskSlow);
}

bool InterestGossip::short_of_members() const {
    for (Task task = 0; task < limits::kInterestListenMax; ++task)
        if ((table_.listened() & bit(task)) != 0 && members(task) <= options_.near_partners) return true;
    return false;
}

// Of every task the members that are neighbours, else the nearest, and one by chance. If everybody leaves out no
// neighbour, groups of members hang together by links alone, and no bridge carries what far partners tell each other.
void InterestGossip::choose_partners(Instant now) {
    choose_at_ = jittered(rng_, now, options_.rechoose);
    std::array<size_t, limits::kInterestListenMax> near{};
    uint64_t open = table_.listened();  // with fewer near partners than there should be
    for (Peer& peer : peers_)
        if (peer.partner) peer.partner->near = false;
    for (const uint32_t i : nearest_) {
        Peer& peer = peers_[i];
        if (now < peer.muted_until) continue;
        const size_t most = peer.neighbour ? options_.neighbour_partners : options_.near_partners;
        bool wanted = false;
        for (uint64_t tasks = peer.tasks & table_.listened(); tasks != 0; tasks &= tasks - 1) {
            const auto task = static_cast<size_t>(std::countr_zero(tasks));
            if (near[task] >= most) continue;
            wanted = true;
            if (++near[task] >= options_.near_partners) open &= ~bit(static_cast<Task>(task));
        }
        if (!wanted) continue;
        Partner* partner = make_partner(peer, now);
        if (partner == nullptr) break;
        partner->near = true;
    }
    satisfied_ = open == 0;
    choose_far(now);
}

void InterestGossip::choose_far(Instant now) {
    const bool again = far_until_ <= now;
    if (again) far_until_ = jittered(rng_, now, options_.far_for);
    uint64_t open = table_.listened();
    for (Peer& peer : peers_) {
        if (!peer.partner || !peer.partner->far) continue;
        if (again) peer.partner->far = false;
        if (!again) open &= ~peer.tasks;
    }
    while (open != 0) {
        Peer* drawn = nullptr;
        uint64_t seen = 0;
        for (Peer& peer : peers_) {
            const bool near = peer.partner && peer.partner->near;
            if (!near && (peer.tasks & open & (~open + 1)) != 0 && rng_.below(++seen) == 0) drawn = &peer;
        }
        open &= drawn != nullptr ? ~drawn->tasks : open - 1;
        Partner* partner = drawn != nullptr ? make_partner(*drawn, now) : nullptr;
        if (partner == nullptr) continue;
        partner->far = true;
        partner->beat = options_.far_gap;
    }
}

// Null if we have no task in common, or no room.
InterestGossip::Partner* InterestGossip::make_partner(Peer& peer, Instant now) {
    if (peer.partner) return peer.partner.get();
    if ((peer.tasks & table_.listened()) == 0) {
        if (peer.answered) return nullptr;
        ask_at_ = std::min(ask_at_, now);  // it speaks to us, so it has news of its tasks
        return nullptr;
    }
    if (partners_ >= limits::kInterestPartnersMax) return nullptr;
    ++partners_;
    peer.partner = std::make_unique<Partner>();
    Partner& partner = *peer.partner;
    partner.beat = options_.beat;
    partner.heard = now;
    partner.told = table_.version();  // what it lacks it asks for
    partner.tell_at = now;
    partner.wait = kFirstSilence;
    partner_at_ = std::min(partner_at_, now);
    return &partner;
}

void InterestGossip::lose_silent(Instant now) {
    for (Peer& peer : peers_) {
        if (!peer.partner || now < peer.partner->heard + peer.partner->beat * 4) continue;
        if (peer.partner->near || peer.partner->far) {  // it may be back, with other tasks
            ask_all_again(now);
            choose_at_ = std::min(choose_at_, now);
        }
        peer.answered = false;
        peer.tasks = 0;
        peer.partner.reset();
        --partners_;
    }
}

void InterestGossip::tell(Peer& peer, Instant now) {
    Partner& partner = *peer.partner;
    const bool mine_is_slow = slow(partner);
    const Duration beat = mine_is_slow ? options_.far_gap : options_.beat;
    News news{instance_,
              partner.told,
              0,
              table_.version(),
              static_cast<uint16_t>(beat.count_s()),
              table_.members_digest(peer.tasks),
              {}};
    news.items = page(peer, news.to);
    const bool unasked = partner.credit == 0;
    if (news.to < news.version || mine_is_slow) {
        if (unasked) {  // too much for a partner that did not ask: it sees the gap, and will if it needs to
            partner.told_at = InterestTable::kNone;
            news.from = news.to = news.version;
            news.items.clear();
        } else {
            --partner.credit;
        }
    }
    if (news.to == news.version) partner.credit = 0;
    send(peer.node, news);
    partner.told = news.to;
    partner.told_when = now;
    partner.wait = !news.items.empty() ? kFirstSilence : std::min(partner.wait * 2, beat);
    const Duration quiet = news.to < news.version ? kPageGap : std::max(partner.wait, mine_is_slow ? beat : Duration{});
    partner.tell_at = news.to < news.version ? now + quiet : jittered(rng_, now, quiet);
}

// The changes after partner.told that concern this peer, as far as they fit; `to` is how far they reach.
std::vector<GossipItem> InterestGossip::page(const Peer& peer, uint32_t& to) {
    Partner& partner = *peer.partner;
    using Table = InterestTable;
    Table::Index i = Table::kNone;
    if (partner.told_at != Table::kNone && table_.version(partner.told_at) == partner.told) {
        i = table_.newer(partner.told_at);
    } else {
        for (Table::Index back = table_.newest(); back != Table::kNone && table_.version(back) > partner.told;
             back = table_.older(back))
            i = back;
    }
    std::vector<GossipItem> items;
    for (to = partner.told; i != Table::kNone && !is_full(items); i = table_.newer(i)) {
        to = table_.version(i);
        partner.told_at = i;
        if (table_.expired(i) || (peer.tasks & bit(table_.task(i))) == 0) continue;
        items.push_back({table_.short_ref(table_.task(i)), table_.origin(i), table_.sequence(i), false});
    }
    if (i == Table::kNone) to = table_.version();
    return items;
}

void InterestGossip::push(Task task) { pushes_ |= bit(task); }

// To the near ones and to those that picked us; the far one hears of it.
void InterestGossip::push_own(Instant now) {
    for (Peer& peer : peers_) {
        if (!peer.partner || slow(*peer.partner) || now < peer.muted_until) continue;
        std::vector<std::pair<InterestTable::Index, bool>> records;
        for (uint64_t tasks = pushes_ & peer.tasks & table_.listened(); tasks != 0; tasks &= tasks - 1) {
            const auto slot = table_.slot(static_cast<Task>(std::countr_zero(tasks)), self_.interface_id());
            if (slot == InterestTable::kNone) continue;
            records.emplace_back(slot, !std::exchange(peer.partner->told_credential, true));
        }
        send_records(peer.node, records);
    }
    pushes_ = 0;
}

void InterestGossip::ask_for_wanted(Instant now) {
    want_at_ = Instant::never();
    std::map<Address, std::vector<GossipItem>> asks;
    add_wanted(asks, now);
    for (Peer& peer : peers_) {
        if (!peer.partner) continue;
        Partner& partner = *peer.partner;
        Want want;
        if (partner.have < partner.version && partner.wanted < kWantedWhenAsking) {
            if (partner.since_at <= now) {
                want.since = Want::Since{partner.instance, partner.have};
                partner.since_at = now + kSinceAgain;
                partner.pages = 0;
            }
            want_at_ = std::min(want_at_, partner.since_at);
        }
        if (const auto items = asks.find(peer.node); items != asks.end()) want.items = std::move(items->second);
        if (want.since || !want.items.empty()) send(peer.node, want);
    }
}

// Those that are due, by whom to ask: as many as one message to each holds, and as there are tokens for.
void InterestGossip::add_wanted(std::map<Address, std::vector<GossipItem>>& asks, Instant now) {
    for (auto it = wants_.begin(); it != wants_.end();) {
        auto& [key, wanted] = *it;
        if (wanted.ask_at > now) {
            want_at_ = std::min(want_at_, wanted.ask_at);
            ++it;
            continue;
        }
        const auto slot = table_.slot(key.task, key.origin);
        const bool have = slot != InterestTable::kNone && table_.sequence(slot) >= key.sequence;
        if (have || (table_.listened() & bit(key.task)) == 0 || !another_way(key, wanted)) {
            no_longer_wanted((it++)->first);
            continue;
        }
        auto& items = asks[wanted.via];
        if (is_full(items) || !want_tokens_.take(now)) {
            want_at_ = std::min(want_at_, now + options_.burst_gap);
            ++it;
            continue;
        }
        items.push_back({table_.short_ref(key.task), key.origin, key.sequence, wanted.credential});
        wanted.ask_at = now + options_.want_again * (int64_t{1} << std::min(wanted.tries / 2, 4u));
        ++wanted.tries;
        want_at_ = std::min(want_at_, wanted.ask_at);
        ++it;
    }
}

// The partner that told of it, while it is one; after some tries whoever may have it. False: nobody is left to ask.
bool InterestGossip::another_way(const WantKey& key, Wanted& wanted) {
    const auto good = [&](const Peer& peer) { return peer.partner && (peer.tasks & bit(key.task)) != 0; };
    Peer* via = find(wanted.via);
    if (wanted.tries < kTriesOfTeller && via != nullptr && good(*via)) return true;
    if (wanted.tries >= kTriesMax) return false;
    std::vector<Peer*> ways;
    for (Peer& peer : peers_)
        if (good(peer)) ways.push_back(&peer);
    if (ways.empty()) return false;
    Peer* way = ways[rng_.below(ways.size())];
    if (via != nullptr && via->partner && via->partner->wanted > 0) --via->partner->wanted;
    wanted.via = way->node;
    ++way->partner->wanted;
    return true;
}

bool InterestGossip::wanted_from(const WantKey& key, const Address& source) const {
    const auto it = wants_.find(key);
    return it != wants_.end() && it->second.via == source && it->second.tries > 0;
}

void InterestGossip::no_longer_wanted(const WantKey& key) {
    const auto it = wants_.find(key);
    if (it == wants_.end()) return;
    if (Peer* via = find(it->second.via); via != nullptr && via->partner && via->partner->wanted > 0) {
        --via->partner->wanted;
        if (via->partner->have < via->partner->version) want_at_ = std::min(want_at_, via->partner->since_at);
    }
    wants_.erase(it);
}

void InterestGossip::want_with_credential(const WantKey& key, const Address& source, Instant now) {
    no_longer_wanted(key);
    Peer* peer = find(source);
    if (peer == nullptr || !peer->partner) return;
    wants_[key] = {source, 0, true, now};
    ++peer->partner->wanted;
    want_at_ = std::min(want_at_, now);
}

}  // namespace aip::routing
