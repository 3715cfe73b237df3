#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "dataplane/udp/udp_state.hpp"

namespace aip::dataplane {
namespace {

Result<LinkAddress> parse_endpoint(const std::string& text, const char* what) {
    const auto address = LinkAddress::parse(text);
    if (address && address->is_socket()) return *address;
    return Error{ErrorCode::kInvalid, std::string(what) + " address '" + text +
                                          "' is not ADDRESS:PORT; write it like 192.0.2.1:7001 or [2001:db8::1]:7001"};
}

Result<std::vector<LinkAddress>> parse_peers(const UdpPortConfig& config, LinkAddress::Kind family) {
    if (config.peers.size() > limits::kUdpPeersMax) {
        return Error{ErrorCode::kInvalid, "more than " + std::to_string(limits::kUdpPeersMax) + " peers"};
    }
    std::vector<LinkAddress> peers;
    for (const std::string& text : config.peers) {
        AIP_ASSIGN(const LinkAddress peer, parse_endpoint(text, "peer"));
        if (peer.kind() != family) {
            return Error{ErrorCode::kInvalid, "peer " + text + " is of another address family than " + config.listen +
                                                  "; give it a port that listens on its family"};
        }
        if (peer.port() == 0) return Error{ErrorCode::kInvalid, "peer " + text + " has port 0; name its real port"};
        peers.push_back(peer);
    }
    std::sort(peers.begin(), peers.end());
    peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
    return peers;
}

Result<void> check_numbers(const UdpPortConfig& config) {
    if (config.mtu < limits::kPortMtuMin || config.mtu > limits::kPortMtuMax) {
        return Error{ErrorCode::kInvalid, "mtu " + std::to_string(config.mtu) + " is not in " +
                                              std::to_string(limits::kPortMtuMin) + ".." +
                                              std::to_string(limits::kPortMtuMax)};
    }
    if (config.buffers < 2 * kUdpBurst || config.buffers > limits::kPortBuffersMax) {
        return Error{ErrorCode::kInvalid, "buffers " + std::to_string(config.buffers) + " is not in " +
                                              std::to_string(2 * kUdpBurst) + ".." +
                                              std::to_string(limits::kPortBuffersMax)};
    }
    return {};
}

Error socket_error(const std::string& listen, int cause) {
    switch (cause) {
        case EADDRINUSE:
            return {ErrorCode::kExists,
                    listen + " is in use by another socket; stop that program or choose another port"};
        case EADDRNOTAVAIL: return {ErrorCode::kInvalid, listen + " is no address of this machine; see `ip address`"};
        case EACCES:
        case EPERM: return {ErrorCode::kDenied, "no permission to listen on " + listen + "; choose a port above 1023"};
        default: return {ErrorCode::kIo, "cannot listen on " + listen + ": " + std::strerror(cause)};
    }
}

Result<OwnedFd> bind_socket(const LinkAddress& listen, const std::string& text) {
    SocketAddress address;
    const socklen_t length = to_socket_address(listen, address);
    OwnedFd fd(::socket(address.any.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return socket_error(text, errno);
    const int on = 1;
    if (address.any.sa_family == AF_INET6 && ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) {
        return socket_error(text, errno);
    }
    if (::bind(fd.get(), &address.any, length) != 0) return socket_error(text, errno);
    return fd;
}

// Asks past rmem_max where we may; returns what the kernel granted (it reports double what it was asked for).
uint32_t grow_buffer(int fd, int force, int plain, uint32_t wanted) {
    const int bytes = static_cast<int>(wanted);
    if (::setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0) {
        static_cast<void>(::setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes));
    }
    int granted = 0;
    socklen_t length = sizeof granted;
    if (::getsockopt(fd, SOL_SOCKET, plain, &granted, &length) != 0) return 0;
    return static_cast<uint32_t>(granted) / 2;
}

void grow_buffers(int fd, uint32_t wanted, PortInfo& info) {
    const uint32_t receive = grow_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, wanted);
    const uint32_t send = grow_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, wanted);
    if (receive >= wanted && send >= wanted) return;
    info.warnings.push_back("socket buffers are " + std::to_string(receive) + " and " + std::to_string(send) +
                            " bytes, wanted " + std::to_string(wanted) +
                            ": bursts will be lost; raise net.core.rmem_max and net.core.wmem_max");
}

LinkAddress bound_address(int fd) {
    SocketAddress address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, &address.any, &length) != 0) return {};
    return from_socket_address(address);
}

}  // namespace

UdpPort::UdpPort(std::unique_ptr<State> state) : state_(std::move(state)) {}
UdpPort::~UdpPort() = default;
const PortInfo& UdpPort::info() const { return state_->info; }
PortCounters UdpPort::counters() const { return state_->counters; }

void UdpPort::set_learned_peers(std::span<const LinkAddress> learned) {
    std::vector<LinkAddress>& peers = state_->peers;
    peers = state_->configured;
    peers.insert(peers.end(), learned.begin(), learned.end());
    std::erase_if(peers, [&](const LinkAddress& peer) { return peer.kind() != state_->info.address.kind(); });
    std::sort(peers.begin(), peers.end());
    peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
}

Result<std::unique_ptr<UdpPort>> UdpPort::open(const UdpPortConfig& config) {
    const auto framed = [&](const Error& error) { return error.within("port " + config.name); };
    const auto numbers = check_numbers(config);
    if (!numbers) return framed(numbers.error());
    const auto listen = parse_endpoint(config.listen, "listen");
    if (!listen) return framed(listen.error());
    auto peers = parse_peers(config, listen->kind());
    if (!peers) return framed(peers.error());
    auto socket = bind_socket(*listen, config.listen);
    if (!socket) return framed(socket.error());

    auto state = std::make_unique<State>(config);
    state->socket = std::move(*socket);
    state->peers = *peers;
    state->configured = std::move(*peers);
    state->datagram_overhead = listen->kind() == LinkAddress::Kind::kIpv4 ? 28 : 48;
    state->info.name = config.name;
    state->info.kind = PortKind::kUdp;
    state->info.mtu = config.mtu;
    state->info.address = bound_address(state->socket.get());
    state->info.wake_fd = state->socket.get();
    grow_buffers(state->socket.get(), config.socket_buffer_bytes, state->info);
    return std::unique_ptr<UdpPort>(new UdpPort(std::move(state)));
}

}  // namespace aip::dataplane
