#include "routing/router.hpp"

#include "crypto/sha256.hpp"

namespace aip::routing {
namespace {

NeighbourOptions neighbour_options(const RouterOptions& options) {
    NeighbourOptions out;
    out.first_sequence = options.first_sequence;
    return out;
}

babel::SpeakerOptions speaker_options(const Address& self, const RouterOptions& options) {
    babel::SpeakerOptions out;
    out.self = self;
    out.first_seqno = options.first_seqno;
    out.seqnos_reserved = options.seqnos_reserved;
    out.restarted = options.restarted;
    return out;
}

// Nobody else can sign, so nobody else can know this; the nonce makes it another one with every start.
Digest join_secret(const crypto::Signer& signer, Rng& rng) {
    Bytes nonce;
    Writer(nonce).u64(rng.next());
    return crypto::sha256(signer.seal("join secret", nonce));
}

InterfaceId half_of(const Address& link_local) { return link_local.interface_id(); }

}  // namespace

Router::Router(const crypto::Signer& signer, crypto::Verifier& verifier, Rng& rng, RouterOptions options)
    : neighbours_(signer, verifier, rng, neighbour_options(options)),
      peering_(neighbours_, rng, join_secret(signer, rng)),
      speaker_(speaker_options(signer.self().address, options), rng),
      options_(options) {}

void Router::add_port(uint16_t port, RouterPort options, Instant now) {
    neighbours_.add_port(port, options.mtu, now);
    if (options.learn_peers) peering_.add_port(port, options.peering, now);
    babel::InterfaceOptions interface;
    interface.mtu = options.mtu;
    interface.hello_interval = options_.hello_interval;
    interface.keys = options.keys;
    speaker_.add_interface(port, std::move(interface), now);
    ports_[port] = std::move(options);
}

void Router::remove_port(uint16_t port, Instant now) {
    neighbours_.remove_port(port);
    peering_.remove_port(port);
    speaker_.remove_interface(port, now);
    ports_.erase(port);
}

void Router::on_introduction(uint16_t port, const dataplane::LinkAddress& from, ByteView sealed, Instant now,
                             WallTime wall) {
    static_cast<void>(neighbours_.on_introduction(port, from, sealed, now, wall));
    greet_newcomers(now);
}

void Router::on_join(uint16_t port, const dataplane::LinkAddress& from, ByteView payload, Instant now, WallTime wall) {
    static_cast<void>(peering_.on_join(port, from, payload, now, wall));
    greet_newcomers(now);
}

void Router::greet_newcomers(Instant now) {
    for (const Neighbour& n : neighbours_.take_newcomers())
        speaker_.greet(n.port, Address::link_local(n.address.interface_id()), n.link, now);
}

void Router::on_babel(uint16_t port, const dataplane::LinkAddress& from, const Address& source,
                      const Address& destination, ByteView payload, Instant now) {
    const auto it = ports_.find(port);
    if (it == ports_.end()) return;
    const bool heard =
        it->second.foreign || !it->second.keys.empty() || neighbours_.find(port, from, half_of(source)) != nullptr;
    if (!heard) {
        ++strangers_;
        neighbours_.on_stranger(port, now);
        return;
    }
    static_cast<void>(speaker_.on_packet(port, from, source, destination, payload, now));
}

std::vector<RouterOut> Router::poll(Instant now, WallTime wall) {
    std::vector<RouterOut> out;
    for (JoinOut& join : peering_.poll(now))
        out.push_back({join.port, RouterOut::What::kJoin, {}, join.to, std::move(join.payload)});
    for (IntroductionOut& introduction : neighbours_.poll(now, wall))
        out.push_back({introduction.port,
                       RouterOut::What::kIntroduction,
                       {},
                       dataplane::LinkAddress::everyone(),
                       std::move(introduction.sealed)});
    for (babel::PacketOut& packet : speaker_.poll(now))
        out.push_back({packet.port, RouterOut::What::kBabel, packet.destination, packet.to, std::move(packet.payload)});
    return out;
}

RouteView Router::view(const babel::RouteView& route) const {
    RouteView out;
    out.destination = route.destination;
    out.metric = route.metric;
    const Neighbour* neighbour = neighbours_.find(route.port, route.link, half_of(route.next_hop));
    out.via = neighbour != nullptr ? neighbour->address : route.next_hop;
    out.next_hop = {route.port, neighbour != nullptr ? neighbour->mtu : ports_.at(route.port).mtu, route.link};
    return out;
}

std::vector<dataplane::SteeringLink> Router::authenticated_links() const {
    std::vector<dataplane::SteeringLink> out;
    for (const babel::NeighbourView& link : speaker_.neighbours()) {
        if (link.cost == babel::kInfinity) continue;
        const bool proven = !ports_.at(link.port).keys.empty() ||
                            neighbours_.find(link.port, link.link, half_of(link.address)) != nullptr;
        if (proven) out.push_back({link.port, link.link});
    }
    return out;
}

bool Router::changed() {
    if (!speaker_.changed()) return false;
    std::vector<RouteView> table;
    for (const babel::RouteView& route : speaker_.selected()) table.push_back(view(route));
    routes_ = Routes(std::move(table));
    measure();
    return true;
}

void Router::measure() {
    std::map<Routes::Link, Duration> rtts;
    for (const babel::NeighbourView& link : speaker_.neighbours())
        if (link.rtt) rtts[{link.port, link.link}] = *link.rtt;
    routes_.set_rtts(std::move(rtts));
}

}  // namespace aip::routing
