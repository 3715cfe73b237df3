// LinkWatch: tells when a network interface that a port uses loses or gets its carrier, so that routes over it go at
// once and not after three missed hellos. The kernel says so on a netlink socket (rtnetlink(7), RTMGRP_LINK); needs no
// privilege. Interfaces are watched by name, in the network namespace that the daemon was started in.
//
// Loop thread. wake_fd() is readable when poll() has something to tell. A message that is malformed or of an interface
// that nobody watches is skipped; if messages were lost, the state of all is read anew.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/owned_fd.hpp"
#include "base/result.hpp"

namespace aip::daemons {

class LinkWatch {
public:
    struct Change {
        uint16_t port = 0;
        bool up = false;
    };

    static Result<LinkWatch> open();

    void add(uint16_t port, const std::string& interface);
    int wake_fd() const { return socket_.get(); }
    std::vector<Change> poll();  // what is different from what was told before; a watched port counts as up at first

private:
    explicit LinkWatch(OwnedFd socket) : socket_(std::move(socket)) {}

    struct Watched {
        uint16_t port = 0;
        bool up = true;
    };
    void ask();
    void read(const char* data, size_t size, std::vector<Change>& changes);
    void take(const std::string& interface, bool up, std::vector<Change>& changes);

    OwnedFd socket_;
    std::multimap<std::string, Watched> watched_;
};

// The interface of a DPDK device on top of the kernel's ("net_af_packet0,iface=eth1"); empty: none.
std::string kernel_interface(const std::string& device);

}  // namespace aip::daemons
