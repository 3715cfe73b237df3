#include "dataplane/port.hpp"

namespace aip::dataplane {

std::string_view port_kind_name(PortKind kind) {
    static constexpr std::string_view kNames[] = {"memory", "udp", "dpdk"};
    return kNames[static_cast<size_t>(kind)];
}

}  // namespace aip::dataplane
