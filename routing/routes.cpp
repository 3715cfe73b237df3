#include "routing/routes.hpp"

#include <algorithm>

namespace aip::routing {

std::unique_ptr<const dataplane::Fib> Routes::fib(uint64_t salt) const {
    dataplane::FibBuilder builder(salt);
    for (const RouteView& route : table_)
        static_cast<void>(builder.add(route.destination.interface_id(), route.next_hop));
    return builder.build();
}

const RouteView* Routes::to(const Address& destination) const {
    const auto it = std::lower_bound(table_.begin(), table_.end(), destination,
                                     [](const RouteView& r, const Address& wanted) { return r.destination < wanted; });
    return it != table_.end() && it->destination == destination ? &*it : nullptr;
}

std::optional<Duration> Routes::rtt(const RouteView& route) const {
    const auto known = rtts_.find({route.next_hop.port, route.next_hop.to});
    return known != rtts_.end() ? std::optional(known->second) : std::nullopt;
}

std::vector<Address> Routes::reachable() const {
    std::vector<Address> out;
    out.reserve(table_.size());
    for (const RouteView& route : table_) out.push_back(route.destination);
    return out;
}

}  // namespace aip::routing
