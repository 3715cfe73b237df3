// Routes: what neighbours announce, what is selected, what has run out (RFC 8966 sections 3.5 to 3.7).
#include <algorithm>

#include "routing/babel/speaker_impl.hpp"

namespace aip::routing::babel {
namespace {

constexpr int kCopies = 2;       // further ones of what matters; RFC 8966 section 3.7.2 allows four
constexpr int kCopiesLossy = 4;  // where much is lost
constexpr double kLossy = 0.1;
constexpr Duration kRouteHoldMin = Duration::milliseconds(500);
constexpr Duration kForwardedFor = Duration::seconds(10);  // an answer is passed on that long

// A change that neighbours hear of at once; smaller ones wait for the periodic update.
bool significant(uint16_t told, uint16_t metric) {
    return told == kInfinity || 4 * std::abs(int{metric} - int{told}) >= int{told};
}

}  // namespace

void Speaker::Impl::on_update(Neighbour& neighbour, const UpdateTlv& update, Instant now) {
    if (!neighbour.hellos.heard_any()) return;
    neighbour.table_wanted = now < neighbour.distrusted_until;
    if (update.wildcard) {
        if (update.metric == kInfinity) retract_all(neighbour, now);
        return;
    }
    const Prefix& prefix = update.prefix;
    if (prefix.is_ipv4 || prefix.length != 128 || !prefix.address.is_node() ||
        prefix.address.network() != options.self.network())
        return refuse(Refusal::kNotNode);
    const InterfaceId id = prefix.address.interface_id();
    if (id == self_id) return refuse(Refusal::kOwnAddress);

    bool retraction = update.metric == kInfinity;
    if (!retraction && update.router_id != static_cast<RouterId>(id)) {
        refuse(Refusal::kWrongOriginator);
        retraction = true;  // whatever it was before, it leads there no more
    } else if (!retraction && update.next_hop && *update.next_hop != neighbour.address) {
        refuse(Refusal::kForeignNextHop);
        retraction = true;
    }
    if (!retraction && now < neighbour.distrusted_until && update.metric != 0) return;
    if (!retraction) return learn(neighbour, id, update, now);
    if (Destination* destination = table_.find(id)) retract(neighbour, *destination, now);
}

void Speaker::Impl::learn(Neighbour& neighbour, InterfaceId id, const UpdateTlv& update, Instant now) {
    const Distance distance{update.seqno, update.metric};
    Destination* destination = table_.find_or_add(id);
    if (!destination) return refuse(Refusal::kTableFull);
    Route* route = destination->find(&neighbour);
    const bool feasible = table_.feasible(*destination, distance);
    if (route && !feasible && destination->selected == &neighbour) {
        // Kept as it was, which is still free of loops, unless there is a better one than it has become.
        refuse(Refusal::kUnfeasible);
        ask_seqno(*destination, *route, now);
        if (!has_better(*destination, neighbour, update.metric)) return;
    } else if (!route) {
        route = table_.add_route(*destination, neighbour, now);
        if (!route) {
            table_.remove_if_idle(*destination);
            return refuse(Refusal::kTableFull);
        }
    }
    route->advertised = distance;
    route->hold = std::clamp(update.interval * 7 / 2, kRouteHoldMin, kRouteHoldMax);
    route->expires = now + route->hold;
    route->refresh_asked = false;
    reselect(*destination, now);
    if (!feasible) on_unfeasible(*destination, *route, now);
}

bool Speaker::Impl::has_better(const Destination& destination, const Neighbour& than, uint16_t its_metric) const {
    const uint32_t metric = uint32_t{its_metric} + than.cost;
    return std::any_of(destination.routes.begin(), destination.routes.end(), [&](const Route& route) {
        return route.neighbour != &than && table_.usable(destination, route) && route.metric() < metric;
    });
}

// RFC 8966 section 3.8.2: a route that would be wanted if only it were feasible.
void Speaker::Impl::on_unfeasible(Destination& destination, Route& route, Instant now) {
    refuse(Refusal::kUnfeasible);
    if (const Route* chosen = destination.chosen()) {
        const int metric = chosen->metric();
        if (route.metric() + metric / 8 < metric) ask_seqno(destination, route, now);
        return;
    }
    if (route.metric() == kInfinity) return;
    // It may still route through us: say again that there is nothing here.
    answer(*route.neighbour, destination.id, now);
    if (destination.request && destination.request->own) return ask_seqno(destination, route, now);
    start_request(destination, now);
}

void Speaker::Impl::retract(Neighbour& neighbour, Destination& destination, Instant now) {
    Route* route = destination.find(&neighbour);
    if (!route || route->advertised.metric == kInfinity) return;
    route->advertised.metric = kInfinity;
    route->expires = now + route->hold;
    reselect(destination, now);
}

void Speaker::Impl::retract_all(Neighbour& neighbour, Instant now) {
    table_.for_each([&](Destination& destination) { retract(neighbour, destination, now); });
}

void Speaker::Impl::reselect(Destination& destination, Instant now) {
    const bool had = destination.selected != nullptr;
    if (table_.select(destination, time_constant(destination), now)) changed_ = true;
    const Route* chosen = destination.chosen();
    if (chosen) {
        if (significant(destination.sent_metric, chosen->metric())) {
            changed_ = true;
            trigger(destination, destination.sent_metric == kInfinity ? copies() : 0, Urgency::kGathered, now);
        }
        if (destination.request) check_request(destination, *chosen, now);
    } else if (had) {
        lost(destination, now);
    }
    arm(destination);
}

void Speaker::Impl::check_request(Destination& destination, const Route& chosen, Instant now) {
    SeqnoRequest& request = *destination.request;
    if (!seqno_newer(request.seqno, chosen.advertised.seqno)) {
        destination.request.reset();
        trigger(destination, copies(), Urgency::kAtOnce, now);
    } else if (request.own) {  // there is a route again, but others may have asked through us
        request.own = false;
        request.due = now + kForwardedFor;
    }
}

void Speaker::Impl::reselect_all_through(const Neighbour& neighbour, Instant now) {
    if (neighbour.routes == 0) return;
    table_.for_each([&](Destination& destination) {
        if (destination.find(&neighbour)) reselect(destination, now);
    });
}

void Speaker::Impl::lost(Destination& destination, Instant now) {
    if (destination.sent_metric != kInfinity) {
        Duration longest;
        for (const auto& [port, interface] : interfaces_)
            longest = std::max(longest, interface.options.update_interval);
        destination.retract_until = now + longest * 2;
        trigger(destination, copies(), Urgency::kAtOnce, now);
    }
    start_request(destination, now);
}

int Speaker::Impl::copies() const {
    for (const auto& [id, neighbour] : neighbours_)
        if (neighbour->hellos.loss() > kLossy) return kCopiesLossy;
    return kCopies;
}

void Speaker::Impl::run_destination(Destination& destination, Instant now) {
    run_routes(destination, now);
    if (destination.source.forget_if_due(now) || now >= destination.recheck_at) reselect(destination, now);
    if (destination.request && now >= destination.request->due) run_request(destination, now);
    if (now >= destination.copy_at) {
        destination.copy_at = Instant::never();
        const bool spare = destination.selected && all_know(destination);
        destination.copies = spare ? 0 : static_cast<uint8_t>(destination.copies - 1);
        if (!spare) trigger(destination, 0, Urgency::kGathered, now);
    }
    if (!table_.remove_if_idle(destination)) arm(destination);
}

// Expiry in two stages (section 3.5.3), and a question to the neighbour before the first (section 3.8.2.3).
void Speaker::Impl::run_routes(Destination& destination, Instant now) {
    bool expired = false;
    for (size_t i = destination.routes.size(); i-- > 0;) {
        Route& route = destination.routes[i];
        const bool finite = route.advertised.metric != kInfinity;
        if (now >= route.expires && finite) {
            route.advertised.metric = kInfinity;
            route.expires = now + route.hold;
            expired = true;
        } else if (now >= route.expires) {
            table_.remove_route(destination, route.neighbour);
        } else if (now >= route.refresh_at() && !route.refresh_asked && route.neighbour == destination.selected) {
            route.refresh_asked = true;
            say(*route.neighbour, RouteRequestTlv{prefix_of(destination.id)}, now);
        }
    }
    if (expired) reselect(destination, now);
}

void Speaker::Impl::settled(Instant now) {
    table_.set_settling(false);
    table_.for_each([&](Destination& destination) { reselect(destination, now); });
}

Duration Speaker::Impl::time_constant(const Destination& destination) const {
    const Neighbour* neighbour = destination.selected         ? destination.selected
                                 : destination.routes.empty() ? nullptr
                                                              : destination.routes.front().neighbour;
    return neighbour ? interface_of(*neighbour).options.hello_interval * 3 : Duration::seconds(3);
}

}  // namespace aip::routing::babel
