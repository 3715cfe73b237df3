#include <algorithm>
#include <cstring>

#include "aipacket/wire.hpp"
#include "dataplane/dpdk/dpdk_state.hpp"

namespace aip::dataplane {
namespace {

// Our own mbufs go as they are, whichever port's pool they are from; anything else is copied once.
rte_mbuf* to_mbuf(Packet packet, rte_mempool* pool, PortCounters& counters) {
    const auto size = static_cast<uint16_t>(packet.size());
    if (packet.owner_kind() == &free_mbuf) {
        auto* const mbuf = static_cast<rte_mbuf*>(packet.release());
        mbuf->data_len = size;
        mbuf->pkt_len = size;
        return mbuf;
    }
    rte_mbuf* const mbuf = rte_pktmbuf_alloc(pool);
    if (mbuf == nullptr) {
        ++counters.no_buffer;
        return nullptr;
    }
    std::memcpy(rte_pktmbuf_append(mbuf, size), packet.data(), size);
    return mbuf;
}

// RFC 2464: a group's MAC is 33:33 and the last four bytes of its address.
std::array<uint8_t, RTE_ETHER_ADDR_LEN> destination_mac(const LinkAddress& to, const Packet& packet) {
    std::array<uint8_t, RTE_ETHER_ADDR_LEN> mac{0x33, 0x33};
    if (to.is_everyone()) {
        const Address group = aipacket::packet_destination(packet.view());
        std::copy(group.bytes.end() - 4, group.bytes.end(), mac.begin() + 2);
    } else {
        std::copy(to.host().begin(), to.host().end(), mac.begin());
    }
    return mac;
}

bool sendable(const Outgoing& outgoing, const PortInfo& info) {
    const bool on_this_link = outgoing.to.is_everyone() || outgoing.to.kind() == LinkAddress::Kind::kMac;
    const size_t size = outgoing.packet.size();
    return on_this_link && size >= aipacket::kIpv6HeaderBytes && size <= info.mtu;
}

// Null: there was no buffer to copy to.
rte_mbuf* frame(Outgoing& outgoing, const std::array<uint8_t, RTE_ETHER_ADDR_LEN>& source, rte_mempool* pool,
                PortCounters& counters) {
    const auto destination = destination_mac(outgoing.to, outgoing.packet);
    rte_mbuf* const mbuf = to_mbuf(std::move(outgoing.packet), pool, counters);
    if (mbuf == nullptr) return nullptr;
    char* const room = rte_pktmbuf_prepend(mbuf, RTE_ETHER_HDR_LEN);
    AIP_ASSERT(room != nullptr);  // every mbuf has RTE_PKTMBUF_HEADROOM
    auto* const header = reinterpret_cast<uint8_t*>(room);
    std::copy(destination.begin(), destination.end(), header);
    std::copy(source.begin(), source.end(), header + RTE_ETHER_ADDR_LEN);
    store_be16(header + 12, kEthernetIpv6);
    return mbuf;
}

}  // namespace

size_t DpdkPort::send(std::span<Outgoing> batch) {
    State& s = *state_;
    size_t sent_total = 0;
    for (size_t at = 0; at < batch.size(); at += kDpdkBurst) {
        const auto part = batch.subspan(at, std::min<size_t>(kDpdkBurst, batch.size() - at));
        std::array<rte_mbuf*, kDpdkBurst> mbufs;
        std::array<Outgoing*, kDpdkBurst> owners;
        std::array<uint32_t, kDpdkBurst> bytes;
        uint16_t waiting = 0;
        for (Outgoing& outgoing : part) {
            outgoing.sent = 0;
            bytes[waiting] = static_cast<uint32_t>(outgoing.packet.size());
            rte_mbuf* const mbuf = sendable(outgoing, s.info) ? frame(outgoing, s.mac, s.pool, s.counters) : nullptr;
            outgoing.packet.reset();
            if (mbuf == nullptr) continue;
            mbufs[waiting] = mbuf;
            owners[waiting++] = &outgoing;
        }
        const uint16_t sent = rte_eth_tx_burst(s.port, 0, mbufs.data(), waiting);
        for (uint16_t i = 0; i < sent; ++i) {
            owners[i]->sent = 1;
            s.counters.tx_bytes += bytes[i];
            s.counters.tx_link_bytes += bytes[i] + RTE_ETHER_HDR_LEN;
        }
        rte_pktmbuf_free_bulk(&mbufs[sent], waiting - sent);
        s.counters.tx_packets += sent;
        s.counters.tx_dropped += part.size() - sent;
        sent_total += sent;
    }
    return sent_total;
}

}  // namespace aip::dataplane
