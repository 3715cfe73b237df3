// What the kernel says of a network interface that af_packet is about to read. Asked once, at opening.
#pragma once

#include <string>

#include "base/result.hpp"

namespace aip::dataplane {

struct Interface {
    uint32_t mtu = 0;
    bool is_up = false;
    bool kernel_answers_ipv6 = false;  // it would answer for us
};

// Errors: no such interface, or we may not open packet sockets.
Result<Interface> query_interface(const std::string& name);

}  // namespace aip::dataplane
