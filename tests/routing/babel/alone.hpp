// One speaker, node 1, on one port, and neighbours that say what the test tells them to.
#pragma once

#include <gtest/gtest.h>

#include "routing/babel/speaker.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing::babel::test {

using routing::test::at_ms;
using routing::test::mac;
using routing::test::plain_address;

inline constexpr uint16_t kPort = 7;

inline Address link_local(uint64_t node) { return Address::link_local(InterfaceId{node}); }

inline InterfaceOptions quick_hellos() {
    InterfaceOptions o;
    o.hello_interval = Duration::milliseconds(200);
    return o;
}

inline UpdateTlv update(uint64_t node, uint16_t metric, uint16_t seqno = 1) {
    UpdateTlv u;
    u.prefix.address = plain_address(node);
    u.router_id = node;
    u.interval = Duration::seconds(16);
    u.seqno = seqno;
    u.metric = metric;
    return u;
}

inline Bytes packet_of(const std::vector<Tlv>& tlvs) {
    PacketWriter writer(1400);
    for (const Tlv& tlv : tlvs) EXPECT_TRUE(writer.add(tlv));
    return writer.finish();
}

class Alone {
public:
    explicit Alone(SpeakerOptions o = {}, InterfaceOptions interface = quick_hellos()) : rng_(1) {
        o.self = plain_address(1);
        speaker_.emplace(o, rng_);
        speaker_->add_interface(kPort, interface, now_);
        run(Duration{});
    }

    PacketVerdict hear(uint64_t node, const std::vector<Tlv>& tlvs) { return hear_raw(node, packet_of(tlvs)); }
    PacketVerdict hear_raw(uint64_t node, const Bytes& payload) {
        const auto verdict =
            speaker_->on_packet(kPort, mac(static_cast<uint8_t>(node)), link_local(node), kGroup, payload, now_);
        run(Duration{});
        return verdict;
    }
    // A Hello of that neighbour, and that it hears us.
    void hello(uint64_t node) {
        hear(node, {HelloTlv{false, seqnos_[node]++, Duration::milliseconds(200), {}},
                    IhuTlv{link_local(1), 96, Duration::milliseconds(600), {}}});
    }
    // Time goes by; the neighbours that are named say hello all the while.
    void run(Duration time, const std::vector<uint64_t>& alive = {}) {
        for (const Instant end = now_ + time;;) {
            Instant next = std::min(speaker_->next_wakeup(), end);
            if (!alive.empty()) next = std::min(next, next_hello_);
            now_ = std::max(now_, next);
            collect();
            if (!alive.empty() && now_ >= next_hello_) {
                next_hello_ = now_ + Duration::milliseconds(200);
                for (const uint64_t node : alive) hello(node);
            }
            if (now_ >= end && speaker_->next_wakeup() > now_) return;
        }
    }
    // TLVs of one kind sent since clear(), and to whom (0: all).
    template <class T>
    std::vector<std::pair<uint64_t, T>> sent() const {
        std::vector<std::pair<uint64_t, T>> found;
        for (const auto& [to, tlv] : sent_)
            if (const T* one = std::get_if<T>(&tlv)) found.emplace_back(to, *one);
        return found;
    }
    std::vector<UpdateTlv> updates_for(uint64_t node) const {
        std::vector<UpdateTlv> found;
        for (const auto& [to, one] : sent<UpdateTlv>())
            if (one.prefix.address == plain_address(node)) found.push_back(one);
        return found;
    }
    void clear() { sent_.clear(); }
    std::optional<RouteView> route(uint64_t node) { return speaker_->route_to(plain_address(node)); }
    uint64_t next_hop(uint64_t node) {
        const auto view = route(node);
        return view ? static_cast<uint64_t>(view->next_hop.interface_id()) : 0;
    }
    Speaker& operator*() { return *speaker_; }
    Speaker* operator->() { return &*speaker_; }
    Instant now() const { return now_; }

private:
    void collect() {
        for (const PacketOut& packet : speaker_->poll(now_)) {
            const uint64_t to =
                packet.destination == kGroup ? 0 : static_cast<uint64_t>(packet.destination.interface_id());
            EXPECT_EQ(parse_packet(packet.payload, [&](const Tlv& tlv) { sent_.emplace_back(to, tlv); }),
                      ParseResult::kGood);
        }
    }

    SeededRng rng_;
    Instant now_ = at_ms(0);
    Instant next_hello_ = at_ms(0);
    std::optional<Speaker> speaker_;
    std::map<uint64_t, uint16_t> seqnos_;
    std::vector<std::pair<uint64_t, Tlv>> sent_;
};

}  // namespace aip::routing::babel::test
