#include "node/icmp.hpp"

#include "dataplane/segment_routing.hpp"

namespace aip::node {
namespace {

using aipacket::Icmpv6View;
using dataplane::LinkAddress;
namespace icmpv6 = aipacket::icmpv6;
constexpr uint8_t kRouting = 43;

MutableBytes body_in(MutableBytes packet) { return packet.subspan(aipacket::kIcmpv6Body); }

bool is_ai(const aipacket::Quoted& quoted) {
    return quoted.protocol == aipacket::kProtocolUdp && quoted.rest.size() >= 4 &&
           load_be16(&quoted.rest[2]) == aipacket::kUdpPort;
}

// A steered packet as it would have been without its routing header: what it is about is behind that.
std::optional<aipacket::Quoted> without_steering(const Icmpv6View& error) {
    auto quoted = aipacket::quoted_packet(error);
    if (!quoted || quoted->protocol != kRouting) return quoted;
    const ByteView packet = error.body.last(aipacket::kIpv6HeaderBytes + quoted->rest.size());
    const auto header = dataplane::parse_segments(packet);
    if (!header) return std::nullopt;
    quoted->destination = dataplane::segment_at(packet, 0);
    quoted->protocol = header->next_header;
    quoted->rest = quoted->rest.subspan(header->bytes);
    return quoted;
}

struct ErrorKind {
    uint8_t type;
    uint8_t code;
    uint64_t IcmpCounters::*counter;
};

ErrorKind kind_of(dataplane::DropReason reason) {
    switch (reason) {
        case dataplane::DropReason::kHopLimit: return {icmpv6::kTimeExceeded, 0, &IcmpCounters::sent_hop_limit};
        case dataplane::DropReason::kTooBig: return {icmpv6::kTooBig, 0, &IcmpCounters::sent_too_big};
        default: return {icmpv6::kUnreachable, 0, &IcmpCounters::sent_no_route};
    }
}

}  // namespace

Icmp::Icmp(dataplane::Dataplane& dataplane, const Address& self, Outbox& outbox, Echo& echo)
    : dataplane_(dataplane),
      outbox_(outbox),
      echo_(echo),
      self_(self),
      link_local_(Address::link_local(self.interface_id())) {}

void Icmp::on_packet(dataplane::PortIndex port, const LinkAddress& from, ByteView packet, Instant now) {
    Icmpv6View message;
    if (aipacket::decode_icmpv6(packet, message) != aipacket::DropReason::kNone) {
        ++counters_.refused;
        return;
    }
    const Origin origin{port, from};
    if (message.is_error()) return on_error(message, now);
    switch (message.type) {
        case icmpv6::kEchoRequest: return on_echo_request(origin, message, now);
        case icmpv6::kEchoReply: return echo_.on_reply(message, now);
        case icmpv6::kNeighbourSolicitation: return on_solicitation(origin, message, now);
        case icmpv6::kNeighbourAdvertisement:
            ++(aipacket::advertised_target(message) ? counters_.advertisements : counters_.invalid_nd);
            return;
        default: ++counters_.refused;
    }
}

// To a node by its route; to anybody else, and while there is no route, back over the link it came by.
template <class Write>
bool Icmp::answer(const Origin& origin, const Address& to, Write write) {
    const bool is_member = to.is_node() && to.network() == self_.network();
    if (is_member && dataplane_.route(to.interface_id()) != nullptr) return outbox_.send_plain(to, write);
    return outbox_.send_plain_on(origin.port, origin.from, write);
}

bool Icmp::may_send(routing::TokenBucket& bucket, Instant now) {
    if (bucket.take(now)) return true;
    ++counters_.rate_limited;
    return false;
}

void Icmp::on_echo_request(const Origin& origin, const Icmpv6View& message, Instant now) {
    if (message.source.is_zero()) {
        ++counters_.refused;
        return;
    }
    if (!may_send(replies_, now)) return;
    aipacket::Endpoints ends;
    ends.source = is_mine(message.destination) ? message.destination : link_local_;
    ends.destination = message.source;
    const bool sent = answer(origin, message.source, [&](MutableBytes room) -> size_t {
        if (room.size() < aipacket::kIcmpv6Body + message.body.size()) return 0;
        std::copy(message.body.begin(), message.body.end(), body_in(room).begin());
        return aipacket::encode_icmpv6(room, ends, icmpv6::kEchoReply, 0, message.body.size());
    });
    if (sent) ++counters_.echo_requests;
}

// Who asks without an address of its own checks whether ours is free: everybody hears that it is not.
void Icmp::on_solicitation(const Origin& origin, const Icmpv6View& message, Instant now) {
    const auto target = aipacket::solicited_target(message);
    if (!target) {
        ++counters_.invalid_nd;
        return;
    }
    const LinkAddress& mac = dataplane_.port(origin.port).info().address;
    if (!is_mine(*target) || mac.kind() != LinkAddress::Kind::kMac || !may_send(advertisements_, now)) return;
    const bool solicited = !message.source.is_zero();
    aipacket::Endpoints ends;
    ends.source = *target;
    ends.destination = solicited ? message.source : dataplane::kAllNodesGroup;
    ends.hop_limit = aipacket::kOnLinkHopLimit;
    const LinkAddress to = solicited ? origin.from : LinkAddress::everyone();
    const bool sent = outbox_.send_plain_on(origin.port, to, [&](MutableBytes room) {
        aipacket::write_advertisement(body_in(room), *target, solicited, mac.host().first<6>());
        return aipacket::encode_icmpv6(room, ends, icmpv6::kNeighbourAdvertisement, 0, aipacket::kAdvertisementBytes);
    });
    if (sent) ++counters_.solicitations;
}

void Icmp::on_undeliverable(dataplane::PortIndex port, const LinkAddress& from, ByteView packet,
                            dataplane::DropReason reason, uint32_t mtu, Instant now) {
    if (!aipacket::may_cause_error(packet) || !may_send(errors_, now)) return;
    const ErrorKind kind = kind_of(reason);
    aipacket::Endpoints ends;
    ends.source = self_;
    ends.destination = aipacket::packet_source(packet);
    const bool sent = answer({port, from}, ends.destination, [&](MutableBytes room) {
        const size_t body_bytes = aipacket::write_error(body_in(room), mtu, packet);
        return aipacket::encode_icmpv6(room, ends, kind.type, kind.code, body_bytes);
    });
    if (sent) ++(counters_.*kind.counter);
}

void Icmp::on_error(const Icmpv6View& error, Instant now) {
    const auto quoted = without_steering(error);
    if (!quoted || quoted->source != self_ || error.destination != self_) {
        ++counters_.heard_other;
        return;
    }
    if (quoted->protocol == aipacket::kProtocolIcmpv6) return echo_.on_error(error, *quoted, now);
    if (!is_ai(*quoted)) {
        ++counters_.heard_other;
        return;
    }
    switch (error.type) {
        case icmpv6::kUnreachable: ++counters_.heard_no_route; return;
        case icmpv6::kTooBig: ++counters_.heard_too_big; return;
        case icmpv6::kTimeExceeded: ++counters_.heard_hop_limit; return;
        default: ++counters_.heard_other;
    }
}

}  // namespace aip::node
