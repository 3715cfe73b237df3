// Which neighbour takes a packet nearer to a node: what Babel has selected (rfc/0009), as one snapshot.
//
// Invariants: one route per destination, by address; none leads to ourselves; the links of all nodes' routes together
// never form a loop (routing/babel). fib() is what the dataplane reads, to() and table() what policies and people read.
// Loop thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "dataplane/fib.hpp"

namespace aip::routing {

inline constexpr double kHopMetric = 96;  // of a link that loses nothing, without delay

struct RouteView {
    Address destination;
    Address via;  // the neighbour; a link-local address if it is a router that is no node
    uint16_t metric = 0;
    dataplane::NextHop next_hop;

    bool is_neighbour() const { return via == destination; }
    double hops() const { return metric / kHopMetric; }  // in links that lose nothing
};

class Routes {
public:
    Routes() = default;
    explicit Routes(std::vector<RouteView> by_destination) : table_(std::move(by_destination)) {}

    std::unique_ptr<const dataplane::Fib> fib(uint64_t salt = 0) const;
    const RouteView* to(const Address& destination) const;  // null: no route
    const std::vector<RouteView>& table() const { return table_; }
    std::vector<Address> reachable() const;

    using Link = std::pair<uint16_t, dataplane::LinkAddress>;
    void set_rtts(std::map<Link, Duration> rtts) { rtts_ = std::move(rtts); }
    std::optional<Duration> rtt(const RouteView& route) const;  // of its first link; none: not measured

private:
    std::vector<RouteView> table_;
    std::map<Link, Duration> rtts_;
};

}  // namespace aip::routing
