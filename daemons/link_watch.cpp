#include "daemons/link_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace aip::daemons {
namespace {

// IFLA_IFNAME of a link message, or empty.
std::string name_of(const nlmsghdr* header) {
    const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
    auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof *info));
    for (const rtattr* at = IFLA_RTA(info); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        if (at->rta_type != IFLA_IFNAME) continue;
        const auto* text = static_cast<const char*>(RTA_DATA(at));
        return {text, strnlen(text, RTA_PAYLOAD(at))};
    }
    return {};
}

}  // namespace

Result<LinkWatch> LinkWatch::open() {
    OwnedFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    if (socket.get() < 0 || bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return Error{ErrorCode::kIo,
                     std::string("watching the carrier of network interfaces: ") + std::strerror(errno)};
    return LinkWatch(std::move(socket));
}

void LinkWatch::add(uint16_t port, const std::string& interface) {
    watched_.emplace(interface, Watched{port, true});
    ask();
}

void LinkWatch::ask() {
    struct {
        nlmsghdr header;
        ifinfomsg info;
    } request{};
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.info);
    request.header.nlmsg_type = RTM_GETLINK;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.info.ifi_family = AF_UNSPEC;
    static_cast<void>(send(socket_.get(), &request, request.header.nlmsg_len, 0));  // a dump is under way: it will do
}

void LinkWatch::take(const std::string& interface, bool up, std::vector<Change>& changes) {
    const auto range = watched_.equal_range(interface);
    for (auto it = range.first; it != range.second; ++it) {
        if (it->second.up == up) continue;
        it->second.up = up;
        changes.push_back({it->second.port, up});
    }
}

void LinkWatch::read(const char* data, size_t size, std::vector<Change>& changes) {
    auto left = static_cast<unsigned>(size);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(data); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
        const bool link = header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK;
        if (!link || header->nlmsg_len < NLMSG_LENGTH(sizeof(ifinfomsg))) continue;
        const auto* info = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
        take(name_of(header), header->nlmsg_type == RTM_NEWLINK && (info->ifi_flags & IFF_RUNNING) != 0, changes);
    }
}

std::vector<LinkWatch::Change> LinkWatch::poll() {
    std::vector<Change> changes;
    alignas(nlmsghdr) char buffer[32'768];
    for (;;) {
        const ssize_t got = recv(socket_.get(), buffer, sizeof buffer, 0);
        if (got > 0) {
            read(buffer, static_cast<size_t>(got), changes);
        } else if (got < 0 && errno == ENOBUFS) {
            ask();  // some were lost
        } else if (got == 0 || errno != EINTR) {
            return changes;
        }
    }
}

std::string kernel_interface(const std::string& device) {
    constexpr std::string_view kKey = ",iface=";
    const size_t at = device.find(kKey);
    if (at == std::string::npos) return {};
    const size_t begin = at + kKey.size();
    return device.substr(begin, device.find(',', begin) - begin);
}

}  // namespace aip::daemons
