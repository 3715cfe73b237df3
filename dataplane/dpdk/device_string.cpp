#include "dataplane/dpdk/device_string.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/limits.hpp"

namespace aip::dataplane {
namespace {

constexpr uint32_t kPageBytes = 4096;
constexpr uint32_t kVlanBytes = 4;
constexpr uint32_t kSmallFrameBytes = 2048;

Error contradiction(const DeviceString& device, const std::string& what) {
    return {ErrorCode::kInvalid, "device " + device.name + ": " + what + "; leave framesz, blocksz and framecnt out"};
}

Result<void> check_geometry(const DeviceString& device, const AfPacketGeometry& g) {
    if (g.frame_bytes % 16 != 0 || g.mtu() < limits::kPortMtuMin || g.mtu() > 2 * limits::kEthernetMtuMax) {
        return contradiction(device, "framesz=" + std::to_string(g.frame_bytes) + " is no multiple of 16 in " +
                                         std::to_string(limits::kPortMtuMin + g.kSlotHeaderBytes) + ".." +
                                         std::to_string(2 * limits::kEthernetMtuMax));
    }
    // The driver finds frame i at i * framesz, so a block that is no whole number of frames breaks its ring.
    if (g.block_bytes == 0 || g.block_bytes % kPageBytes != 0 || g.block_bytes % g.frame_bytes != 0) {
        return contradiction(device, "blocksz=" + std::to_string(g.block_bytes) + " is no multiple of framesz and of " +
                                         std::to_string(kPageBytes));
    }
    if (g.frames == 0 || g.frames % (g.block_bytes / g.frame_bytes) != 0 || g.frames > limits::kPortBuffersMax) {
        return contradiction(device, "framecnt=" + std::to_string(g.frames) + " is no whole number of blocks");
    }
    return {};
}

void set_missing(DeviceString& device, const std::string& key, uint32_t value) {
    if (device.find(key) == nullptr) device.parameters.emplace_back(key, std::to_string(value));
}

}  // namespace

Result<DeviceString> DeviceString::parse(const std::string& text) {
    DeviceString device;
    size_t at = 0;
    while (at <= text.size()) {
        const size_t comma = std::min(text.find(',', at), text.size());
        const std::string part = text.substr(at, comma - at);
        const size_t equals = std::min(part.find('='), part.size());
        if (part.empty() || equals == 0) {
            return Error{ErrorCode::kInvalid,
                         "device '" + text + "' is not DRIVER[,KEY=VALUE]...; write it like net_af_packet0,iface=eth0"};
        }
        if (at == 0) {
            device.name = part;
        } else {
            device.parameters.emplace_back(part.substr(0, equals), part.substr(std::min(equals + 1, part.size())));
        }
        at = comma + 1;
    }
    return device;
}

const std::string* DeviceString::find(const std::string& key) const {
    for (const auto& [name_of, value] : parameters) {
        if (name_of == key) return &value;
    }
    return nullptr;
}

Result<uint32_t> DeviceString::number(const std::string& key, uint32_t otherwise) const {
    const std::string* value = find(key);
    if (value == nullptr) return otherwise;
    uint32_t result = 0;
    const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
    if (error == std::errc{} && end == value->data() + value->size()) return result;
    return Error{ErrorCode::kInvalid, "device " + name + ": " + key + "=" + *value + " is no number"};
}

std::string DeviceString::text() const {
    std::string text = name;
    for (const auto& [key, value] : parameters) text += "," + key + (value.empty() ? "" : "=" + value);
    return text;
}

AfPacketGeometry AfPacketGeometry::for_mtu(uint32_t mtu) {
    AfPacketGeometry g;
    const uint32_t least = mtu + kSlotHeaderBytes + kVlanBytes;
    g.frame_bytes = std::max(kSmallFrameBytes, (least + 1023) / 1024 * 1024);
    g.block_bytes = std::lcm(g.frame_bytes, kPageBytes);
    g.frames = g.frame_bytes == kSmallFrameBytes ? 2048 : 512;
    return g;
}

Result<AfPacketGeometry> complete_af_packet(DeviceString& device, uint32_t interface_mtu) {
    const AfPacketGeometry fit = AfPacketGeometry::for_mtu(std::min(interface_mtu, limits::kEthernetMtuMax));
    AfPacketGeometry g;
    AIP_ASSIGN(g.frame_bytes, device.number("framesz", fit.frame_bytes));
    const uint32_t whole_blocks = g.frame_bytes == 0 ? 0 : std::lcm(uint64_t{g.frame_bytes}, uint64_t{kPageBytes});
    AIP_ASSIGN(g.block_bytes, device.number("blocksz", whole_blocks));
    AIP_ASSIGN(g.frames, device.number("framecnt", fit.frames));
    AIP_TRY(check_geometry(device, g));
    set_missing(device, "framesz", g.frame_bytes);
    set_missing(device, "blocksz", g.block_bytes);
    set_missing(device, "framecnt", g.frames);
    return g;
}

}  // namespace aip::dataplane
