// Whom this node tells about interest records, and from whom it gets those it lacks (rfc/0010 section 5). Members of a
// task find each other by presence, asked of every reachable node, nearest first; each keeps a few near partners and a
// far one picked by chance, and whoever is picked answers in kind. Partners tell each other what changed in their
// tables; whoever lacks a record asks for it, so that each crosses a wire once. The same news, asked for from the
// start, is the repair: of a lost packet, of a healed partition, of a node that has restarted.
//
// Invariant: nothing heard here is believed but for what to ask whom; a record counts when InterestExchange has checked
// it. Everything is bounded: partners, wanted records, packets waiting, messages taken from one node. Loop thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "aipacket/wire.hpp"
#include "base/random.hpp"
#include "routing/gossip_messages.hpp"
#include "routing/interest_table.hpp"
#include "routing/interest_verdict.hpp"
#include "routing/token_bucket.hpp"

namespace aip::routing {

struct InterestOut {
    Address to;
    aipacket::Kind kind = aipacket::Kind::kInterest;
    Bytes payload;
};

struct Reach {  // a node with a usable route
    Address node;
    double cost = 0;         // hop-equivalents
    bool neighbour = false;  // one hop away
};

struct GossipOptions {
    size_t near_partners = 3;                         // of each task, the nearest; beside one far
    size_t neighbour_partners = 8;                    // of each task, if that many are one hop away
    Duration news_gap = Duration::milliseconds(250);  // least time between two tellings to one partner
    Duration far_gap = Duration::seconds(60);         // the same for the far one
    Duration beat = Duration::seconds(10);            // a partner hears from us at least so often
    Duration rechoose = Duration::seconds(60);        // partners
    Duration far_for = Duration::seconds(1800);       // a far partner is kept
    Duration want_again = Duration::seconds(1);       // doubles; another partner is asked
    size_t burst_max = 32;                            // packets of one poll; the rest follow burst_gap later
    Duration burst_gap = Duration::milliseconds(10);
    double wants_per_second = 500;  // records asked for: each costs a signature check
};

class InterestGossip {
public:
    using Task = InterestTable::Task;

    // Table and rng are borrowed.
    InterestGossip(const InterestTable& table, const Address& self, Rng& rng, GossipOptions options);

    void set_reachable(std::span<const Reach> nodes, Instant now);
    void tasks_changed(Instant now);  // what we listen to: everybody is asked anew
    void table_changed(Instant now);
    void push(Task task);  // our own new record, to all but far partners

    // kGossip if it may speak, else why not. Then on_message or the records.
    InterestVerdict admit(const Address& source, Instant now);
    InterestVerdict on_message(const Address& source, ByteView payload, Instant now);
    bool take_push(const Address& source, Instant now);  // a token for a record that nobody asked for

    struct WantKey {
        InterfaceId origin;
        Task task;
        uint64_t sequence;
        auto operator<=>(const WantKey&) const = default;
    };
    bool wanted_from(const WantKey& key, const Address& source) const;
    void no_longer_wanted(const WantKey& key);
    void want_with_credential(const WantKey& key, const Address& source, Instant now);
    void distrust(const Address& source, Instant now);  // it sent a forgery in answer

    void poll(Instant now, std::vector<InterestOut>& out);
    Instant next_wakeup() const;

    size_t partners() const;
    size_t wanted() const { return wants_.size(); }
    size_t members(Task task) const;  // reachable nodes that say they listen to it

private:
    struct Partner {
        bool near = false;
        bool far = false;  // neither: it has picked us
        bool told_credential = false;
        Duration beat;  // its promise
        Instant heard;
        // what we know of its table
        uint64_t instance = 0;
        uint32_t have = 0;
        uint32_t version = 0;
        uint32_t pages = 0;  // since we asked
        Instant since_at;
        size_t wanted = 0;
        // what it knows of ours
        uint32_t told = 0;
        InterestTable::Index told_at = InterestTable::kNone;
        uint32_t credit = 0;  // pages it has asked for
        Instant told_when;
        Instant tell_at;
        Duration wait;  // until we say again that there is nothing new
    };
    struct Peer {
        Address node;
        double cost = 0;
        bool neighbour = false;
        uint64_t tasks = 0;
        bool answered = false;
        Instant muted_until;
        Instant messages_until;
        Instant pushes_until;
        std::unique_ptr<Partner> partner;
    };
    struct Wanted {
        Address via;
        uint32_t tries = 0;
        bool credential = false;
        Instant ask_at;
    };

    Peer* find(const Address& node);
    const Peer* find(const Address& node) const;
    void send(const Address& to, const GossipMessage& message);
    void send_records(const Address& to, const std::vector<std::pair<InterestTable::Index, bool>>& records);

    void on_presence(Peer& peer, const Presence& presence, Instant now);
    void on_news(Peer& peer, const News& news, Instant now);
    bool take_item(Partner& partner, const Peer& peer, const GossipItem& item, Instant now);
    void on_want(Peer& peer, const Want& want, Instant now);

    void ask_around(Instant now);
    void ask_all_again(Instant now);
    bool short_of_members() const;
    void choose_partners(Instant now);
    void choose_far(Instant now);
    Partner* make_partner(Peer& peer, Instant now);
    void lose_silent(Instant now);

    bool slow(const Partner& partner) const { return !partner.near && partner.beat >= options_.far_gap; }
    Duration gap(const Partner& partner) const { return slow(partner) ? options_.far_gap : options_.news_gap; }
    void tell(Peer& peer, Instant now);
    std::vector<GossipItem> page(const Peer& peer, uint32_t& to);
    void push_own(Instant now);
    void ask_for_wanted(Instant now);
    void add_wanted(std::map<Address, std::vector<GossipItem>>& asks, Instant now);
    bool another_way(const WantKey& key, Wanted& wanted);

    const InterestTable& table_;
    Address self_;
    Rng& rng_;
    GossipOptions options_;
    uint64_t instance_;
    std::vector<Peer> peers_;  // by address
    std::vector<uint32_t> nearest_;
    size_t partners_ = 0;
    Instant ask_at_ = Instant::never();
    size_t ask_next_ = 0;
    uint32_t ask_round_ = 0;
    Instant choose_at_ = Instant::never();
    Instant far_until_;
    bool satisfied_ = false;
    uint64_t pushes_ = 0;  // tasks, bit by bit
    std::map<WantKey, Wanted> wants_;
    TokenBucket want_tokens_;
    Instant want_at_ = Instant::never();
    Instant partner_at_ = Instant::never();
    std::deque<InterestOut> out_;
    Instant out_at_;
};

}  // namespace aip::routing
