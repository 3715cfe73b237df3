// LinkAddress to and from the kernel's socket addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/assert.hpp"
#include "dataplane/link_address.hpp"

namespace aip::dataplane {

union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
};

// `address` is a socket address; returns the length used.
socklen_t to_socket_address(const LinkAddress& address, SocketAddress& out);
LinkAddress from_socket_address(const SocketAddress& address);  // empty if of another family

}  // namespace aip::dataplane
