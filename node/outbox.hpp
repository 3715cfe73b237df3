// Outbox: the one way in which this node originates packets: takes a buffer of the port towards the destination, lets
// the caller fill the payload in place, writes the headers, and hands it to the dataplane. Counts what it originates by
// kind, so that what transfers claim can be held against the port counters. Loop only, no allocation.
#pragma once

#include <array>
#include <optional>

#include "aipacket/transfer.hpp"
#include "dataplane/forwarder.hpp"
#include "dataplane/segment_routing.hpp"

namespace aip::node {

class Outbox {
public:
    Outbox(dataplane::Dataplane& dataplane, const Address& self) : dataplane_(dataplane), self_(self) {}

    // Largest payload a packet to `to` can carry on the first link; nothing without a route.
    std::optional<size_t> payload_max(const Address& to) const;
    std::optional<uint32_t> mtu(const Address& to) const;  // of the first link; nothing without a route

    // fill(PacketBuilder&) -> bool; false, or no route, or no buffer: nothing is sent.
    template <class Fill>
    bool send(const Address& to, Fill fill) {
        const dataplane::NextHop* hop = dataplane_.route(to.interface_id());
        if (hop == nullptr || dataplane_.room(hop->port) == 0) return false;
        dataplane::Packet packet = dataplane_.alloc(hop->port);
        if (!packet) return false;
        aipacket::PacketBuilder builder;
        builder.payload = packet.room().subspan(aipacket::kPacketOverhead);
        if (!fill(builder)) return false;
        return dataplane_.send(finish(to, std::move(packet), builder.header, builder.payload_bytes));
    }
    bool send(const Address& to, const aipacket::Header& header, ByteView payload);
    // Steered through `via`, at most limits::kSegmentsMax - 1 nodes (rfc/0012); straight to `to` if there are none.
    bool send_via(std::span<const Address> via, const Address& to, const aipacket::Header& header, ByteView payload);
    bool send_on(dataplane::PortIndex port, const dataplane::LinkAddress& link, const Address& to,
                 const aipacket::Header& header, ByteView payload);

    // What is no AI packet (rfc/0011): write(MutableBytes room) writes a whole IPv6 packet and returns its length; 0:
    // do not send it. To a node by its route, or to a neighbour on its link.
    template <class Write>
    bool send_plain(const Address& to, Write write) {
        return send_plain_via({}, to, write);
    }
    // Steered through `via`, as send_via().
    template <class Write>
    bool send_plain_via(std::span<const Address> via, const Address& to, Write write) {
        const dataplane::NextHop* hop = dataplane_.route((via.empty() ? to : via.front()).interface_id());
        dataplane::Packet packet = hop == nullptr ? dataplane::Packet() : plain(hop->port, write, via);
        return packet && dataplane_.send(std::move(packet));
    }
    template <class Write>
    bool send_plain_on(dataplane::PortIndex port, const dataplane::LinkAddress& link, Write write) {
        dataplane::Packet packet = plain(port, write);
        return packet && dataplane_.send_on(port, link, std::move(packet));
    }

    struct Count {
        uint64_t packets = 0;
        uint64_t bytes = 0;  // IPv6 header included
    };
    const Count& count(aipacket::Kind kind) const { return counts_[static_cast<size_t>(kind)]; }
    const Count& count_plain() const { return plain_; }

private:
    template <class Write>
    dataplane::Packet plain(dataplane::PortIndex port, Write& write, std::span<const Address> via = {}) {
        dataplane::Packet packet = dataplane_.room(port) == 0 ? dataplane::Packet() : dataplane_.alloc(port);
        const size_t size = packet ? write(packet.room()) : 0;
        if (size == 0) return {};
        packet.set_size(size);
        if (!via.empty() && !dataplane::insert_segments(packet, via)) return {};
        ++plain_.packets;
        plain_.bytes += packet.size();
        return packet;
    }
    dataplane::Packet finish(const Address& to, dataplane::Packet packet, const aipacket::Header& header,
                             size_t payload_bytes, std::span<const Address> via = {});

    dataplane::Dataplane& dataplane_;
    Address self_;
    std::array<Count, aipacket::kKindMax + 1> counts_{};
    Count plain_;
};

}  // namespace aip::node
