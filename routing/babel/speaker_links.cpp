// Links: who is there, and what the way there costs (RFC 8966 section 3.4, Appendix A; RFC 9616).
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "routing/babel/speaker_impl.hpp"

namespace aip::routing::babel {
namespace {

constexpr Duration kUpdateIntervalMax = Duration::seconds(40);        // so that routes outlive three of them
constexpr Duration kIntervalMin = Duration::milliseconds(10);         // what the packets can say
constexpr int kSettleHellos = 9;                                      // a silent link is dead after 8.25
constexpr Duration kSettleMargin = Duration::milliseconds(500);       // for the last packets of the earlier life
constexpr Duration kDistrustRestarted = Duration::milliseconds(500);  // the same, as seen by a neighbour
constexpr Duration kLate = Duration::milliseconds(100);

bool looks_like_babel(ByteView payload) { return payload.size() >= 4 && payload[0] == 42 && payload[1] == 2; }

PacketVerdict verdict_of(Authenticator::Verdict verdict) {
    switch (verdict) {
        case Authenticator::Verdict::kGood: return PacketVerdict::kAccepted;
        case Authenticator::Verdict::kNoMac: return PacketVerdict::kNoMac;
        case Authenticator::Verdict::kBadMac: return PacketVerdict::kBadMac;
        case Authenticator::Verdict::kReplay: return PacketVerdict::kReplay;
        case Authenticator::Verdict::kChallenged: break;
    }
    return PacketVerdict::kChallenged;
}

// Small changes are let go, except back to the cost of a perfect link.
bool worth_applying(uint16_t used, uint16_t measured, uint16_t perfect) {
    if (used == measured) return false;
    if (used == kInfinity || measured == kInfinity || measured == perfect) return true;
    return 8 * std::abs(int{measured} - int{used}) > int{used};
}

}  // namespace

void Speaker::Impl::add_interface(uint16_t port, InterfaceOptions interface_options, Instant now) {
    remove_interface(port, now);
    Interface& interface = interfaces_[port];
    interface.port = port;
    interface.options = std::move(interface_options);
    InterfaceOptions& o = interface.options;
    o.hello_interval = std::max(o.hello_interval, kIntervalMin);
    o.update_interval = std::clamp(o.update_interval, kIntervalMin, kUpdateIntervalMax);
    if (!o.keys.empty()) interface.mac.emplace(o.keys, rng);
    interface.hello_seqno = hello_seqnos_.try_emplace(port, static_cast<uint16_t>(rng.next())).first->second;
    interface.next_hello = now;
    interface.next_update = now + o.update_interval -
                            Duration::nanoseconds(static_cast<int64_t>(
                                rng.below(static_cast<uint64_t>(o.update_interval.count_ns()) / 2 + 1)));
    arm(interface);
    if (!options.restarted || now >= settle_until_) return;
    if (!settle_from_) settle_from_ = now;
    const Instant until = *settle_from_ + o.hello_interval * kSettleHellos + kSettleMargin;
    if (settle_until_ == Instant::never() || settle_until_ < until) settle_until_ = until;
    agenda_.arm(settle_armed_, settle_until_, Agenda::What::kSettled, 0);
}

void Speaker::Impl::remove_interface(uint16_t port, Instant now) {
    const auto it = interfaces_.find(port);
    if (it == interfaces_.end()) return;
    while (!it->second.neighbours.empty()) remove_neighbour(*it->second.neighbours.back(), now);
    hello_seqnos_[port] = it->second.hello_seqno;
    interfaces_.erase(it);
}

PacketVerdict Speaker::Impl::receive(uint16_t port, const dataplane::LinkAddress& from, const Endpoints& ends,
                                     ByteView payload, Instant now) {
    const auto it = interfaces_.find(port);
    if (it == interfaces_.end()) return PacketVerdict::kUnknownPort;
    Interface& interface = it->second;
    if (!ends.source.is_link_local() || ends.source == link_local) return PacketVerdict::kNotLinkLocal;
    if (ends.destination != kGroup && ends.destination != link_local) return PacketVerdict::kNotLinkLocal;
    if (!looks_like_babel(payload)) return PacketVerdict::kNotBabel;
    if (interface.mac) {
        const PacketVerdict verdict = authenticate(interface, from, ends, payload, now);
        if (verdict != PacketVerdict::kAccepted) return verdict;
    }
    Neighbour* neighbour = find_neighbour(interface, ends.source);
    if (!neighbour) neighbour = add_neighbour(interface, ends.source, from, {}, now);
    if (!neighbour) return PacketVerdict::kTableFull;
    if (neighbour->link != from) {
        neighbour->link = from;
        changed_ = true;
    }
    neighbour->last_heard = now;
    Arrival arrival{interface, neighbour, now, {}, {}};
    const ParseResult result = parse_packet(payload, [&](const Tlv& tlv) { handle(arrival, tlv); });
    measure(arrival);
    return result == ParseResult::kGood ? PacketVerdict::kAccepted : PacketVerdict::kTruncated;
}

PacketVerdict Speaker::Impl::authenticate(Interface& interface, const dataplane::LinkAddress& from,
                                          const Endpoints& ends, ByteView payload, Instant now) {
    const PacketVerdict verdict = verdict_of(interface.mac->check(payload, ends, now));
    for (Authenticator::Answer& answer : interface.mac->take_answers(link_local)) {
        Neighbour* neighbour = find_neighbour(interface, answer.to);
        if (neighbour && answer.replies) {  // not everybody asks for our table again
            neighbour->outbox.table = neighbour->outbox.hello = true;
            post(*neighbour, std::max(now, neighbour->sent.hello_at + kHelloSpacing));
        }
        if (answer.to != ends.source && !neighbour) continue;
        bytes_out_ += answer.packet.size();
        out_.push_back(
            {interface.port, answer.to, answer.to == ends.source ? from : neighbour->link, std::move(answer.packet)});
    }
    return verdict;
}

void Speaker::Impl::handle(Arrival& arrival, const Tlv& tlv) {
    Neighbour& neighbour = *arrival.neighbour;
    const Instant now = arrival.now;
    if (const auto* hello = std::get_if<HelloTlv>(&tlv)) return on_hello(arrival, *hello);
    if (const auto* ihu = std::get_if<IhuTlv>(&tlv)) return on_ihu(arrival, *ihu);
    if (const auto* update = std::get_if<UpdateTlv>(&tlv)) return on_update(neighbour, *update, now);
    if (const auto* route = std::get_if<RouteRequestTlv>(&tlv)) return on_route_request(neighbour, *route, now);
    if (const auto* seqno = std::get_if<SeqnoRequestTlv>(&tlv)) return on_seqno_request(neighbour, *seqno, now);
    if (const auto* ack = std::get_if<AckRequestTlv>(&tlv)) return say(neighbour, AckTlv{ack->opaque}, now);
}

void Speaker::Impl::on_hello(Arrival& arrival, const HelloTlv& hello) {
    const uint32_t received_us = clock_us(arrival.now);
    const auto record = [&]() -> bool {
        Neighbour& neighbour = *arrival.neighbour;
        if (hello.sent_us && !neighbour.rtt.hello(*hello.sent_us, received_us)) return false;
        if (!hello.unicast && hello.interval > Duration{})
            return neighbour.hellos.hear(hello.seqno, hello.interval, arrival.now) != HelloHistory::Heard::kRestarted;
        neighbour.hellos.hear_unicast(
            hello.interval > Duration{} ? hello.interval : arrival.interface.options.hello_interval, arrival.now);
        return true;
    };
    if (!record()) {
        restart_neighbour(arrival);
        record();
    }
    arrival.hello_sent_us = hello.sent_us;
    arrival.neighbour->probation_ends = Instant::never();
    refresh_cost(*arrival.neighbour, arrival.now);
}

void Speaker::Impl::on_ihu(Arrival& arrival, const IhuTlv& ihu) {
    if (ihu.address && *ihu.address != link_local) return;
    Neighbour& neighbour = *arrival.neighbour;
    const Duration interval =
        ihu.interval > Duration{} ? ihu.interval : arrival.interface.options.hello_interval * kIhuHellos;
    neighbour.tx_cost = ihu.rx_cost;
    neighbour.tx_expires = arrival.now + interval * 7 / 2;
    arrival.echo = ihu.echo;
    refresh_cost(neighbour, arrival.now);
}

// Two timestamps of one packet make a sample.
void Speaker::Impl::measure(Arrival& arrival) {
    if (!arrival.hello_sent_us || !arrival.echo) return;
    arrival.neighbour->rtt.sample(*arrival.echo, *arrival.hello_sent_us, clock_us(arrival.now));
    refresh_cost(*arrival.neighbour, arrival.now);
}

Neighbour* Speaker::Impl::find_neighbour(const Interface& interface, const Address& address) {
    for (Neighbour* neighbour : interface.neighbours)
        if (neighbour->address == address) return neighbour;
    return nullptr;
}

Neighbour* Speaker::Impl::add_neighbour(Interface& interface, const Address& address,
                                        const dataplane::LinkAddress& link, const Neighbour::Sent& sent, Instant now) {
    if (neighbours_.size() >= limits::kNeighboursMax) return nullptr;
    auto owned = std::make_unique<Neighbour>();
    Neighbour& neighbour = *owned;
    neighbour.id = next_neighbour_id_++;
    neighbour.port = interface.port;
    neighbour.address = address;
    neighbour.link = link;
    neighbour.last_heard = now;
    neighbour.sent = sent;
    neighbour.probation_ends = now + interface.options.hello_interval * 5;
    neighbours_.emplace(neighbour.id, std::move(owned));
    interface.neighbours.push_back(&neighbour);
    neighbour.outbox.table = now >= sent.table_at + kTableSpacing;
    greet(neighbour, now);
    return &neighbour;
}

void Speaker::Impl::remove_neighbour(Neighbour& neighbour, Instant now) {
    neighbour.cost = kInfinity;
    table_.for_each([&](Destination& destination) {
        if (!destination.find(&neighbour)) return;
        reselect(destination, now);
        table_.remove_route(destination, &neighbour);
        table_.remove_if_idle(destination);
    });
    std::erase(interface_of(neighbour).neighbours, &neighbour);
    neighbours_.erase(neighbour.id);
}

void Speaker::Impl::restart_neighbour(Arrival& arrival) {
    const Address address = arrival.neighbour->address;
    const dataplane::LinkAddress link = arrival.neighbour->link;
    const Neighbour::Sent sent = arrival.neighbour->sent;
    remove_neighbour(*arrival.neighbour, arrival.now);
    arrival.neighbour = add_neighbour(arrival.interface, address, link, sent, arrival.now);
    AIP_ASSERT(arrival.neighbour != nullptr);
    arrival.neighbour->distrusted_until = arrival.now + kDistrustRestarted;
}

uint16_t Speaker::Impl::rx_cost(const Neighbour& neighbour) const {
    return neighbour.hellos.cost(interface_of(neighbour).options.cost);
}

// ETX: the nominal cost over the shares that get through, there (alpha, from the IHU) and back (beta, our history).
uint16_t Speaker::Impl::measured_cost(const Neighbour& neighbour) const {
    const InterfaceOptions& o = interface_of(neighbour).options;
    const uint32_t rx = rx_cost(neighbour);
    if (rx == kInfinity || neighbour.tx_cost == kInfinity) return kInfinity;
    uint32_t cost = std::max<uint32_t>(neighbour.tx_cost, o.cost) * rx / std::max<uint32_t>(o.cost, 1);
    if (o.delay_penalty && neighbour.rtt.smoothed())
        cost += Rtt::penalty(*neighbour.rtt.smoothed(), o.rtt_min, o.rtt_max, o.penalty_max);
    return static_cast<uint16_t>(std::clamp<uint32_t>(cost, 1, kInfinity - 1));
}

void Speaker::Impl::refresh_cost(Neighbour& neighbour, Instant now) {
    const bool heard = rx_cost(neighbour) != kInfinity;
    if (heard != (neighbour.rx_cost_said != kInfinity)) {
        neighbour.ihus_eager = 3;
        neighbour.outbox.hello = true;
        post(neighbour, std::max(now, neighbour.sent.hello_at + kHelloSpacing));
    }
    const uint16_t measured = measured_cost(neighbour);
    if (worth_applying(neighbour.cost, measured, interface_of(neighbour).options.cost)) {
        if (neighbour.cost == kInfinity && !neighbour.table_wanted) {  // back: much may have changed in between
            neighbour.table_wanted = neighbour.outbox.ask = true;
            neighbour.table_asks = 0;
            post(neighbour, now);
        }
        neighbour.cost = measured;
        reselect_all_through(neighbour, now);
    }
    arm(neighbour);
}

void Speaker::Impl::run_neighbour(Neighbour& neighbour, Instant now) {
    const bool missed = now >= neighbour.hellos.deadline();
    if (missed) neighbour.hellos.miss(now);
    if (neighbour.hellos.silent() || now >= neighbour.probation_ends) {
        Interface& interface = interface_of(neighbour);
        if (interface.mac) interface.mac->forget(neighbour.address);
        return remove_neighbour(neighbour, now);
    }
    // Late ourselves: its IHU may be waiting to be read.
    if (now - kLate > neighbour.tx_expires) neighbour.tx_expires = now + kLate;
    const bool unheard = now >= neighbour.tx_expires;
    if (unheard) {
        neighbour.tx_cost = kInfinity;
        neighbour.tx_expires = Instant::never();
    }
    if (missed || unheard) refresh_cost(neighbour, now);
    if (now >= neighbour.outbox.due) send_outbox(neighbour, now);
    arm(neighbour);
}

}  // namespace aip::routing::babel
