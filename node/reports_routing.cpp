// What a node says about its links and routes.
#include <algorithm>

#include "node/node.hpp"

namespace aip::node {
namespace {

Cell integer(uint64_t v) { return static_cast<int64_t>(v); }
Cell text(std::string_view v) { return std::string(v); }
Cell cost_cell(uint16_t cost) { return cost == routing::babel::kInfinity ? Cell{} : integer(cost); }

const char* link_state(const routing::babel::NeighbourView& link) {
    if (link.rx_cost == routing::babel::kInfinity) return "silent";
    if (link.tx_cost == routing::babel::kInfinity) return "does not hear us";
    return "up";
}

const char* route_state(const routing::babel::RouteView& route) {
    if (route.selected) return "selected";
    if (route.metric == routing::babel::kInfinity) return "retracted";
    return route.feasible ? "in reserve" : "not feasible: it could loop";
}

}  // namespace

Report Node::report_peers() const {
    Report r{"Neighbours",
             {{"address", ColumnType::kText},
              {"port", ColumnType::kInteger},
              {"link", ColumnType::kText},
              {"state", ColumnType::kText},
              {"cost", ColumnType::kInteger},
              {"hears_us", ColumnType::kInteger},
              {"loss_pct", ColumnType::kReal},
              {"rtt_ms", ColumnType::kReal},
              {"heard_ms_ago", ColumnType::kInteger},
              {"mtu", ColumnType::kInteger}},
             {},
             {}};
    const Instant now = services_.clock.now();
    const routing::Neighbours& known = router_.neighbours();
    const auto links = router_.speaker().neighbours();
    for (const routing::babel::NeighbourView& link : links) {
        const auto* node = known.find(link.port, link.link, link.address.interface_id());
        r.rows.push_back({text(node != nullptr ? node->address.text() : link.address.text()), integer(link.port),
                          text(link.link.text()), text(link_state(link)), cost_cell(link.cost), cost_cell(link.tx_cost),
                          100 * link.loss, link.rtt ? Cell{static_cast<double>(link.rtt->count_us()) / 1000} : Cell{},
                          integer(static_cast<uint64_t>((now - link.last_heard).count_ms())),
                          node != nullptr ? integer(node->mtu) : Cell{}});
    }
    for (const routing::Neighbour& n : known.table()) {
        const bool speaks = std::any_of(links.begin(), links.end(),
                                        [&](const auto& link) { return link.port == n.port && link.link == n.link; });
        if (speaks) continue;
        r.rows.push_back({text(n.address.text()), integer(n.port), text(n.link.text()), text("introduced, silent"),
                          Cell{}, Cell{}, Cell{}, Cell{},
                          integer(static_cast<uint64_t>((now - n.last_heard).count_ms())), integer(n.mtu)});
    }
    r.notes.push_back(
        "cost: 96 for a link that loses nothing, more with loss and delay; hears_us: the cost it tells us");
    return r;
}

// Every route there is and why it is taken or not; the first of a destination is the one in use, if there is one.
Report Node::report_routes() const {
    Report r{"Routes",
             {{"destination", ColumnType::kText},
              {"via", ColumnType::kText},
              {"port", ColumnType::kInteger},
              {"metric", ColumnType::kInteger},
              {"seqno", ColumnType::kInteger},
              {"selected", ColumnType::kBoolean},
              {"state", ColumnType::kText}},
             {},
             {}};
    auto all = router_.speaker().routes();
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        if (a.destination != b.destination) return a.destination < b.destination;
        if (a.selected != b.selected) return a.selected;
        return a.metric < b.metric;
    });
    for (const routing::babel::RouteView& route : all) {
        const auto* via = router_.neighbours().find(route.port, route.link, route.next_hop.interface_id());
        r.rows.push_back({text(route.destination.text()),
                          text(via != nullptr ? via->address.text() : route.next_hop.text()), integer(route.port),
                          cost_cell(route.metric), integer(route.seqno), route.selected, text(route_state(route))});
    }
    return r;
}

}  // namespace aip::node
