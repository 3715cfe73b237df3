#include "routing/routes.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace aip::routing {
namespace {

constexpr size_t kStaticMax = limits::kRoutesMax - limits::kNeighboursMax;

// Of the links to one neighbour: a two-way one rather than a one-way one, then the first in table order.
using BestLinks = std::map<Address, const Neighbour*>;

BestLinks best_links(const Neighbours& neighbours) {
    BestLinks best;
    for (const Neighbour& link : neighbours.table()) {
        const Neighbour*& known = best[link.address];
        if (known == nullptr || (known->state == LinkState::kOneWay && link.state == LinkState::kTwoWay)) known = &link;
    }
    return best;
}

RouteView make_route(const Address& destination, const Address& via, RouteKind kind, uint32_t metric,
                     const Neighbour* link) {
    RouteView route;
    route.destination = destination;
    route.via = via;
    route.kind = kind;
    route.metric = metric;
    if (link == nullptr) {
        route.state = "next hop is not heard";
    } else if (link->state == LinkState::kOneWay) {
        route.state = "next hop does not hear us";
    } else {
        route.usable = true;
        route.next_hop = {link->port, link->mtu, link->link};
    }
    return route;
}

bool better(const RouteView& a, const RouteView& b) {
    const auto rank = [](const RouteView& r) { return std::make_tuple(!r.usable, r.metric, r.kind, r.via); };
    return rank(a) < rank(b);
}

}  // namespace

std::string_view route_kind_name(RouteKind kind) { return kind == RouteKind::kNeighbour ? "neighbour" : "static"; }

Result<Routes> Routes::create(const Address& self, std::vector<StaticRoute> routes) {
    if (routes.size() > kStaticMax) return Error{ErrorCode::kInvalid, "more than 64512 static routes; remove some"};
    for (const StaticRoute& route : routes) {
        const auto invalid = [&](const char* why) {
            return Error{ErrorCode::kInvalid, "static route to " + route.destination.text() + " " + why};
        };
        if (!route.destination.is_node()) return invalid("leads to something that is no node address");
        if (!route.via.is_node()) return invalid("has a next hop that is no node address");
        if (route.destination == self) return invalid("leads to this node itself; remove it");
        if (route.via == self) return invalid("goes via this node itself; name the neighbour it goes via");
        if (route.metric < kMetricMin || route.metric > kMetricMax) return invalid("needs a metric of 1 to 65534");
    }
    return Routes(self, std::move(routes));
}

void Routes::rebuild(const Neighbours& neighbours) {
    const BestLinks links = best_links(neighbours);
    std::map<Address, RouteView> best;
    const auto offer = [&](const RouteView& route) {
        const auto [it, fresh] = best.try_emplace(route.destination, route);
        if (!fresh && better(route, it->second)) it->second = route;
    };
    for (const auto& [address, link] : links)
        offer(make_route(address, address, RouteKind::kNeighbour, kMetricMin, link));
    for (const StaticRoute& route : static_) {
        const auto link = links.find(route.via);
        offer(make_route(route.destination, route.via, RouteKind::kStatic, route.metric,
                         link == links.end() ? nullptr : link->second));
    }
    table_.clear();
    for (auto& [destination, route] : best) table_.push_back(std::move(route));
}

std::unique_ptr<const dataplane::Fib> Routes::fib(uint64_t salt) const {
    dataplane::FibBuilder builder(salt);
    for (const RouteView& route : table_) {
        if (route.usable) builder.add(route.destination.interface_id(), route.next_hop);
    }
    return builder.build();
}

std::optional<RouteView> Routes::to(const Address& destination) const {
    const auto it = std::lower_bound(table_.begin(), table_.end(), destination,
                                     [](const RouteView& r, const Address& wanted) { return r.destination < wanted; });
    if (it == table_.end() || it->destination != destination || !it->usable) return std::nullopt;
    return *it;
}

std::vector<Address> Routes::reachable() const {
    std::vector<Address> out;
    for (const RouteView& route : table_) {
        if (route.usable) out.push_back(route.destination);
    }
    return out;
}

}  // namespace aip::routing
