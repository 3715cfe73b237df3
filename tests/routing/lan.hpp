// Hosts with a Neighbours each, joined by links that can be cut in either direction. Time moves in steps of 10 ms.
#pragma once

#include <functional>
#include <set>

#include "base/random.hpp"
#include "routing/neighbours.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing::test {

struct Host {
    Host(const std::string& name, uint64_t seed, NeighbourOptions options = {})
        : signer(make_signer(name)), verifier(root_key()), rng(seed), neighbours(signer, verifier, rng, options) {}

    Address address() const { return signer.self().address; }
    const Neighbour* sees(const Host& other) const {
        for (const Neighbour& n : neighbours.table())
            if (n.address == other.address()) return &n;
        return nullptr;
    }
    crypto::Signer signer;
    crypto::Verifier verifier;
    SeededRng rng;
    Neighbours neighbours;
};

class Lan {
public:
    struct End {
        Host* host;
        uint16_t port;
    };

    // `port` of each; their link addresses are their positions here.
    void join(Host& a, Host& b, uint16_t port_a = 0, uint16_t port_b = 0) {
        links_.push_back({{&a, port_a}, {&b, port_b}});
        add(a, port_a);
        add(b, port_b);
    }
    void add(Host& host, uint16_t port) {
        if (!ports_.insert({&host, port}).second) return;
        host.neighbours.add_port(port, 1500, now());
        if (std::find(hosts_.begin(), hosts_.end(), &host) == hosts_.end()) hosts_.push_back(&host);
    }
    void block(const Host& from, const Host& to) { blocked_.insert({from.address(), to.address()}); }
    void unblock(const Host& from, const Host& to) { blocked_.erase({from.address(), to.address()}); }

    void run(int64_t ms) {
        for (const int64_t end = now_ms_ + ms; now_ms_ < end; now_ms_ += 10) {
            for (Host* host : hosts_) {
                for (const IntroductionOut& out : host->neighbours.poll(now(), wall_at(now()))) deliver(*host, out);
            }
        }
    }
    Instant now() const { return at_ms(now_ms_); }
    size_t introductions() const { return introductions_; }

    std::function<void(const Host& to, const Bytes& sealed)> tap;  // sees every introduction that arrives

private:
    void deliver(const Host& from, const IntroductionOut& out) {
        ++introductions_;
        for (const auto& [a, b] : links_) {
            if (a.host == &from && a.port == out.port) arrive(from, b, out.sealed);
            if (b.host == &from && b.port == out.port) arrive(from, a, out.sealed);
        }
    }
    void arrive(const Host& from, const End& to, const Bytes& sealed) {
        if (blocked_.contains({from.address(), to.host->address()})) return;
        const auto at = std::find(hosts_.begin(), hosts_.end(), &from) - hosts_.begin();
        to.host->neighbours.on_introduction(to.port, mac(static_cast<uint8_t>(at)), sealed, now(), wall_at(now()));
        if (tap) tap(*to.host, sealed);
    }

    std::vector<std::pair<End, End>> links_;
    std::vector<Host*> hosts_;
    std::set<std::pair<Host*, uint16_t>> ports_;
    std::set<std::pair<Address, Address>> blocked_;
    int64_t now_ms_ = 0;
    size_t introductions_ = 0;
};

}  // namespace aip::routing::test
