// Which neighbour takes a packet nearer to a node (rfc/0003 section 2.5): every two-way neighbour at metric 1, and
// the routes the configuration names. The best metric wins; between equals a neighbour, then the lower next hop.
//
// Invariants: one route per destination; a usable route's next hop is a two-way link; none leads to ourselves.
// rebuild() when Neighbours::changed(); then fib() is the snapshot the dataplane reads, to() and table() what policies
// and people read. Loop thread. A routing protocol will add its routes in the same place as the static ones.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "dataplane/fib.hpp"
#include "routing/neighbours.hpp"

namespace aip::routing {

struct StaticRoute {
    Address destination;
    Address via;          // a neighbour
    uint32_t metric = 2;  // kMetricMin..kMetricMax
};
inline constexpr uint32_t kMetricMin = 1;
inline constexpr uint32_t kMetricMax = 65'534;

enum class RouteKind : uint8_t { kNeighbour, kStatic };
std::string_view route_kind_name(RouteKind kind);

struct RouteView {
    Address destination;
    Address via;
    RouteKind kind = RouteKind::kNeighbour;
    uint32_t metric = 0;
    bool usable = false;
    dataplane::NextHop next_hop;   // meaningful if usable
    const char* state = "usable";  // for people: "usable", or why not
};

class Routes {
public:
    // kInvalid names the route that is wrong: to ourselves, via itself, metric out of range, too many.
    static Result<Routes> create(const Address& self, std::vector<StaticRoute> routes);

    void rebuild(const Neighbours& neighbours);
    std::unique_ptr<const dataplane::Fib> fib(uint64_t salt = 0) const;  // of the last rebuild

    std::optional<RouteView> to(const Address& destination) const;  // the usable route, if there is one
    // Every destination once, by address: its usable route, or else the best one with the reason it is not usable.
    const std::vector<RouteView>& table() const { return table_; }
    std::vector<Address> reachable() const;

private:
    Routes(const Address& self, std::vector<StaticRoute> routes) : self_(self), static_(std::move(routes)) {}

    Address self_;
    std::vector<StaticRoute> static_;
    std::vector<RouteView> table_;
};

}  // namespace aip::routing
