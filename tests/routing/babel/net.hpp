// Speakers joined by point-to-point links, in protocol time: an event queue of packets in flight and of wake-ups, from
// one seed. Links have a delay and lose what they are told to lose, in each direction. Every change of a route is
// followed by a walk of the selected routes to every destination: a loop fails the test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "routing/babel/speaker.hpp"
#include "tests/routing/babel/alone.hpp"

namespace aip::routing::babel::test {

class Net {
public:
    explicit Net(uint64_t seed = 1) : rng_(seed) {}

    InterfaceOptions options = [] {
        InterfaceOptions o;
        o.hello_interval = Duration::milliseconds(200);
        return o;
    }();
    SpeakerOptions speaker_options;

    // Nodes are numbered; node n has interface id n.
    void add_node(uint64_t n) { start(n, speaker_options); }
    void restart(uint64_t n, uint16_t first_seqno, bool knows_it = true) {
        SpeakerOptions again = speaker_options;
        again.first_seqno = first_seqno;
        again.restarted = knows_it;
        nodes_.erase(n);
        start(n, again);
        for (auto& [ends, link] : links_)
            if (ends.first == n && link.up) nodes_.at(n).speaker->add_interface(port(n, ends.second), options, now_);
        wake(n);
    }
    void link(uint64_t a, uint64_t b, Duration delay = Duration::milliseconds(1)) {
        for (const uint64_t n : {a, b})
            if (!nodes_.contains(n)) add_node(n);
        for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
            links_[{from, to}] = {delay, 0.0, true};
            nodes_.at(from).speaker->add_interface(port(from, to), options, now_);
            wake(from);
        }
    }
    void line(uint64_t n) {
        for (uint64_t i = 1; i < n; ++i) link(i, i + 1);
    }
    void ring(uint64_t n) {
        line(n);
        link(n, 1);
    }
    void grid(uint64_t side) {
        for (uint64_t y = 0; y < side; ++y)
            for (uint64_t x = 0; x < side; ++x) {
                const uint64_t n = 1 + y * side + x;
                if (x + 1 < side) link(n, n + 1);
                if (y + 1 < side) link(n, n + side);
            }
    }
    // One direction: what the link does to packets. The ends are not told.
    void set_loss(uint64_t from, uint64_t to, double loss) { links_.at({from, to}).loss = loss; }
    void cut(uint64_t a, uint64_t b) {
        set_loss(a, b, 1);
        set_loss(b, a, 1);
    }
    void mend(uint64_t a, uint64_t b) {
        set_loss(a, b, 0);
        set_loss(b, a, 0);
    }
    void set_delay(uint64_t a, uint64_t b, Duration delay) {
        links_.at({a, b}).delay = links_.at({b, a}).delay = delay;
    }
    // The ends see it.
    void link_down(uint64_t a, uint64_t b) {
        for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
            links_.at({from, to}).up = false;
            nodes_.at(from).speaker->remove_interface(port(from, to), now_);
            wake(from);
        }
    }
    void link_up(uint64_t a, uint64_t b) { link(a, b, links_.at({a, b}).delay); }

    void run(Duration time) {
        run_until([] { return false; }, time);
    }
    // How long it took; nullopt: not within the limit.
    std::optional<Duration> run_until(const std::function<bool()>& done, Duration limit) {
        const Instant from = now_;
        const Instant end = now_ + limit;
        while (!done()) {
            if (events_.empty() || events_.top().at > end) {
                now_ = end;
                return std::nullopt;
            }
            Event event = events_.top();
            events_.pop();
            now_ = std::max(now_, event.at);
            event.payload.empty() ? poll(event.to) : arrive(event);
        }
        return now_ - from;
    }

    bool full_tables() const {
        for (const auto& [n, node] : nodes_)
            if (node.speaker->selected().size() + 1 != nodes_.size()) return false;
        return true;
    }
    std::optional<RouteView> route(uint64_t from, uint64_t to) const { return at(from).route_to(plain_address(to)); }
    // 0: none.
    uint64_t next_hop(uint64_t from, uint64_t to) const {
        const auto view = route(from, to);
        return view ? static_cast<uint64_t>(view->next_hop.interface_id()) : 0;
    }
    // By the selected routes, over links that work.
    bool reaches(uint64_t from, uint64_t to) const {
        for (size_t hops = 0; from != to; ++hops) {
            const uint64_t next = next_hop(from, to);
            if (next == 0 || hops > nodes_.size() || links_.at({from, next}).loss >= 1) return false;
            from = next;
        }
        return true;
    }
    Speaker& at(uint64_t n) { return *nodes_.at(n).speaker; }
    const Speaker& at(uint64_t n) const { return *nodes_.at(n).speaker; }
    uint16_t port(uint64_t from, uint64_t to) {
        const auto [it, fresh] = ports_.try_emplace({from, to}, next_port_);
        if (fresh) {
            ports_of_.emplace(std::pair{from, next_port_}, to);
            ++next_port_;
        }
        return it->second;
    }
    const NeighbourView* neighbour(uint64_t of, uint64_t n) {
        views_ = at(of).neighbours();
        for (const NeighbourView& view : views_)
            if (view.address == link_local(n)) return &view;
        return nullptr;
    }
    // Something that no speaker sent.
    PacketVerdict inject(uint64_t from, uint64_t to, const std::vector<Tlv>& tlvs) {
        PacketWriter writer(1400);
        for (const Tlv& tlv : tlvs) EXPECT_TRUE(writer.add(tlv));
        return inject_raw(from, to, writer.finish());
    }
    PacketVerdict inject_raw(uint64_t from, uint64_t to, const Bytes& payload) {
        const auto verdict =
            at(to).on_packet(port(to, from), mac(static_cast<uint8_t>(from)), link_local(from), kGroup, payload, now_);
        wake(to);
        return verdict;
    }
    void wake(uint64_t n) {
        const Instant at_time = std::max(at(n).next_wakeup(), now_);
        if (at_time != Instant::never()) events_.push({at_time, order_++, n, n, {}, false});
    }
    Instant now() const { return now_; }
    uint64_t bytes() const { return bytes_; }  // UDP payload and 62 bytes of headers a packet
    uint64_t packets() const { return packets_; }
    uint64_t polls(uint64_t n) const { return nodes_.at(n).polls; }
    uint64_t loops() const { return loops_; }

    bool watch = true;  // for loops
    double duplicated = 0;
    Duration disorder;  // packets are up to this much later, each by itself
    std::function<bool(uint64_t from, uint64_t to, const Bytes& payload)> drop;  // true: lose this one

private:
    struct Node {
        std::unique_ptr<SeededRng> rng;
        std::unique_ptr<Speaker> speaker;
        uint64_t polls = 0;
    };
    struct Link {
        Duration delay;
        double loss;
        bool up;
    };
    struct Event {
        Instant at;
        uint64_t order;
        uint64_t from, to;
        Bytes payload;  // empty: a wake-up
        bool unicast;
        bool operator<(const Event& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
    };

    void start(uint64_t n, SpeakerOptions o) {
        o.self = plain_address(n);
        Node node;
        node.rng = std::make_unique<SeededRng>(rng_.next());
        node.speaker = std::make_unique<Speaker>(o, *node.rng);
        nodes_.emplace(n, std::move(node));
    }
    void poll(uint64_t n) {
        Node& node = nodes_.at(n);
        if (node.speaker->next_wakeup() > now_) return;
        ++node.polls;
        for (PacketOut& packet : node.speaker->poll(now_)) send(n, std::move(packet));
        after(n);
    }
    void send(uint64_t n, PacketOut packet) {
        const uint64_t to = ports_of_.at({n, packet.port});
        const Link& link = links_.at({n, to});
        bytes_ += packet.payload.size() + 62;
        ++packets_;
        const bool lost = link.loss > 0 && rng_.chance(link.loss);
        if (!link.up || lost || (drop && drop(n, to, packet.payload))) return;
        if (packet.destination != kGroup && packet.destination != link_local(to)) return;
        const bool unicast = packet.destination != kGroup;
        if (rng_.chance(duplicated)) events_.push({late(link), order_++, n, to, packet.payload, unicast});
        events_.push({late(link), order_++, n, to, std::move(packet.payload), unicast});
    }
    Instant late(const Link& link) {
        const auto spread = static_cast<uint64_t>(disorder.count_us());
        return now_ + link.delay + Duration::microseconds(static_cast<int64_t>(rng_.below(spread + 1)));
    }
    void arrive(const Event& event) {
        if (!links_.at({event.to, event.from}).up) return;
        const Address destination = event.unicast ? link_local(event.to) : kGroup;
        at(event.to).on_packet(port(event.to, event.from), mac(static_cast<uint8_t>(event.from)),
                               link_local(event.from), destination, event.payload, now_);
        after(event.to);
    }
    void after(uint64_t n) {
        wake(n);
        if (!at(n).changed() || !watch) return;
        for (const auto& [destination, node] : nodes_) walk(n, destination);
    }
    void walk(uint64_t from, uint64_t to) {
        uint64_t hop = from;
        for (size_t hops = 0; hop != to; ++hops) {
            if (hops > nodes_.size()) {
                ++loops_;
                if (speaker_options.check_feasibility) ADD_FAILURE() << "loop from " << from << " to " << to;
                return;
            }
            hop = next_hop(hop, to);
            if (!nodes_.contains(hop)) return;
        }
    }

    SeededRng rng_;
    Instant now_ = at_ms(0);
    std::map<uint64_t, Node> nodes_;
    std::map<std::pair<uint64_t, uint64_t>, Link> links_;
    std::map<std::pair<uint64_t, uint64_t>, uint16_t> ports_;
    std::map<std::pair<uint64_t, uint16_t>, uint64_t> ports_of_;
    uint16_t next_port_ = 1;
    std::priority_queue<Event> events_;
    uint64_t order_ = 0;
    uint64_t bytes_ = 0, packets_ = 0, loops_ = 0;
    std::vector<NeighbourView> views_;
};

}  // namespace aip::routing::babel::test
