#include "sim/network.hpp"

#include <deque>

#include "aipacket/wire.hpp"
#include "sim/keys.hpp"

namespace aip::sim {
Network::Network(uint64_t seed) : rng_(seed), root_(make_root(seed)) {}

size_t Network::add_node(MachineOptions options) {
    machines_.push_back(std::make_unique<Machine>(queue_, rng_.next(), root_, std::move(options)));
    return machines_.size() - 1;
}

void Network::link(size_t a, size_t b, LinkOptions options) {
    AIP_ASSERT(a != b && !way_of_.contains({a, b}));
    const size_t forth = ways_.size();
    const size_t back = forth + 1;
    const size_t port_a = machines_[a]->add_port(options.mtu, [this, forth](ByteView packet) { carry(forth, packet); });
    const size_t port_b = machines_[b]->add_port(options.mtu, [this, back](ByteView packet) { carry(back, packet); });
    ways_.push_back({b, port_b, options});
    ways_.push_back({a, port_a, options});
    way_of_[{a, b}] = forth;
    way_of_[{b, a}] = back;
}

void Network::set_blocked(size_t a, size_t b, bool blocked, bool both) {
    ways_[way_of_.at({a, b})].blocked = blocked;
    if (both) ways_[way_of_.at({b, a})].blocked = blocked;
}

void Network::set_delay(size_t a, size_t b, Duration delay) {
    ways_[way_of_.at({a, b})].options.delay = delay;
    ways_[way_of_.at({b, a})].options.delay = delay;
}

void Network::route_shortest() {
    for (size_t from = 0; from < size(); ++from) {
        std::vector<size_t> first(size(), SIZE_MAX);
        std::vector<uint32_t> hops(size(), 0);
        std::deque<size_t> open{from};
        first[from] = from;
        while (!open.empty()) {
            const size_t at = open.front();
            open.pop_front();
            for (size_t next = 0; next < size(); ++next) {
                if (first[next] != SIZE_MAX || !way_of_.contains({at, next})) continue;
                first[next] = at == from ? next : first[at];
                hops[next] = hops[at] + 1;
                open.push_back(next);
            }
        }
        std::vector<routing::StaticRoute> routes;
        for (size_t to = 0; to < size(); ++to)
            if (to != from && first[to] != SIZE_MAX && hops[to] > 1)
                routes.push_back({machines_[to]->address(), machines_[first[to]]->address(), hops[to]});
        machines_[from]->set_routes(std::move(routes));
    }
}

Result<void> Network::start() {
    for (auto& machine : machines_) AIP_TRY(machine->start());
    return {};
}

void Network::carry(size_t way, ByteView packet) {
    const Way& w = ways_[way];
    ++packets_;
    if (w.blocked || rng_.chance(w.options.loss)) return;
    const int copies = rng_.chance(w.options.duplicate) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        const Duration extra = w.options.jitter.count_ns() == 0
                                   ? Duration()
                                   : Duration::nanoseconds(static_cast<int64_t>(
                                         rng_.below(static_cast<uint64_t>(w.options.jitter.count_ns()))));
        queue_.after(w.options.delay + extra, [this, way, bytes = to_bytes(packet)] { arrive(way, bytes); });
    }
}

void Network::arrive(size_t way, const Bytes& packet) {
    if (packet[7] == 0) complaint_ = "a packet travels past its hop limit";
    machines_[ways_[way].to]->receive(ways_[way].to_port, packet);
}

std::optional<std::string> Network::check() {
    if (!complaint_.empty()) return complaint_;
    for (size_t i = 0; i < size(); ++i)
        if (!machines_[i]->trouble().empty())
            return "node " + std::to_string(i) + ": " + machines_[i]->trouble().front();
    for (const Checker& checker : checkers_)
        if (auto complaint = checker(*this)) return complaint;
    return std::nullopt;
}

Network::End Network::run(Duration limit, const std::function<bool()>& done) {
    const Instant end = queue_.now() + limit;
    while (queue_.now() < end && queue_.run_one()) {
        if (auto complaint = check()) {
            complaint_ = std::move(*complaint);
            return End::kBroken;
        }
        if (done()) return End::kDone;
    }
    return End::kTimeUp;
}

}  // namespace aip::sim
