#include "dataplane/udp/socket_address.hpp"

#include <arpa/inet.h>

#include <cstring>

namespace aip::dataplane {

socklen_t to_socket_address(const LinkAddress& address, SocketAddress& out) {
    AIP_ASSERT(address.is_socket());
    out = {};
    if (address.kind() == LinkAddress::Kind::kIpv4) {
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(address.port());
        std::memcpy(&out.v4.sin_addr, address.host().data(), sizeof out.v4.sin_addr);
        return sizeof out.v4;
    }
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port());
    std::memcpy(&out.v6.sin6_addr, address.host().data(), sizeof out.v6.sin6_addr);
    return sizeof out.v6;
}

LinkAddress from_socket_address(const SocketAddress& address) {
    if (address.any.sa_family == AF_INET) {
        std::array<uint8_t, 4> host;
        std::memcpy(host.data(), &address.v4.sin_addr, host.size());
        return LinkAddress::ipv4(host, ntohs(address.v4.sin_port));
    }
    if (address.any.sa_family == AF_INET6) {
        std::array<uint8_t, 16> host;
        std::memcpy(host.data(), &address.v6.sin6_addr, host.size());
        return LinkAddress::ipv6(host, ntohs(address.v6.sin6_port));
    }
    return {};
}

}  // namespace aip::dataplane
