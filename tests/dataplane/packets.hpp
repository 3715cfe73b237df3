// Packets and nodes for the tests of ports and forwarder.
#pragma once

#include "aipacket/wire.hpp"
#include "base/ids.hpp"
#include "dataplane/packet.hpp"

namespace aip::dataplane::test {

inline Address node(uint64_t n) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{n}); }

inline Bytes ipv6(const Address& source, const Address& destination, size_t size, uint8_t hop_limit = 64,
                  uint8_t fill = 0) {
    Bytes packet(size, fill);
    for (size_t i = aipacket::kIpv6HeaderBytes; i < size; ++i) packet[i] = static_cast<uint8_t>(fill + i);
    store_be32(&packet[0], 0x60000000);
    store_be16(&packet[4], static_cast<uint16_t>(size - aipacket::kIpv6HeaderBytes));
    packet[6] = 17;
    packet[7] = hop_limit;
    std::memcpy(&packet[8], source.bytes.data(), 16);
    std::memcpy(&packet[24], destination.bytes.data(), 16);
    return packet;
}

inline Packet filled(Packet packet, ByteView bytes) {
    AIP_ASSERT(packet && packet.capacity() >= bytes.size());
    std::memcpy(packet.data(), bytes.data(), bytes.size());
    packet.set_size(bytes.size());
    return packet;
}

}  // namespace aip::dataplane::test
