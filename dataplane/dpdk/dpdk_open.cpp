#include <rte_dev.h>
#include <rte_errno.h>

#include <algorithm>
#include <optional>

#include "dataplane/dpdk/device_string.hpp"
#include "dataplane/dpdk/dpdk_state.hpp"
#include "dataplane/dpdk/interface.hpp"
#include "dataplane/dpdk/log_capture.hpp"

namespace aip::dataplane {
namespace {

constexpr uint32_t kDefaultMtu = 1500;
constexpr uint16_t kDescriptors = 256;
constexpr uint32_t kPoolCache = 64;
constexpr uint32_t kMemifBufferBytes = 2048;  // its bsize unless given

// What the device carries, found out before it is opened.
struct Plan {
    uint32_t mtu_max = limits::kEthernetMtuMax;
    uint32_t mtu_default = kDefaultMtu;
    uint32_t frame_bytes = 0;  // the driver insists that an mbuf holds this; 0: the mtu decides
};

Result<Plan> plan_af_packet(DeviceString& device, PortInfo& info) {
    if (device.find("iface") == nullptr) {
        return Error{ErrorCode::kInvalid, "device " + device.name + ": iface is missing; add ,iface=eth0"};
    }
    const std::string name = *device.find("iface");
    const auto interface = query_interface(name);
    if (!interface) return interface.error().within("device " + device.name + ": probe failed");
    AIP_ASSIGN(const AfPacketGeometry geometry, complete_af_packet(device, interface->mtu));
    info.notes.push_back(name + " has mtu " + std::to_string(interface->mtu) + "; opened as " + device.text());
    if (interface->kernel_answers_ipv6) {
        info.warnings.push_back("the kernel sees the same packets on " + name +
                                " and would answer for us; run `sysctl net.ipv6.conf." + name + ".disable_ipv6=1`");
    }
    if (!interface->is_up) info.warnings.push_back(name + " is down; run `ip link set " + name + " up`");
    if (geometry.mtu() < interface->mtu) {
        info.warnings.push_back("larger packets than " + std::to_string(geometry.mtu()) + " bytes arrive cut on " +
                                name + " and are dropped: framesz is below its mtu");
    }
    const uint32_t mtu = std::min({geometry.mtu(), interface->mtu, limits::kEthernetMtuMax});
    return Plan{mtu, mtu, geometry.frame_bytes};
}

Result<Plan> plan_device(DeviceString& device, PortInfo& info) {
    if (device.is("net_af_packet")) return plan_af_packet(device, info);
    if (!device.is("net_memif")) return Plan{};
    AIP_ASSIGN(const uint32_t buffer, device.number("bsize", kMemifBufferBytes));  // single segment, never a chain
    if (buffer < limits::kPortMtuMin + RTE_ETHER_HDR_LEN) {
        return Error{ErrorCode::kInvalid, "device " + device.name + ": bsize=" + std::to_string(buffer) +
                                              " holds no packet of " + std::to_string(limits::kPortMtuMin) + " bytes"};
    }
    const uint32_t mtu = std::min(buffer - RTE_ETHER_HDR_LEN, limits::kEthernetMtuMax);
    return Plan{mtu, mtu, 0};
}

Result<uint32_t> choose_mtu(const Plan& plan, const DpdkPortConfig& config) {
    const uint32_t mtu = config.mtu == 0 ? std::min(plan.mtu_default, plan.mtu_max) : config.mtu;
    if (mtu >= limits::kPortMtuMin && mtu <= plan.mtu_max) return mtu;
    return Error{ErrorCode::kInvalid, "mtu " + std::to_string(mtu) + " is not in " +
                                          std::to_string(limits::kPortMtuMin) + ".." + std::to_string(plan.mtu_max) +
                                          ", which is what " + config.device + " carries"};
}

Error probe_error(const DeviceString& device, const std::string& cause) {
    const Error error{ErrorCode::kNotFound, "device " + device.name + ": probe failed: " + cause};
    if (cause.find("mmap failed") == std::string::npos) return error;
    return {ErrorCode::kDenied, error.text + "; its rings are locked in memory: raise the memlock limit " +
                                    "(LimitMEMLOCK=), grant CAP_IPC_LOCK, or lower framecnt"};
}

// A device that fails to probe does not fail EAL: only its name tells whether it is there.
Result<uint16_t> find_or_probe(const DeviceString& device, const LogCapture& log, rte_device*& probed) {
    uint16_t port = RTE_MAX_ETHPORTS;
    if (rte_eth_dev_get_port_by_name(device.name.c_str(), &port) == 0) return port;
    static_cast<void>(rte_dev_probe(device.text().c_str()));
    if (rte_eth_dev_get_port_by_name(device.name.c_str(), &port) != 0) {
        return probe_error(device, log.cause());
    }
    rte_eth_dev_info info{};
    if (rte_eth_dev_info_get(port, &info) == 0) probed = info.device;
    return port;
}

Result<rte_mempool*> make_pool(uint16_t port, const DpdkPortConfig& config, uint32_t room) {
    if (config.buffers <= 2 * kDescriptors || config.buffers > limits::kPortBuffersMax) {
        return Error{ErrorCode::kInvalid, "buffers " + std::to_string(config.buffers) + " is not in " +
                                              std::to_string(2 * kDescriptors + 1) + ".." +
                                              std::to_string(limits::kPortBuffersMax)};
    }
    const std::string name = "aip_port" + std::to_string(port);
    rte_mempool* const pool = rte_pktmbuf_pool_create(
        name.c_str(), config.buffers, kPoolCache, 0, static_cast<uint16_t>(room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
    if (pool != nullptr) return pool;
    const uint64_t megabytes = (uint64_t{config.buffers} * (room + 512) >> 20) + 1;
    return Error{ErrorCode::kNoSpace, "no " + std::to_string(megabytes) + " MB for " + std::to_string(config.buffers) +
                                          " packet buffers (" + rte_strerror(rte_errno) + "); raise dpdk.memory_mb"};
}

Error device_error(const char* what, int cause) {
    return {ErrorCode::kIo, std::string(what) + ": " + rte_strerror(-cause)};
}

// Drivers of virtual devices know no mtu and some refuse the field: what they carry is in `Plan`.
Result<void> configure(uint16_t port, const DeviceString& device, uint32_t mtu) {
    rte_eth_conf conf{};
    conf.rxmode.mtu = device.is("net_") ? 0 : mtu;
    if (const int cause = rte_eth_dev_configure(port, 1, 1, &conf); cause != 0) {
        return device_error(cause == -EBUSY ? "already opened as another port" : "configure", cause);
    }
    return {};
}

Result<void> start(uint16_t port, rte_mempool* pool) {
    uint16_t rx = kDescriptors;
    uint16_t tx = kDescriptors;
    if (const int cause = rte_eth_dev_adjust_nb_rx_tx_desc(port, &rx, &tx); cause != 0) {
        return device_error("descriptor rings", cause);
    }
    const auto socket = static_cast<unsigned>(std::max(0, rte_eth_dev_socket_id(port)));
    if (const int cause = rte_eth_rx_queue_setup(port, 0, rx, socket, nullptr, pool); cause != 0) {
        return device_error("receive queue", cause);
    }
    if (const int cause = rte_eth_tx_queue_setup(port, 0, tx, socket, nullptr); cause != 0) {
        return device_error("send queue", cause);
    }
    if (const int cause = rte_eth_dev_start(port); cause != 0) return device_error("start", cause);
    return {};
}

// Hellos go to a group's MAC: without either, a real card would filter them out.
void hear_groups(uint16_t port, PortInfo& info) {
    if (rte_eth_allmulticast_enable(port) == 0 || rte_eth_promiscuous_enable(port) == 0) return;
    info.notes.push_back(
        "the device has neither all-multicast nor promiscuous mode; hellos arrive only if it filters none");
}

}  // namespace

DpdkPort::State::~State() {
    if (port != RTE_MAX_ETHPORTS) {
        if (started) static_cast<void>(rte_eth_dev_stop(port));
        static_cast<void>(rte_eth_dev_close(port));
    }
    if (probed != nullptr) static_cast<void>(rte_dev_remove(probed));
    // Packets of ours may still be with another port; then DPDK's end frees the pool.
    if (pool != nullptr && rte_mempool_full(pool) == 1) rte_mempool_free(pool);
}

DpdkPort::DpdkPort(std::unique_ptr<State> state) : state_(std::move(state)) {}
DpdkPort::~DpdkPort() = default;
const PortInfo& DpdkPort::info() const { return state_->info; }
PortCounters DpdkPort::counters() const { return state_->counters; }

Result<std::unique_ptr<DpdkPort>> DpdkPort::open(DpdkEal&, const DpdkPortConfig& config) {
    const LogCapture log;
    auto opened = [&]() -> Result<std::unique_ptr<State>> {
        auto state = std::make_unique<State>();
        state->info.name = config.name;
        state->info.kind = PortKind::kDpdk;
        AIP_ASSIGN(DeviceString device, DeviceString::parse(config.device));
        AIP_ASSIGN(const Plan plan, plan_device(device, state->info));
        AIP_ASSIGN(const uint32_t mtu, choose_mtu(plan, config));
        AIP_ASSIGN(const uint16_t port, find_or_probe(device, log, state->probed));
        AIP_TRY(configure(port, device, mtu));
        state->port = port;
        const uint32_t room = std::max(plan.frame_bytes, mtu + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN);
        AIP_ASSIGN(state->pool, make_pool(port, config, room));
        AIP_TRY(start(port, state->pool));
        state->started = true;
        hear_groups(port, state->info);
        rte_ether_addr mac{};
        if (rte_eth_macaddr_get(port, &mac) != 0) return Error{ErrorCode::kIo, "the device has no MAC address"};
        std::copy(std::begin(mac.addr_bytes), std::end(mac.addr_bytes), state->mac.begin());
        state->info.address = LinkAddress::mac(state->mac);
        state->info.mtu = mtu;
        return state;
    }();
    if (!opened) return opened.error().within("port " + config.name);
    return std::unique_ptr<DpdkPort>(new DpdkPort(std::move(*opened)));
}

}  // namespace aip::dataplane
