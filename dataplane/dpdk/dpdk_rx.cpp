#include <algorithm>

#include "dataplane/dpdk/dpdk_state.hpp"
#include "dataplane/wire_length.hpp"

namespace aip::dataplane {
namespace {

enum class Verdict { kTake, kNotOurs, kCut, kBroken };

// Takes the Ethernet header and padding off; the source MAC becomes `from`.
Verdict unframe(rte_mbuf* mbuf, const std::array<uint8_t, RTE_ETHER_ADDR_LEN>& mac, LinkAddress& from) {
    if (mbuf->nb_segs != 1 || mbuf->data_len < RTE_ETHER_HDR_LEN) return Verdict::kBroken;
    const uint8_t* const frame = rte_pktmbuf_mtod(mbuf, const uint8_t*);
    const bool for_group = (frame[0] & 1) != 0;
    if (load_be16(frame + 12) != kEthernetIpv6) return Verdict::kNotOurs;
    if (!for_group && !std::equal(mac.begin(), mac.end(), frame)) return Verdict::kNotOurs;
    const ByteView packet(frame + RTE_ETHER_HDR_LEN, mbuf->data_len - RTE_ETHER_HDR_LEN);
    const aipacket::DropReason reason = aipacket::check_ipv6(packet);
    if (reason == aipacket::DropReason::kTruncated) return Verdict::kCut;
    if (reason == aipacket::DropReason::kBadIpVersion) return Verdict::kBroken;
    from = LinkAddress::mac(std::span<const uint8_t, 6>(frame + 6, 6));
    const size_t padding = packet.size() - ipv6_length(packet);
    rte_pktmbuf_trim(mbuf, static_cast<uint16_t>(padding));
    rte_pktmbuf_adj(mbuf, RTE_ETHER_HDR_LEN);
    return Verdict::kTake;
}

}  // namespace

Packet DpdkPort::alloc() {
    rte_mbuf* const mbuf = rte_pktmbuf_alloc(state_->pool);
    if (mbuf != nullptr) return wrap_mbuf(mbuf);
    ++state_->counters.no_buffer;
    return {};
}

size_t DpdkPort::receive(std::span<Received> out) {
    State& s = *state_;
    std::array<rte_mbuf*, kDpdkBurst> mbufs;
    const auto wanted = static_cast<uint16_t>(std::min<size_t>(out.size(), mbufs.size()));
    const uint16_t got = rte_eth_rx_burst(s.port, 0, mbufs.data(), wanted);
    size_t surfaced = 0;
    for (uint16_t i = 0; i < got; ++i) {
        const uint32_t frame_bytes = rte_pktmbuf_pkt_len(mbufs[i]);
        LinkAddress from;
        const Verdict verdict = unframe(mbufs[i], s.mac, from);
        Packet packet = wrap_mbuf(mbufs[i]);
        switch (verdict) {
            case Verdict::kNotOurs: ++s.counters.rx_not_ours; continue;
            case Verdict::kCut: ++s.counters.rx_truncated; continue;
            case Verdict::kBroken: ++s.counters.rx_errors; continue;
            case Verdict::kTake: break;
        }
        ++s.counters.rx_packets;
        s.counters.rx_bytes += packet.size();
        s.counters.rx_link_bytes += frame_bytes;
        out[surfaced++] = {std::move(packet), from};
    }
    return surfaced;
}

}  // namespace aip::dataplane
