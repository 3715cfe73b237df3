#include "dataplane/dpdk/interface.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/owned_fd.hpp"

namespace aip::dataplane {
namespace {

bool ipv6_is_on(const std::string& name) {
    std::ifstream file("/proc/sys/net/ipv6/conf/" + name + "/disable_ipv6");
    int disabled = 1;
    return file >> disabled && disabled == 0;
}

}  // namespace

Result<Interface> query_interface(const std::string& name) {
    ifreq request{};
    if (name.empty() || name.size() >= sizeof request.ifr_name || name.find('/') != std::string::npos) {
        return Error{ErrorCode::kInvalid, "'" + name + "' is no interface name; see `ip link`"};
    }
    const OwnedFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::memcpy(request.ifr_name, name.data(), name.size());
    if (::ioctl(any.get(), SIOCGIFMTU, &request) != 0) {
        if (errno == ENODEV) return Error{ErrorCode::kNotFound, "interface " + name + " does not exist; see `ip link`"};
        return Error{ErrorCode::kIo, "interface " + name + ": " + std::strerror(errno)};
    }
    const auto mtu = static_cast<uint32_t>(request.ifr_mtu);
    const bool is_up = ::ioctl(any.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0;
    const OwnedFd raw(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));  // protocol 0: receives nothing
    if (!raw) {
        return Error{ErrorCode::kDenied, "interface " + name +
                                             " cannot be read without CAP_NET_RAW; start as root, grant it, or use a "
                                             "udp port"};
    }
    return Interface{mtu, is_up, ipv6_is_on(name)};
}

}  // namespace aip::dataplane
