// Output: marks become packets when they are due (RFC 8966 sections 3.1, 3.7). Hellos are periodic and nothing else
// makes one, but for a unicast one now and then with an IHU that cannot wait: lost Hellos never lead to more Hellos.
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "routing/babel/speaker_impl.hpp"

namespace aip::routing::babel {
namespace {

constexpr size_t kIpv6UdpBytes = 48;
constexpr int kTableAsksMax = 5;
constexpr double kLossyIhu = 0.05;  // an IHU with every Hello

Duration random_part(Rng& rng, Duration whole) {
    return Duration::nanoseconds(static_cast<int64_t>(rng.below(static_cast<uint64_t>(whole.count_ns()) + 1)));
}

// Early by up to an eighth, never late.
Instant next_of(Rng& rng, Instant now, Duration interval) { return now + interval - random_part(rng, interval / 8); }

}  // namespace

class Speaker::Impl::Train {
public:
    Train(Impl& impl, Interface& interface) : Train(impl, interface, kGroup, dataplane::LinkAddress::everyone()) {}
    Train(Impl& impl, Interface& interface, const Neighbour& neighbour)
        : Train(impl, interface, neighbour.address, neighbour.link) {}

    void add(const Tlv& tlv) {
        if (writer_.add(tlv)) return;
        finish();
        AIP_ASSERT(writer_.add(tlv));
    }
    void finish() {
        if (writer_.empty()) return;
        Bytes payload = writer_.finish();
        if (interface_.mac) payload = interface_.mac->protect(std::move(payload), {impl_.link_local, destination_});
        impl_.bytes_out_ += payload.size();
        impl_.out_.push_back({interface_.port, destination_, to_, std::move(payload)});
    }
    const Interface& interface() const { return interface_; }

private:
    Train(Impl& impl, Interface& interface, const Address& destination, const dataplane::LinkAddress& to)
        : impl_(impl),
          interface_(interface),
          destination_(destination),
          to_(to),
          writer_(interface.options.mtu - kIpv6UdpBytes - (interface.mac ? interface.mac->overhead() : 0)) {}

    Impl& impl_;
    Interface& interface_;
    Address destination_;
    dataplane::LinkAddress to_;
    PacketWriter writer_;
};

std::vector<PacketOut> Speaker::Impl::poll(Instant now) {
    while (const auto due = agenda_.take_due(now)) run(*due, now);
    return std::exchange(out_, {});
}

void Speaker::Impl::run(const Agenda::Entry& entry, Instant now) {
    // An entry counts if the object still is armed with it.
    const auto take = [&](Instant& armed) {
        if (armed != entry.at) return false;
        armed = Instant::never();
        return true;
    };
    switch (entry.what) {
        case Agenda::What::kInterface: {
            const auto it = interfaces_.find(static_cast<uint16_t>(entry.key));
            if (it != interfaces_.end() && take(it->second.armed)) run_interface(it->second, now);
            break;
        }
        case Agenda::What::kNeighbour: {
            const auto it = neighbours_.find(static_cast<uint32_t>(entry.key));
            if (it != neighbours_.end() && take(it->second->armed)) run_neighbour(*it->second, now);
            break;
        }
        case Agenda::What::kDestination: {
            Destination* destination = table_.find(InterfaceId{entry.key});
            if (destination && take(destination->armed)) run_destination(*destination, now);
            break;
        }
        case Agenda::What::kTriggered:
            if (take(triggered_armed_)) send_triggered(now);
            break;
        case Agenda::What::kSettled:
            if (!take(settle_armed_)) break;
            if (now >= settle_until_) {
                settled(now);
            } else {
                agenda_.arm(settle_armed_, settle_until_, Agenda::What::kSettled, 0);
            }
            break;
    }
}

void Speaker::Impl::run_interface(Interface& interface, Instant now) {
    if (now >= interface.next_hello) send_hello(interface, now);
    if (now >= interface.next_update) {
        interface.next_update = next_of(rng, now, interface.options.update_interval);
        if (!interface.neighbours.empty()) {
            Train train(*this, interface);
            send_table(train, now);
        }
    }
    arm(interface);
}

void Speaker::Impl::send_hello(Interface& interface, Instant now) {
    const Duration interval = interface.options.hello_interval;
    Train train(*this, interface);
    train.add(HelloTlv{false, interface.hello_seqno++, interval, clock_us(now)});
    const bool all = interface.hellos_sent++ % kIhuHellos == 0;
    for (Neighbour* neighbour : interface.neighbours) {
        const bool eager = neighbour->ihus_eager > 0;
        if (eager) --neighbour->ihus_eager;
        const bool heard = neighbour->hellos.up();
        if (eager || (heard && (all || neighbour->hellos.loss() > kLossyIhu))) train.add(ihu_for(*neighbour, now));
    }
    if (std::exchange(interface.request_due, false)) train.add(RouteRequestTlv{});
    train.finish();
    interface.next_hello = next_of(rng, now, interval);
}

void Speaker::Impl::send_outbox(Neighbour& neighbour, Instant now) {
    Neighbour::Outbox box = std::exchange(neighbour.outbox, {});
    Interface& interface = interface_of(neighbour);
    Train train(*this, interface, neighbour);
    if (box.hello) {
        neighbour.sent.hello_at = now;
        train.add(HelloTlv{true, neighbour.sent.hello_seqno++, Duration{}, clock_us(now)});
        train.add(ihu_for(neighbour, now));
    }
    if (box.ask && neighbour.table_wanted) {
        train.add(RouteRequestTlv{});
        if (++neighbour.table_asks < kTableAsksMax) {
            neighbour.outbox.ask = true;
            post(neighbour, now + interface.options.hello_interval);
        }
    }
    for (const Tlv& tlv : box.tlvs) train.add(tlv);
    if (box.table && may_send_table(interface, now)) {
        neighbour.sent.table_at = now;
        return send_table(train, now);
    }
    if (box.table) {
        ++tables_delayed_;
        neighbour.outbox.table = true;
        post(neighbour, now + kTableSpacing);
    }
    std::sort(box.updates.begin(), box.updates.end());
    box.updates.erase(std::unique(box.updates.begin(), box.updates.end()), box.updates.end());
    for (const InterfaceId id : box.updates) write_answer(train, id, now);
    train.finish();
}

void Speaker::Impl::send_triggered(Instant now) {
    const std::vector<Destination*> destinations = std::exchange(triggered_, {});
    const bool copy = now >= own_copy_at_;
    const bool own = std::exchange(own_triggered_, false) || copy;
    for (auto& [port, interface] : interfaces_) {
        if (interface.neighbours.empty()) continue;
        Train train(*this, interface);
        if (own) write_own(train);
        for (Destination* destination : destinations) write_update(train, *destination, now);
        train.finish();
    }
    for (Destination* destination : destinations) {
        destination->queued = false;
        if (destination->copies > 0) destination->copy_at = now + copy_delay();
        arm(*destination);
    }
    if (copy) --own_copies_;
    if (own) own_copy_at_ = own_copies_ > 0 ? now + copy_delay() : Instant::never();
    agenda_.arm(triggered_armed_, own_copy_at_, Agenda::What::kTriggered, 0);
}

bool Speaker::Impl::may_send_table(Interface& interface, Instant now) {
    Instant& until = interface.tables_until;
    until = std::max(until, now);
    if (until - now > kTableEvery * (kTablesBurst - 1)) return false;
    until = until + kTableEvery;
    return true;
}

void Speaker::Impl::send_table(Train& train, Instant now) {
    write_own(train);
    table_.for_each([&](Destination& destination) {
        if (destination.selected || now < destination.retract_until) write_update(train, destination, now);
    });
    train.finish();
}

// The only place where a feasibility distance changes (section 3.7.3).
void Speaker::Impl::write_update(Train& train, Destination& destination, Instant now) {
    UpdateTlv update = retraction_of(destination.id, train);
    if (const Route* chosen = destination.chosen()) {
        update.seqno = chosen->advertised.seqno;
        update.metric = chosen->metric();
        destination.source.sent({update.seqno, update.metric}, now);
        arm(destination);
    } else if (destination.source.best()) {
        update.seqno = destination.source.best()->seqno;
    }
    destination.sent_metric = update.metric;
    train.add(update);
}

// Who asks is told, if only that there is nothing.
void Speaker::Impl::write_answer(Train& train, InterfaceId id, Instant now) {
    if (id == self_id) return write_own(train);
    if (Destination* destination = table_.find(id)) return write_update(train, *destination, now);
    train.add(retraction_of(id, train));
}

UpdateTlv Speaker::Impl::retraction_of(InterfaceId id, const Train& train) const {
    UpdateTlv update;
    update.prefix = prefix_of(id);
    update.router_id = static_cast<RouterId>(id);
    update.interval = train.interface().options.update_interval;
    return update;
}

void Speaker::Impl::write_own(Train& train) {
    UpdateTlv update = retraction_of(self_id, train);
    update.seqno = seqno_;
    update.metric = 0;
    train.add(update);
}

IhuTlv Speaker::Impl::ihu_for(Neighbour& neighbour, Instant now) {
    neighbour.rx_cost_said = rx_cost(neighbour);
    IhuTlv ihu;
    ihu.address = neighbour.address;
    ihu.rx_cost = neighbour.rx_cost_said;
    ihu.interval = interface_of(neighbour).options.hello_interval * kIhuHellos;
    ihu.echo = neighbour.rtt.echo(clock_us(now));
    return ihu;
}

void Speaker::Impl::trigger(Destination& destination, int copies_after, Urgency urgency, Instant now) {
    destination.copies = std::max(destination.copies, static_cast<uint8_t>(copies_after));
    if (!destination.queued) triggered_.push_back(&destination);
    destination.queued = true;
    send_soon(urgency, now);
}

// Good news waits for more of its kind; bad news and awaited answers hardly.
void Speaker::Impl::send_soon(Urgency urgency, Instant now) {
    Duration delay = Duration::seconds(1);
    for (const auto& [port, interface] : interfaces_) delay = std::min(delay, interface.options.urgent_delay);
    if (urgency == Urgency::kAtOnce) delay = delay / 4;
    agenda_.arm(triggered_armed_, now + delay / 2 + random_part(rng, delay / 2), Agenda::What::kTriggered, 0);
}

Duration Speaker::Impl::copy_delay() {
    return Duration::milliseconds(100) + random_part(rng, Duration::milliseconds(100));
}

// A neighbour that announces the destination itself has heard of it: no copy is needed.
bool Speaker::Impl::all_know(const Destination& destination) const {
    const Route* chosen = destination.chosen();
    for (const auto& [id, neighbour] : neighbours_) {
        if (!neighbour->usable()) continue;
        const Route* route = destination.find(neighbour.get());
        if (!route || route->advertised.metric == kInfinity) return false;
        if (seqno_newer(chosen->advertised.seqno, route->advertised.seqno)) return false;
    }
    return true;
}

void Speaker::Impl::arm(Interface& interface) {
    agenda_.arm(interface.armed, interface.deadline(), Agenda::What::kInterface, interface.port);
}

void Speaker::Impl::arm(Neighbour& neighbour) {
    agenda_.arm(neighbour.armed, neighbour.deadline(), Agenda::What::kNeighbour, neighbour.id);
}

void Speaker::Impl::arm(Destination& destination) {
    agenda_.arm(destination.armed, destination.deadline(), Agenda::What::kDestination,
                static_cast<uint64_t>(destination.id));
}

void Speaker::Impl::post(Neighbour& neighbour, Instant due) {
    neighbour.outbox.due = std::min(neighbour.outbox.due, due);
    arm(neighbour);
}

// By unicast, with the next poll. What finds no room is lost, as it might be on the wire.
void Speaker::Impl::say(Neighbour& neighbour, const Tlv& tlv, Instant now) {
    if (neighbour.outbox.tlvs.size() >= limits::kBabelOutboxMax) return;
    neighbour.outbox.tlvs.push_back(tlv);
    post(neighbour, now);
}

void Speaker::Impl::greet(Neighbour& neighbour, Instant now) {
    neighbour.outbox.hello = neighbour.outbox.ask = true;
    post(neighbour, std::max(now, neighbour.sent.hello_at + kHelloSpacing));
}

}  // namespace aip::routing::babel
