#include "routing/babel/route_table.hpp"

#include <algorithm>
#include <cmath>

#include "base/limits.hpp"

namespace aip::routing::babel {
namespace {

void smooth(Route& route, Duration time_constant, Instant now) {
    const auto input = static_cast<float>(route.smoothed_input);
    if (route.smoothed != input && now > route.smoothed_at) {
        const double elapsed = (now - route.smoothed_at).count_s() / time_constant.count_s();
        route.smoothed = input + (route.smoothed - input) * static_cast<float>(std::exp(-elapsed));
        if (std::abs(route.smoothed - input) < 0.5f) route.smoothed = input;
    }
    route.smoothed_at = now;
    const uint16_t metric = route.metric();
    if (route.smoothed_input == kInfinity) route.smoothed = metric;  // back from nowhere: no past to speak of
    if (metric == kInfinity) route.smoothed = kInfinity;
    route.smoothed_input = metric;
}

}  // namespace

uint16_t Route::metric() const {
    if (advertised.metric == kInfinity || !neighbour->usable()) return kInfinity;
    return static_cast<uint16_t>(std::min<uint32_t>(uint32_t{advertised.metric} + neighbour->cost, kInfinity));
}

Route* Destination::find(const Neighbour* neighbour) {
    for (Route& route : routes)
        if (route.neighbour == neighbour) return &route;
    return nullptr;
}

const Route* Destination::find(const Neighbour* neighbour) const {
    return const_cast<Destination*>(this)->find(neighbour);
}

Instant Destination::deadline() const {
    Instant first = std::min({source.forget_at(), copy_at, recheck_at});
    if (request) first = std::min(first, request->due);
    for (const Route& route : routes) {
        const bool refresh = route.neighbour == selected && !route.refresh_asked;
        first = std::min(first, refresh ? route.refresh_at() : route.expires);
    }
    return first;
}

RouteTable::RouteTable(uint64_t salt, bool check_feasibility)
    : destinations_(16, SaltedHash{salt}), check_feasibility_(check_feasibility) {}

Destination* RouteTable::find(InterfaceId id) {
    const auto it = destinations_.find(id);
    return it == destinations_.end() ? nullptr : &it->second;
}

const Destination* RouteTable::find(InterfaceId id) const {
    const auto it = destinations_.find(id);
    return it == destinations_.end() ? nullptr : &it->second;
}

Destination* RouteTable::find_or_add(InterfaceId id) {
    if (Destination* known = find(id)) return known;
    if (destinations_.size() >= limits::kRoutesMax) return nullptr;
    Destination& destination = destinations_[id];
    destination.id = id;
    return &destination;
}

Route* RouteTable::add_route(Destination& destination, Neighbour& neighbour, Instant now) {
    if (routes_ >= limits::kRoutesMax || neighbour.routes >= limits::kRoutesMax / 2) return nullptr;
    ++routes_;
    ++neighbour.routes;
    Route& route = destination.routes.emplace_back();
    route.neighbour = &neighbour;
    route.smoothed_input = kInfinity;
    route.smoothed_at = now;
    return &route;
}

void RouteTable::remove_route(Destination& destination, const Neighbour* neighbour) {
    Route* route = destination.find(neighbour);
    if (!route) return;
    if (destination.selected == neighbour) destination.selected = nullptr;
    --route->neighbour->routes;
    --routes_;
    *route = destination.routes.back();
    destination.routes.pop_back();
}

bool RouteTable::remove_if_idle(Destination& destination) {
    const bool idle = destination.routes.empty() && !destination.source.best() && !destination.request &&
                      !destination.queued && destination.copies == 0;
    if (idle) destinations_.erase(destination.id);
    return idle;
}

bool RouteTable::usable(const Destination& destination, const Route& route) const {
    if (route.metric() == kInfinity || !feasible(destination, route.advertised)) return false;
    if (!settling_) return true;
    return route.advertised.metric == 0 && route.neighbour->address == Address::link_local(destination.id);
}

bool RouteTable::select(Destination& destination, Duration time_constant, Instant now) {
    Route* current = nullptr;
    Route* best = nullptr;
    for (Route& route : destination.routes) {
        smooth(route, time_constant, now);
        if (!usable(destination, route)) continue;
        if (route.neighbour == destination.selected) current = &route;
        if (!best || route.metric() < best->metric()) best = &route;
    }
    destination.recheck_at = Instant::never();
    if (current && best->metric() < current->metric()) {
        Route* steady = current;
        for (Route& route : destination.routes) {
            if (!usable(destination, route) || route.smoothed >= current->smoothed) continue;
            if (route.metric() < steady->metric()) steady = &route;
        }
        if (steady != best) destination.recheck_at = now + time_constant / 3;
        best = steady;
    } else if (current) {
        best = current;
    }
    Neighbour* const before = destination.selected;
    destination.selected = best ? best->neighbour : nullptr;
    return destination.selected != before;
}

void RouteTable::for_each(const std::function<void(Destination&)>& visit) {
    for (auto it = destinations_.begin(); it != destinations_.end();) {
        Destination& destination = it->second;
        ++it;
        visit(destination);
    }
}

void RouteTable::for_each(const std::function<void(const Destination&)>& visit) const {
    for (const auto& [id, destination] : destinations_) visit(destination);
}

}  // namespace aip::routing::babel
