#include "routing/babel/speaker.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "routing/babel/speaker_impl.hpp"

namespace aip::routing::babel {
namespace {

RouteView view_of(const RouteTable& table, const Destination& destination, const Route& route, const Prefix& prefix) {
    RouteView view;
    view.destination = prefix.address;
    view.router_id = static_cast<RouterId>(destination.id);
    view.port = route.neighbour->port;
    view.next_hop = route.neighbour->address;
    view.link = route.neighbour->link;
    view.seqno = route.advertised.seqno;
    view.advertised_metric = route.advertised.metric;
    view.metric = route.metric();
    view.smoothed_metric = static_cast<uint16_t>(std::min(route.smoothed, static_cast<float>(kInfinity)));
    view.feasible = table.feasible(destination, route.advertised);
    view.selected = destination.selected == route.neighbour;
    view.expires = route.expires;
    return view;
}

void sort_by_destination(std::vector<RouteView>& views) {
    std::sort(views.begin(), views.end(), [](const RouteView& a, const RouteView& b) {
        return std::tie(a.destination, a.port, a.next_hop) < std::tie(b.destination, b.port, b.next_hop);
    });
}

}  // namespace

std::string_view packet_verdict_name(PacketVerdict verdict) {
    static constexpr std::array<std::string_view, kPacketVerdicts> kNames{
        "accepted", "unknown-port", "not-link-local", "not-babel",  "truncated",
        "no-mac",   "bad-mac",      "replay",         "challenged", "table-full"};
    return kNames[static_cast<size_t>(verdict)];
}

std::string_view refusal_name(Refusal refusal) {
    static constexpr std::array<std::string_view, kRefusals> kNames{"own-address", "not-a-node", "wrong-originator",
                                                                    "unfeasible",  "table-full", "foreign-next-hop"};
    return kNames[static_cast<size_t>(refusal)];
}

Speaker::Impl::Impl(SpeakerOptions speaker_options, Rng& random)
    : options(std::move(speaker_options)),
      rng(random),
      self_id(options.self.interface_id()),
      link_local(Address::link_local(self_id)),
      clock_offset_(static_cast<uint32_t>(rng.next())),
      seqno_(options.first_seqno),
      seqnos_left_(options.seqnos_reserved - 1u),
      seqnos_half_(options.seqnos_reserved / 2u),
      table_(rng.next(), options.check_feasibility) {
    AIP_ASSERT(options.self.is_node() && options.seqnos_reserved > 0);
    table_.set_settling(options.restarted);
}

Speaker::Speaker(SpeakerOptions options, Rng& rng) : impl_(std::make_unique<Impl>(std::move(options), rng)) {}
Speaker::~Speaker() = default;

void Speaker::add_interface(uint16_t port, InterfaceOptions options, Instant now) {
    impl_->add_interface(port, std::move(options), now);
}

void Speaker::remove_interface(uint16_t port, Instant now) { impl_->remove_interface(port, now); }

void Speaker::greet(uint16_t port, const Address& link_local, const dataplane::LinkAddress& link, Instant now) {
    const auto it = impl_->interfaces_.find(port);
    if (it == impl_->interfaces_.end() || !link_local.is_link_local() || link_local == impl_->link_local) return;
    Neighbour* known = impl_->find_neighbour(it->second, link_local);
    if (known) return impl_->greet(*known, now);
    impl_->add_neighbour(it->second, link_local, link, {}, now);
}

void Speaker::drop_neighbour(uint16_t port, const Address& link_local, Instant now) {
    const auto it = impl_->interfaces_.find(port);
    if (it == impl_->interfaces_.end()) return;
    Neighbour* neighbour = impl_->find_neighbour(it->second, link_local);
    if (neighbour) impl_->remove_neighbour(*neighbour, now);
}

PacketVerdict Speaker::on_packet(uint16_t port, const dataplane::LinkAddress& from, const Address& source,
                                 const Address& destination, ByteView payload, Instant now) {
    const PacketVerdict verdict = impl_->receive(port, from, {source, destination}, payload, now);
    ++impl_->verdicts_[static_cast<size_t>(verdict)];
    return verdict;
}

std::vector<PacketOut> Speaker::poll(Instant now) { return impl_->poll(now); }

Instant Speaker::next_wakeup() const { return impl_->out_.empty() ? impl_->agenda_.next() : Instant{}; }

bool Speaker::seqno_wanted() const { return impl_->seqno_owed_ || impl_->seqnos_left_ <= impl_->seqnos_half_; }

void Speaker::reserve_seqnos(uint16_t more) {
    impl_->seqnos_left_ += more;
    impl_->seqnos_half_ = impl_->seqnos_left_ / 2;
    if (!impl_->seqno_owed_ || impl_->seqnos_left_ == 0) return;
    impl_->seqno_owed_ = false;
    impl_->raise_seqno(Instant{});
}

uint16_t Speaker::seqno() const { return impl_->seqno_; }

bool Speaker::changed() { return std::exchange(impl_->changed_, false); }

std::vector<RouteView> Speaker::selected() const {
    std::vector<RouteView> views;
    std::as_const(impl_->table_).for_each([&](const Destination& destination) {
        if (const Route* route = destination.chosen())
            views.push_back(view_of(impl_->table_, destination, *route, impl_->prefix_of(destination.id)));
    });
    sort_by_destination(views);
    return views;
}

std::vector<RouteView> Speaker::routes() const {
    std::vector<RouteView> views;
    std::as_const(impl_->table_).for_each([&](const Destination& destination) {
        for (const Route& route : destination.routes)
            views.push_back(view_of(impl_->table_, destination, route, impl_->prefix_of(destination.id)));
    });
    sort_by_destination(views);
    return views;
}

std::vector<NeighbourView> Speaker::neighbours() const {
    std::vector<NeighbourView> views;
    for (const auto& [port, interface] : impl_->interfaces_) {
        for (const Neighbour* neighbour : interface.neighbours) {
            NeighbourView& view = views.emplace_back();
            view.port = port;
            view.address = neighbour->address;
            view.link = neighbour->link;
            view.rx_cost = impl_->rx_cost(*neighbour);
            view.tx_cost = neighbour->tx_cost;
            view.cost = neighbour->cost;
            view.history = neighbour->hellos.bits();
            view.loss = neighbour->hellos.loss();
            view.rtt = neighbour->rtt.smoothed();
            view.last_heard = neighbour->last_heard;
        }
    }
    return views;
}

std::optional<RouteView> Speaker::route_to(const Address& destination) const {
    if (!destination.is_node() || destination.network() != impl_->options.self.network()) return std::nullopt;
    const Destination* known = std::as_const(impl_->table_).find(destination.interface_id());
    const Route* route = known ? known->chosen() : nullptr;
    if (!route) return std::nullopt;
    return view_of(impl_->table_, *known, *route, impl_->prefix_of(known->id));
}

uint64_t Speaker::count(PacketVerdict verdict) const { return impl_->verdicts_[static_cast<size_t>(verdict)]; }
uint64_t Speaker::count(Refusal refusal) const { return impl_->refused_[static_cast<size_t>(refusal)]; }
uint64_t Speaker::bytes_out() const { return impl_->bytes_out_; }

uint64_t Speaker::tables_delayed() const { return impl_->tables_delayed_; }

}  // namespace aip::routing::babel
