#include "dataplane/forwarder.hpp"

#include <algorithm>

#include "aipacket/ipv6.hpp"
#include "dataplane/segment_routing.hpp"

namespace aip::dataplane {
namespace {

constexpr size_t kLoopReader = 0;  // of the table

DropReason check_length(ByteView packet) {
    switch (aipacket::check_ipv6(packet)) {
        case aipacket::DropReason::kNone: return DropReason::kNone;
        case aipacket::DropReason::kTruncated: return DropReason::kTruncated;
        case aipacket::DropReason::kTrailingBytes: return DropReason::kTrailingBytes;
        default: return DropReason::kNotIpv6;
    }
}

InterfaceId destination_id(ByteView packet) {
    return packet.size() < aipacket::kIpv6HeaderBytes ? InterfaceId{}
                                                      : aipacket::packet_destination(packet).interface_id();
}

bool is_link_scope(const Address& address) {
    return address.is_link_local() || (address.bytes[0] == 0xff && (address.bytes[1] & 0x0f) <= 2);
}

void add(Traffic& traffic, uint64_t packets, uint64_t bytes_each) {
    traffic.packets += packets;
    traffic.bytes += packets * bytes_each;
}

}  // namespace

std::string_view drop_reason_name(DropReason reason) {
    static constexpr std::string_view kNames[] = {
        "none",       "truncated",       "trailing-bytes", "not-ipv6",     "not-node-address",
        "link-scope", "foreign-network", "own-source",     "hop-limit",    "no-route",
        "too-big",    "port-refused",    "steering",       "bad-segments", "stranger"};
    static_assert(std::size(kNames) == kDropReasons);
    return kNames[static_cast<size_t>(reason)];
}

Dataplane::Dataplane(const Address& self)
    : self_(self),
      link_local_(Address::link_local(self.interface_id())),
      solicited_group_(self.solicited_node_group()),
      fib_(FibBuilder().build()) {
    AIP_ASSERT(self.is_node());
    lanes_.reserve(limits::kPortsMax);
}

// A packet waiting on one port may be another's buffer: all go home before the first port closes.
Dataplane::~Dataplane() {
    for (Lane& lane : lanes_) {
        for (Outgoing& outgoing : lane.out) outgoing.packet.reset();
    }
}

Result<PortIndex> Dataplane::add_port(std::unique_ptr<PacketPort> port) {
    AIP_ASSERT(port != nullptr && !polling_);
    const PortInfo& info = port->info();
    if (lanes_.size() >= limits::kPortsMax) {
        return Error{ErrorCode::kNoSpace, "port " + info.name + ": a node has at most " +
                                              std::to_string(limits::kPortsMax) + " ports; remove one"};
    }
    if (info.mtu < limits::kPortMtuMin || info.mtu > limits::kPortMtuMax) {
        return Error{ErrorCode::kInvalid, "port " + info.name + ": mtu " + std::to_string(info.mtu) + " is not in " +
                                              std::to_string(limits::kPortMtuMin) + ".." +
                                              std::to_string(limits::kPortMtuMax) + "; set the mtu of its link"};
    }
    Lane lane;
    lane.port = std::move(port);
    lanes_.push_back(std::move(lane));
    return static_cast<PortIndex>(lanes_.size() - 1);
}

void Dataplane::set_steering_links(std::vector<SteeringLink> links) {
    steering_links_ = std::move(links);
    std::sort(steering_links_.begin(), steering_links_.end());
}

size_t Dataplane::poll(LocalSink& sink) {
    AIP_ASSERT(!polling_);
    polling_ = true;
    size_t handled = 0;
    for (Lane& lane : lanes_) lane.refused = false;
    for (size_t i = 0; i < lanes_.size(); ++i) handled += poll_port(static_cast<PortIndex>(i), sink);
    flush();
    polling_ = false;
    return handled;
}

size_t Dataplane::poll_port(PortIndex index, LocalSink& sink) {
    std::array<Received, limits::kBurstMax> burst;
    const size_t count_received = lanes_[index].port->receive(burst);
    AIP_ASSERT(count_received <= burst.size());
    std::array<InterfaceId, limits::kBurstMax> ids;
    std::array<const NextHop*, limits::kBurstMax> hops;
    for (size_t i = 0; i < count_received; ++i) ids[i] = destination_id(burst[i].packet.view());
    const SharedFib::Pin fib(fib_, kLoopReader);  // the sink may replace the table
    fib->find_bulk(std::span(ids).first(count_received), std::span(hops).first(count_received));
    for (size_t i = 0; i < count_received; ++i) {
        count(handle(index, burst[i], hops[i], sink));
        burst[i].packet.reset();  // back in the pool before the next one needs it
    }
    return count_received;
}

DropReason Dataplane::handle(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink) {
    const ByteView packet = received.packet.view();
    if (const DropReason reason = check_length(packet); reason != DropReason::kNone) return reason;
    const Address source = aipacket::packet_source(packet);
    const Address destination = aipacket::packet_destination(packet);
    if (source == self_ || source == link_local_) return DropReason::kOwnSource;
    if (received.stranger && destination != kJoinGroup) return DropReason::kStranger;
    if (has_routing_header(packet)) return steer(index, received, hop, sink);
    if (is_ours(destination)) {
        const DropReason reason = check_local(packet, source, destination);
        if (reason == DropReason::kNone) deliver(index, received, packet, sink);
        return reason;
    }
    if (is_link_scope(source) || is_link_scope(destination)) return DropReason::kLinkScope;
    if (const DropReason reason = check_member(source); reason != DropReason::kNone) return reason;
    if (const DropReason reason = check_member(destination); reason != DropReason::kNone) return reason;
    return forward(index, received, hop, sink);
}

bool Dataplane::is_ours(const Address& destination) const {
    if (destination == self_) return true;
    return is_link_scope(destination) &&
           (destination == link_local_ || destination == kNeighbourGroup || destination == kJoinGroup ||
            destination == kBabelGroup || destination == kAllNodesGroup || destination == solicited_group_);
}

// Who may speak to us. ICMPv6: anybody with an address, since routers that are no nodes report errors and ask for our
// link address; without one only who asks whether its future address is taken. Everything else: nodes, and on the link
// whoever uses link-local addresses.
DropReason Dataplane::check_local(ByteView packet, const Address& source, const Address& destination) const {
    if (source.is_multicast()) return DropReason::kNotNodeAddress;
    if (aipacket::next_header(packet) == aipacket::kProtocolIcmpv6) {
        return source.is_zero() && destination != solicited_group_ ? DropReason::kNotNodeAddress : DropReason::kNone;
    }
    if (source.is_link_local()) return destination == self_ ? DropReason::kLinkScope : DropReason::kNone;
    return check_member(source);
}

// Packets that say which way they take: only from neighbours that were authenticated, also when they only pass, or the
// next node would believe us what it would not believe them (rfc/0012 section 4).
DropReason Dataplane::steer(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink) {
    const SteeringLink link{index, received.from};
    if (!std::binary_search(steering_links_.begin(), steering_links_.end(), link)) return DropReason::kSteering;
    const ByteView packet = received.packet.view();
    const Address destination = aipacket::packet_destination(packet);
    if (const DropReason reason = check_member(aipacket::packet_source(packet)); reason != DropReason::kNone)
        return reason;
    if (destination == self_) return end_segment(index, received, sink);
    if (const DropReason reason = check_member(destination); reason != DropReason::kNone) return reason;
    return forward(index, received, hop, sink);
}

// We are the segment the packet was sent to: RFC 8986 section 4.1.
DropReason Dataplane::end_segment(PortIndex index, Received& received, LocalSink& sink) {
    const MutableBytes packet = received.packet.bytes();
    const auto header = parse_segments(packet);
    if (!header) return DropReason::kBadSegments;
    if (header->segments_left == 0) {
        deliver(index, received, without_segments(packet, *header), sink);
        return DropReason::kNone;
    }
    const Address next = segment_at(packet, header->segments_left - size_t{1});
    if (next == self_) return DropReason::kBadSegments;  // the same node twice running
    if (const DropReason reason = check_member(next); reason != DropReason::kNone) return reason;
    next_segment(packet, *header);
    return forward(index, received, route(next.interface_id()), sink);
}

void Dataplane::deliver(PortIndex index, const Received& received, ByteView packet, LocalSink& sink) {
    add(lanes_[index].traffic.delivered, 1, received.packet.size());
    sink.on_packet(index, received.from, packet);
}

DropReason Dataplane::forward(PortIndex index, Received& received, const NextHop* hop, LocalSink& sink) {
    Packet& packet = received.packet;
    const auto refuse = [&](DropReason reason, uint32_t mtu = 0) {
        sink.on_undeliverable(index, received.from, packet.view(), reason, mtu);
        return reason;
    };
    if (aipacket::hop_limit(packet.view()) <= 1) return refuse(DropReason::kHopLimit);
    if (hop == nullptr || hop->port >= lanes_.size()) return refuse(DropReason::kNoRoute);
    if (const uint32_t mtu = mtu_of(*hop); packet.size() > mtu) return refuse(DropReason::kTooBig, mtu);
    static_cast<void>(aipacket::decrement_hop_limit(packet.bytes()));
    return put(*hop, std::move(packet), false);
}

bool Dataplane::send(Packet packet) {
    if (const DropReason reason = check_length(packet.view()); reason != DropReason::kNone) return count(reason);
    const Address destination = aipacket::packet_destination(packet.view());
    if (is_link_scope(destination)) return count(DropReason::kLinkScope);  // which link? send_on() knows
    if (const DropReason reason = check_member(destination); reason != DropReason::kNone) return count(reason);
    const NextHop* const hop = route(destination.interface_id());
    return count(hop == nullptr ? DropReason::kNoRoute : put(*hop, std::move(packet), true));
}

bool Dataplane::send_on(PortIndex port, const LinkAddress& to, Packet packet) {
    if (const DropReason reason = check_length(packet.view()); reason != DropReason::kNone) return count(reason);
    return count(put({port, UINT16_MAX, to}, std::move(packet), true));
}

size_t Dataplane::room(PortIndex port) const {
    const Lane& lane = lanes_[port];
    return lane.refused ? 0 : lane.out.size() - lane.waiting;
}

DropReason Dataplane::put(const NextHop& hop, Packet packet, bool ours) {
    if (hop.port >= lanes_.size()) return DropReason::kNoRoute;
    Lane& lane = lanes_[hop.port];
    if (packet.size() > mtu_of(hop)) return DropReason::kTooBig;
    lane.queued[lane.waiting] = {static_cast<uint32_t>(packet.size()), ours};
    lane.out[lane.waiting] = {std::move(packet), hop.to, 0};
    if (++lane.waiting == lane.out.size()) flush(lane);
    return DropReason::kNone;
}

uint32_t Dataplane::mtu_of(const NextHop& hop) const {
    return std::min<uint32_t>(hop.mtu, lanes_[hop.port].port->info().mtu);
}

void Dataplane::flush() {
    for (Lane& lane : lanes_) flush(lane);
}

void Dataplane::flush(Lane& lane) {
    if (lane.waiting == 0) return;
    const auto batch = std::span(lane.out).first(lane.waiting);
    static_cast<void>(lane.port->send(batch));
    for (size_t i = 0; i < batch.size(); ++i) {
        const Queued& queued = lane.queued[i];
        add(queued.ours ? lane.traffic.originated : lane.traffic.forwarded, batch[i].sent, queued.bytes);
        if (batch[i].sent > 0) continue;
        lane.refused = true;
        count(DropReason::kPortRefused);
    }
    lane.waiting = 0;
}

// Our network's prefix is the first half of our own address: fd, network id, reserved zeros.
DropReason Dataplane::check_member(const Address& address) const {
    if (load_be64(address.bytes.data()) == load_be64(self_.bytes.data())) return DropReason::kNone;
    return address.is_node() ? DropReason::kForeignNetwork : DropReason::kNotNodeAddress;
}

bool Dataplane::count(DropReason reason) {
    if (reason == DropReason::kNone) return true;
    ++drops_[static_cast<size_t>(reason)];
    return false;
}

}  // namespace aip::dataplane
