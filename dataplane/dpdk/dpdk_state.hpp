// What dpdk_open, dpdk_rx and dpdk_tx share. Private to this folder: DPDK's headers end here.
#pragma once

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <array>

#include "base/limits.hpp"
#include "dataplane/dpdk/dpdk_port.hpp"

namespace aip::dataplane {

inline constexpr uint16_t kDpdkBurst = limits::kBurstMax;
inline constexpr uint16_t kEthernetIpv6 = 0x86dd;

struct DpdkPort::State {
    State() = default;
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    rte_mempool* pool = nullptr;
    uint16_t port = RTE_MAX_ETHPORTS;
    bool started = false;
    rte_device* probed = nullptr;  // ours to remove
    std::array<uint8_t, RTE_ETHER_ADDR_LEN> mac{};
    PortInfo info;
    PortCounters counters;
};

// The release function of a Packet whose buffer is an mbuf, of any pool.
inline void free_mbuf(void*, void* buffer) noexcept { rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer)); }

// The packet begins where the mbuf's data does; the headroom before it is the link header's.
inline Packet wrap_mbuf(rte_mbuf* mbuf) {
    const uint32_t capacity = mbuf->buf_len - mbuf->data_off;
    return Packet({&free_mbuf, nullptr, mbuf}, rte_pktmbuf_mtod(mbuf, uint8_t*), mbuf->data_len, capacity);
}

}  // namespace aip::dataplane
