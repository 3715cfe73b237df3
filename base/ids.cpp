#include "base/ids.hpp"

#include <arpa/inet.h>

namespace aip {

Address Address::make(const NetworkId& network, InterfaceId id) {
    Address address;
    address.bytes[0] = 0xfd;
    std::memcpy(address.bytes.data() + 1, network.bytes.data(), NetworkId::kSize);
    store_be64(address.bytes.data() + 8, static_cast<uint64_t>(id));
    return address;
}

Address Address::link_local(InterfaceId id) {
    Address address{{0xfe, 0x80}};
    store_be64(address.bytes.data() + 8, static_cast<uint64_t>(id));
    return address;
}

std::optional<Address> Address::parse(std::string_view text) {
    Address address;
    const std::string copy(text);
    if (copy.find('\0') != std::string::npos) return std::nullopt;  // inet_pton would stop there
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) != 1) return std::nullopt;
    return address;
}

std::optional<Address> Address::from(ByteView view) {
    if (view.size() != 16) return std::nullopt;
    Address address;
    std::memcpy(address.bytes.data(), view.data(), 16);
    return address;
}

NetworkId Address::network() const {
    NetworkId network;
    std::memcpy(network.bytes.data(), bytes.data() + 1, NetworkId::kSize);
    return network;
}

bool Address::is_node() const { return bytes[0] == 0xfd && bytes[6] == 0 && bytes[7] == 0; }

Address Address::solicited_node_group() const {
    Address group{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff}};
    std::memcpy(group.bytes.data() + 13, bytes.data() + 13, 3);
    return group;
}

std::string Address::text() const {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(AF_INET6, bytes.data(), buffer, sizeof buffer);
    return buffer;
}

}  // namespace aip
