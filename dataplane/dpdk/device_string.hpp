// DPDK names a device and its parameters in one string: "net_af_packet0,iface=eth0,framesz=2048". Reads such strings,
// and chooses the ring geometry that af_packet needs and whose defaults cut every frame above 2,048 bytes without an
// error. Pure text and numbers: no DPDK header, no system call.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace aip::dataplane {

struct DeviceString {
    std::string name;  // "net_af_packet0"
    std::vector<std::pair<std::string, std::string>> parameters;

    static Result<DeviceString> parse(const std::string& text);
    const std::string* find(const std::string& key) const;
    Result<uint32_t> number(const std::string& key, uint32_t otherwise) const;
    bool is(const std::string& driver) const { return name.compare(0, driver.size(), driver) == 0; }
    std::string text() const;
};

// One frame slot holds a 80-byte header of the kernel, which includes the Ethernet header's place, and the packet.
struct AfPacketGeometry {
    uint32_t frame_bytes = 0;  // framesz
    uint32_t block_bytes = 0;  // blocksz: whole frames and whole pages
    uint32_t frames = 0;       // framecnt: whole blocks

    static AfPacketGeometry for_mtu(uint32_t mtu);
    uint32_t mtu() const { return frame_bytes - kSlotHeaderBytes; }

    static constexpr uint32_t kSlotHeaderBytes = 80;
};

// Fills in what `device` leaves open for an interface of this mtu; refuses parameters that contradict each other.
Result<AfPacketGeometry> complete_af_packet(DeviceString& device, uint32_t interface_mtu);

}  // namespace aip::dataplane
