// Requests: tables and routes that neighbours ask for, seqnos that we ask for or pass on (RFC 8966 section 3.8).
#include <algorithm>

#include "base/limits.hpp"
#include "routing/babel/speaker_impl.hpp"

namespace aip::routing::babel {
namespace {

constexpr uint8_t kHopCount = 64;
constexpr int kResends = 3;
constexpr Duration kResendMin = Duration::milliseconds(100);
constexpr Duration kResendMax = Duration::seconds(2);
constexpr Duration kForwardedFor = Duration::seconds(10);
constexpr Duration kTableCrossed = Duration::milliseconds(100);  // the asker did not have the table we just sent

bool asks_within(const Prefix& prefix, const NetworkId& network) {
    return !prefix.is_ipv4 && prefix.length == 128 && prefix.address.is_node() && prefix.address.network() == network;
}

}  // namespace

void Speaker::Impl::answer(Neighbour& neighbour, InterfaceId id, Instant now) {
    Neighbour::Outbox& box = neighbour.outbox;
    if (box.updates.size() < limits::kBabelOutboxMax) {
        box.updates.push_back(id);
    } else {
        box.table = true;
    }
    post(neighbour, now);
}

void Speaker::Impl::on_route_request(Neighbour& neighbour, const RouteRequestTlv& request, Instant now) {
    if (!request.prefix) {
        if (now < neighbour.sent.table_at + kTableCrossed) return;
        neighbour.outbox.table = true;
        neighbour.outbox.hello = true;  // with an IHU: to whom we are new, we have said none
        return post(neighbour, std::max(now, neighbour.sent.table_at + kTableSpacing));
    }
    if (asks_within(*request.prefix, options.self.network()))
        return answer(neighbour, request.prefix->address.interface_id(), now);
    if (request.prefix->is_ipv4) return;
    UpdateTlv retraction;
    retraction.prefix = *request.prefix;
    retraction.router_id = static_cast<RouterId>(self_id);
    retraction.interval = interface_of(neighbour).options.update_interval;
    say(neighbour, retraction, now);
}

void Speaker::Impl::on_seqno_request(Neighbour& neighbour, const SeqnoRequestTlv& request, Instant now) {
    if (!asks_within(request.prefix, options.self.network())) return;
    const InterfaceId id = request.prefix.address.interface_id();
    if (id == self_id) return on_own_seqno_request(neighbour, request, now);
    Destination* destination = table_.find(id);
    if (!destination) return;
    const bool same_router = request.router_id == static_cast<RouterId>(id);
    const Route* chosen = destination->chosen();
    if (chosen && (!same_router || !seqno_newer(request.seqno, chosen->advertised.seqno)))
        return answer(neighbour, id, now);
    if (same_router) forward_request(neighbour, *destination, request, now);
}

void Speaker::Impl::on_own_seqno_request(Neighbour& neighbour, const SeqnoRequestTlv& request, Instant now) {
    const bool ours = request.router_id == static_cast<RouterId>(self_id);
    if (!ours || !seqno_newer(request.seqno, seqno_)) return answer(neighbour, self_id, now);
    if (!own_triggered_) raise_seqno(now);  // one step at a time, and each is told before the next
}

void Speaker::Impl::raise_seqno(Instant now) {
    if (seqnos_left_ == 0) {
        seqno_owed_ = true;
        return;
    }
    --seqnos_left_;
    ++seqno_;
    own_copies_ = copies();
    own_triggered_ = true;
    send_soon(Urgency::kAtOnce, now);
}

// Passed on once, by unicast, to one neighbour that is not the asker.
void Speaker::Impl::forward_request(Neighbour& from, Destination& destination, const SeqnoRequestTlv& request,
                                    Instant now) {
    if (request.hop_count < 2) return;
    std::optional<SeqnoRequest>& pending = destination.request;
    const Duration window = request_delay(from) / 2;
    if (pending && !seqno_newer(request.seqno, pending->seqno) && now - pending->sent < window) return;

    const Route* target = nullptr;
    const auto rank = [&](const Route& route) {  // the selected, then feasible ones, then the others
        return route.neighbour == destination.selected ? 2 : table_.usable(destination, route) ? 1 : 0;
    };
    for (const Route& route : destination.routes) {
        if (route.neighbour == &from || route.metric() == kInfinity) continue;
        const bool better = !target || rank(route) > rank(*target) ||
                            (rank(route) == rank(*target) && route.metric() < target->metric());
        if (better) target = &route;
    }
    if (!target) return;

    if (!pending || !pending->own) {
        pending = SeqnoRequest{request.seqno, false, 0, {}, now, now + kForwardedFor};
    } else {
        if (seqno_newer(request.seqno, pending->seqno)) pending->seqno = request.seqno;
        pending->sent = now;
    }
    SeqnoRequestTlv passed = request;
    --passed.hop_count;
    say(*target->neighbour, passed, now);
    arm(destination);
}

// All feasible routes are lost (section 3.8.2.1): asks along every route that is left.
void Speaker::Impl::start_request(Destination& destination, Instant now) {
    if (!destination.source.best()) return;
    Duration delay;
    for (Route& route : destination.routes) {
        if (route.metric() == kInfinity) continue;
        ask_seqno(destination, route, now);
        delay = std::max(delay, request_delay(*route.neighbour));
    }
    if (delay == Duration{}) return;
    const auto seqno = static_cast<uint16_t>(destination.source.best()->seqno + 1);
    destination.request = SeqnoRequest{seqno, true, kResends, delay, now, now + delay};
    arm(destination);
}

void Speaker::Impl::ask_seqno(Destination& destination, Route& route, Instant now) {
    if (!destination.source.best() || now < route.seqno_asked + request_delay(*route.neighbour) / 2) return;
    route.seqno_asked = now;
    SeqnoRequestTlv request;
    request.prefix = prefix_of(destination.id);
    request.seqno = static_cast<uint16_t>(destination.source.best()->seqno + 1);
    request.hop_count = kHopCount;
    request.router_id = static_cast<RouterId>(destination.id);
    say(*route.neighbour, request, now);
}

void Speaker::Impl::run_request(Destination& destination, Instant now) {
    SeqnoRequest& request = *destination.request;
    if (!request.own || request.resends == 0) return destination.request.reset();
    for (Route& route : destination.routes)
        if (route.metric() != kInfinity) ask_seqno(destination, route, now);
    --request.resends;
    request.delay = request.delay * 2;
    request.sent = now;
    request.due = now + request.delay;
}

Duration Speaker::Impl::request_delay(const Neighbour& neighbour) const {
    return std::clamp(interface_of(neighbour).options.hello_interval / 2, kResendMin, kResendMax);
}

}  // namespace aip::routing::babel
