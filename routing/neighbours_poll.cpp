// The sending half of Neighbours: what is lost, what is due.
#include <algorithm>

#include "routing/jitter.hpp"
#include "routing/neighbours.hpp"

namespace aip::routing {

// A newcomer is told at once that we heard it; many newcomers share one hello.
void Neighbours::hasten_hello(Port& port, Instant now) {
    const Instant soonest = std::max(now, port.last_hello + options_.quick_interval);
    port.next_hello = std::min(port.next_hello, jittered(rng_, soonest, options_.quick_interval / 8));
}

void Neighbours::drop_lost(Instant now) {
    for (Neighbour& n : table_) {
        const bool expired = n.state == LinkState::kTwoWay && (n.named_us_until <= now || n.lost_at() <= now);
        if (!expired) continue;
        n.state = LinkState::kOneWay;
        changed_ = true;
    }
    lost_ += std::erase_if(table_, [&](const Neighbour& n) {
        if (n.lost_at() > now) return false;
        known_tokens_.erase(n.address);
        return true;
    });
}

std::vector<HelloOut> Neighbours::poll(Instant now, WallTime wall) {
    drop_lost(now);
    std::vector<HelloOut> out;
    for (auto& [number, port] : ports_) {
        if (port.next_hello > now) continue;
        out.push_back({number, make_hello(number, port, now, wall)});
        const bool quick = port.quick_left > 0;
        if (quick) --port.quick_left;
        port.last_hello = now;
        port.next_hello = jittered(rng_, now, quick ? options_.quick_interval : options_.interval);
    }
    return out;
}

Bytes Neighbours::make_hello(uint16_t number, Port& port, Instant now, WallTime wall) {
    std::vector<Hello::Heard> heard;
    for (const Neighbour& n : table_) {
        if (n.port == number) heard.push_back({n.address, now - n.last_heard});
    }
    Hello hello;
    hello.sequence = ++sequence_;
    hello.wall = wall;
    hello.interval = options_.interval;
    hello.mtu = port.mtu;
    hello.heard_total = static_cast<uint16_t>(heard.size());
    const size_t named = std::min<size_t>(heard.size(), limits::kHelloHeardMax);
    for (size_t i = 0; i < named; ++i) hello.heard.push_back(heard[(port.turn + i) % heard.size()]);
    if (named > 0) port.turn = (port.turn + named) % heard.size();
    Bytes sealed = signer_.seal(kHelloDomain, encode_hello(hello));
    AIP_ASSERT(sealed.size() <= limits::kHelloBytesMax);
    return sealed;
}

Instant Neighbours::next_wakeup() const {
    Instant at = Instant::never();
    for (const auto& [number, port] : ports_) at = std::min(at, port.next_hello);
    for (const Neighbour& n : table_) {
        at = std::min(at, n.lost_at());
        if (n.state == LinkState::kTwoWay) at = std::min(at, n.named_us_until);
    }
    return at;
}

}  // namespace aip::routing
