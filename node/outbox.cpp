#include "node/outbox.hpp"

namespace aip::node {

std::optional<size_t> Outbox::payload_max(const Address& to) const {
    const dataplane::NextHop* hop = dataplane_.route(to.interface_id());
    if (hop == nullptr || hop->mtu <= aipacket::kPacketOverhead) return std::nullopt;
    return std::min<size_t>(hop->mtu - aipacket::kPacketOverhead, aipacket::kPayloadBytesMax);
}

std::optional<uint32_t> Outbox::mtu(const Address& to) const {
    const dataplane::NextHop* hop = dataplane_.route(to.interface_id());
    if (hop == nullptr) return std::nullopt;
    return std::min<uint32_t>(hop->mtu, dataplane_.port(hop->port).info().mtu);
}

dataplane::Packet Outbox::finish(const Address& to, dataplane::Packet packet, const aipacket::Header& header,
                                 size_t payload_bytes, std::span<const Address> via) {
    aipacket::Endpoints ends;
    ends.source = self_;
    ends.destination = to;
    if (to.is_multicast()) ends.hop_limit = 1;
    packet.set_size(aipacket::encode(packet.room(), ends, header, payload_bytes));
    if (!via.empty()) AIP_ASSERT(dataplane::insert_segments(packet, via));  // callers made sure of the room
    Count& count = counts_[static_cast<size_t>(header.kind)];
    ++count.packets;
    count.bytes += packet.size();
    return packet;
}

bool Outbox::send(const Address& to, const aipacket::Header& header, ByteView payload) {
    return send(to, [&](aipacket::PacketBuilder& out) {
        if (payload.size() > out.payload.size()) return false;
        std::memcpy(out.payload.data(), payload.data(), payload.size());
        out.header = header;
        out.payload_bytes = payload.size();
        return true;
    });
}

bool Outbox::send_via(std::span<const Address> via, const Address& to, const aipacket::Header& header,
                      ByteView payload) {
    if (via.size() >= limits::kSegmentsMax) return false;
    const dataplane::NextHop* hop = dataplane_.route((via.empty() ? to : via.front()).interface_id());
    if (hop == nullptr) return false;
    dataplane::Packet packet = dataplane_.alloc(hop->port);
    const size_t steering = via.empty() ? 0 : dataplane::segment_header_bytes(via.size() + 1);
    const size_t bytes = aipacket::kPacketOverhead + steering + payload.size();
    if (!packet || packet.capacity() < bytes || hop->mtu < bytes) return false;
    std::memcpy(packet.data() + aipacket::kPacketOverhead, payload.data(), payload.size());
    return dataplane_.send(finish(to, std::move(packet), header, payload.size(), via));
}

bool Outbox::send_on(dataplane::PortIndex port, const dataplane::LinkAddress& link, const Address& to,
                     const aipacket::Header& header, ByteView payload) {
    dataplane::Packet packet = dataplane_.alloc(port);
    if (!packet || packet.capacity() < aipacket::kPacketOverhead + payload.size()) return false;
    std::memcpy(packet.data() + aipacket::kPacketOverhead, payload.data(), payload.size());
    return dataplane_.send_on(port, link, finish(to, std::move(packet), header, payload.size()));
}

}  // namespace aip::node
