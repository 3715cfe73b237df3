#include "sim/babel_world.hpp"

#include <algorithm>
#include <deque>

namespace aip::sim {
namespace {

namespace babel = routing::babel;

constexpr size_t kHeaders = 14 + 40 + 8;  // Ethernet, IPv6, UDP
const NetworkId kNetwork{{1, 2, 3, 4, 5}};

size_t number_of(const Address& address) { return static_cast<size_t>(address.interface_id()) - 1; }

// Every metric that is told becomes 0, but those of routes that are taken back (RFC 8966 section 4.6.9).
void praise(Bytes& packet) {
    constexpr size_t kHeader = 4;
    constexpr uint8_t kPad1 = 0, kUpdate = 8;
    constexpr size_t kMetric = 10;  // from the type of the TLV
    for (size_t at = kHeader; at < packet.size();) {
        if (packet[at] == kPad1) {
            ++at;
            continue;
        }
        if (at + 2 > packet.size()) return;
        const size_t length = 2 + size_t{packet[at + 1]};
        if (packet[at] == kUpdate && length >= kMetric + 2 && at + length <= packet.size() &&
            load_be16(&packet[at + kMetric]) != babel::kInfinity)
            store_be16(&packet[at + kMetric], 0);
        at += length;
    }
}

}  // namespace

BabelWorld::~BabelWorld() = default;

Address BabelWorld::address(size_t node) const { return Address::make(kNetwork, InterfaceId{node + 1}); }

dataplane::LinkAddress BabelWorld::link_address(size_t node) const {
    return dataplane::LinkAddress::mac(
        std::array<uint8_t, 6>{2, 0, 0, 0, static_cast<uint8_t>(node >> 8), static_cast<uint8_t>(node)});
}

size_t BabelWorld::add_node() {
    nodes_.emplace_back();
    nodes_.back().seqno = static_cast<uint16_t>(rng_.next());
    start(nodes_.size() - 1, true);
    return nodes_.size() - 1;
}

size_t BabelWorld::link(size_t a, size_t b, LinkOptions options) {
    Link link;
    const size_t number = links_.size();
    int side = 0;
    for (const size_t node : {a, b}) {
        link.ends[side++] = {node, static_cast<uint16_t>(nodes_[node].links.size()), options, false};
        nodes_[node].links.push_back(number);
    }
    link.down = true;
    links_.push_back(link);
    set_down(number, false);
    return number;
}

LinkOptions& BabelWorld::way(size_t link, size_t from) {
    return links_[link].ends[links_[link].ends[0].node == from ? 0 : 1].options;
}

void BabelWorld::block(size_t link, size_t from, bool blocked) {
    links_[link].ends[links_[link].ends[0].node == from ? 0 : 1].blocked = blocked;
}

void BabelWorld::set_silent(size_t link, bool dead) {
    for (End& end : links_[link].ends) end.blocked = dead;
}

void BabelWorld::set_down(size_t link, bool down) {
    if (links_[link].down == down) return;
    links_[link].down = down;
    for (const End& end : links_[link].ends) {
        if (!running(end.node)) continue;
        if (down)
            nodes_[end.node].speaker->remove_interface(end.port, queue_.now());
        else
            nodes_[end.node].speaker->add_interface(end.port, options_.interface, queue_.now());
        poll(end.node);
    }
}

size_t BabelWorld::other_end(size_t link, size_t node) const {
    const Link& l = links_[link];
    return l.ends[l.ends[0].node == node ? 1 : 0].node;
}

bool BabelWorld::carries(size_t number) const {
    const Link& link = links_[number];
    return !link.down && !link.ends[0].blocked && !link.ends[1].blocked && running(link.ends[0].node) &&
           running(link.ends[1].node);
}

void BabelWorld::stop(size_t node) {
    Node& n = nodes_[node];
    if (n.speaker) n.seqno = n.speaker->seqno();
    n.speaker.reset();
    ++n.life;
    n.wake_at = Instant::never();
    n.next_link.clear();
}

void BabelWorld::start(size_t node, bool knows_seqno) {
    AIP_ASSERT(!running(node));
    Node& n = nodes_[node];
    babel::SpeakerOptions speaker;
    speaker.self = address(node);
    speaker.first_seqno = knows_seqno ? static_cast<uint16_t>(n.seqno + 1) : 0;
    speaker.seqnos_reserved = 30'000;
    speaker.check_feasibility = options_.check_feasibility;
    speaker.restarted = n.life > 0;
    n.speaker = std::make_unique<babel::Speaker>(speaker, rng_);
    for (uint16_t port = 0; port < n.links.size(); ++port)
        if (!links_[n.links[port]].down) n.speaker->add_interface(port, options_.interface, queue_.now());
    poll(node);
}

// What leaves now, what has changed, and when to come back.
void BabelWorld::poll(size_t node) {
    Node& n = nodes_[node];
    for (babel::PacketOut& packet : n.speaker->poll(queue_.now())) {
        if (n.lies) praise(packet.payload);
        const size_t link = n.links[packet.port];
        carry(link, links_[link].ends[0].node == node ? 0 : 1, packet);
    }
    settle(node);
    const Instant next = n.speaker->next_wakeup();
    if (next == Instant::never() || next >= n.wake_at) return;
    n.wake_at = std::max(next, queue_.now() + Duration::microseconds(50));
    queue_.at(n.wake_at, [this, node, life = n.life, when = n.wake_at] {
        Node& woken = nodes_[node];
        if (woken.life != life) return;
        if (woken.wake_at == when) woken.wake_at = Instant::never();
        poll(node);
    });
}

void BabelWorld::carry(size_t link, int from, const babel::PacketOut& packet) {
    const End& end = links_[link].ends[from];
    ++packets_;
    wire_bytes_ += kHeaders + packet.payload.size();
    if (links_[link].down || end.blocked || rng_.chance(end.options.loss)) return;
    const int copies = rng_.chance(end.options.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        const auto jitter = static_cast<uint64_t>(end.options.jitter.count_ns());
        const Duration extra = Duration::nanoseconds(jitter == 0 ? 0 : static_cast<int64_t>(rng_.below(jitter)));
        queue_.after(end.options.delay + extra, [this, link, to = 1 - from, destination = packet.destination,
                                                 payload = packet.payload] { arrive(link, to, destination, payload); });
    }
}

void BabelWorld::arrive(size_t link, int to, const Address& destination, const Bytes& payload) {
    const Link& l = links_[link];
    const End& end = l.ends[to];
    if (l.down || !running(end.node)) return;
    const size_t peer = l.ends[1 - to].node;
    static_cast<void>(nodes_[end.node].speaker->on_packet(
        end.port, link_address(peer), Address::link_local(InterfaceId{peer + 1}), destination, payload, queue_.now()));
    poll(end.node);
}

void BabelWorld::settle(size_t node) {
    Node& n = nodes_[node];
    if (!n.speaker->changed()) return;
    std::vector<std::optional<size_t>> next(nodes_.size());
    for (const babel::RouteView& route : n.speaker->selected())
        next[number_of(route.destination)] = n.links[route.port];
    n.next_link.resize(nodes_.size());
    for (size_t to = 0; to < next.size(); ++to) {
        if (next[to] == n.next_link[to]) continue;
        n.next_link[to] = next[to];
        if (next[to]) check(node, to);
    }
}

std::optional<size_t> BabelWorld::next_hop(size_t from, size_t to) const {
    const Node& n = nodes_[from];
    if (to >= n.next_link.size() || !n.next_link[to]) return std::nullopt;
    return other_end(*n.next_link[to], from);
}

// A loop through `node`, if there is one for this destination.
void BabelWorld::check(size_t node, size_t destination) {
    std::string path = std::to_string(node);
    size_t at = node;
    bool liar = nodes_[node].lies;
    for (size_t steps = 0; steps <= nodes_.size(); ++steps) {
        const auto next = next_hop(at, destination);
        if (!next || *next == destination) return;
        at = *next;
        path += " > " + std::to_string(at);
        liar = liar || nodes_[at].lies;
        if (at != node) continue;
        if (liar) ++loops_through_liars_;
        if (liar) return;
        ++loops_;
        if (first_loop_.empty())
            first_loop_ = "to " + std::to_string(destination) + ": " + path + " at " +
                          std::to_string((queue_.now() - Instant()).count_ms()) + " ms, event " +
                          std::to_string(queue_.count());
        return;
    }
}

bool BabelWorld::reaches(size_t from, size_t to) const {
    size_t at = from;
    for (size_t steps = 0; steps <= nodes_.size() && at != to; ++steps) {
        if (to >= nodes_[at].next_link.size()) return false;
        const auto link = nodes_[at].next_link[to];
        if (!link || !carries(*link)) return false;
        at = other_end(*link, at);
    }
    return at == to;
}

bool BabelWorld::tables_are_full() const {
    std::vector<size_t> part(size(), SIZE_MAX);
    for (size_t from = 0; from < size(); ++from) {
        if (part[from] != SIZE_MAX || !running(from)) continue;
        std::deque<size_t> open{from};
        part[from] = from;
        while (!open.empty()) {
            const size_t at = open.front();
            open.pop_front();
            for (const size_t link : nodes_[at].links) {
                const size_t next = other_end(link, at);
                if (part[next] != SIZE_MAX || !carries(link)) continue;
                part[next] = from;
                open.push_back(next);
            }
        }
    }
    for (size_t from = 0; from < size(); ++from)
        for (size_t to = 0; to < size(); ++to)
            if (from != to && part[from] != SIZE_MAX && part[from] == part[to] && !reaches(from, to)) return false;
    return true;
}

bool BabelWorld::run_one() { return queue_.run_one(); }

bool BabelWorld::run(Duration limit, const std::function<bool()>& done) {
    const Instant end = queue_.now() + limit;
    while (queue_.now() < end) {
        if (done()) return true;
        if (!queue_.run_one()) return false;
    }
    return false;
}

}  // namespace aip::sim
