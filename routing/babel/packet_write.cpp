#include <algorithm>

#include "base/assert.hpp"
#include "routing/babel/packet.hpp"
#include "routing/babel/tlv.hpp"

namespace aip::routing::babel {

namespace {

// An interval is an upper bound, so it is rounded up; nothing but an unscheduled Hello has none.
uint16_t centiseconds(Duration d, uint16_t max = UINT16_MAX) {
    return static_cast<uint16_t>(std::clamp<int64_t>((d.count_us() + 9999) / 10'000, 1, max));
}

bool is_link_local(const Address& address) {
    static constexpr std::array<uint8_t, 8> kPrefix{0xfe, 0x80};
    return std::equal(kPrefix.begin(), kPrefix.end(), address.bytes.begin());
}

uint8_t encoding_of(const Prefix& prefix) { return prefix.is_ipv4 ? kIpv4 : kIpv6; }

size_t octets_of(const Prefix& prefix) { return (prefix.length + 7u) / 8; }

void put_neighbour(Writer& out, const Address& address) {
    out.put(is_link_local(address) ? address.view().subspan(8) : address.view());
}

// One TLV; its length is filled in when it ends.
class OpenTlv {
public:
    OpenTlv(Bytes& bytes, uint8_t type) : bytes_(bytes), at_(bytes.size()) { Writer(bytes_).u8(type).u8(0); }
    ~OpenTlv() { bytes_[at_ + 1] = static_cast<uint8_t>(bytes_.size() - at_ - 2); }
    OpenTlv(const OpenTlv&) = delete;
    OpenTlv& operator=(const OpenTlv&) = delete;

private:
    Bytes& bytes_;
    size_t at_;
};

void write(Bytes& bytes, const HelloTlv& tlv) {
    const OpenTlv open(bytes, kHello);
    const bool scheduled = tlv.interval > Duration();
    Writer out(bytes);
    out.u16(tlv.unicast ? kHelloUnicast : 0).u16(tlv.seqno).u16(scheduled ? centiseconds(tlv.interval) : 0);
    if (tlv.sent_us) out.u8(kSubTimestamp).u8(4).u32(*tlv.sent_us);
}

void write(Bytes& bytes, const IhuTlv& tlv) {
    const OpenTlv open(bytes, kIhu);
    Writer out(bytes);
    out.u8(!tlv.address ? kWildcard : is_link_local(*tlv.address) ? kLinkLocal : kIpv6).u8(0);
    out.u16(tlv.rx_cost).u16(centiseconds(tlv.interval));
    if (tlv.address) put_neighbour(out, *tlv.address);
    if (tlv.echo) out.u8(kSubTimestamp).u8(8).u32(tlv.echo->origin_us).u32(tlv.echo->received_us);
}

void write(Bytes& bytes, const RouteRequestTlv& tlv) {
    const OpenTlv open(bytes, kRouteRequest);
    Writer out(bytes);
    if (!tlv.prefix) {
        out.u8(kWildcard).u8(0);
        return;
    }
    out.u8(encoding_of(*tlv.prefix)).u8(tlv.prefix->length);
    out.put(tlv.prefix->address.view().first(octets_of(*tlv.prefix)));
}

void write(Bytes& bytes, const SeqnoRequestTlv& tlv) {
    const OpenTlv open(bytes, kSeqnoRequest);
    Writer(bytes)
        .u8(encoding_of(tlv.prefix))
        .u8(tlv.prefix.length)
        .u16(tlv.seqno)
        .u8(tlv.hop_count)
        .u8(0)
        .u64(tlv.router_id)
        .put(tlv.prefix.address.view().first(octets_of(tlv.prefix)));
}

void write(Bytes& bytes, const AckRequestTlv& tlv) {
    const OpenTlv open(bytes, kAckRequest);
    Writer(bytes).u16(0).u16(tlv.opaque).u16(centiseconds(tlv.interval));
}

void write(Bytes& bytes, const AckTlv& tlv) {
    const OpenTlv open(bytes, kAck);
    Writer(bytes).u16(tlv.opaque);
}

void write_router_id(Bytes& bytes, RouterId id) {
    const OpenTlv open(bytes, kRouterId);
    Writer(bytes).u16(0).u64(id);
}

void write_next_hop(Bytes& bytes, const Address& address) {
    const OpenTlv open(bytes, kNextHop);
    Writer out(bytes);
    out.u8(is_link_local(address) ? kLinkLocal : kIpv6).u8(0);
    put_neighbour(out, address);
}

}  // namespace

PacketWriter::PacketWriter(size_t size_max) : size_max_(size_max) {
    AIP_ASSERT(size_max >= kPacketBytesMin && size_max <= kPacketBytesMax);
    static_cast<void>(finish());
}

bool PacketWriter::add(const Tlv& tlv) {
    const size_t size = bytes_.size();
    const State before = state_;
    bool fits = true;
    if (const auto* update = std::get_if<UpdateTlv>(&tlv)) {
        fits = add_update(*update);
    } else {
        std::visit(
            [this](const auto& other) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(other)>, UpdateTlv>) write(bytes_, other);
            },
            tlv);
    }
    if (fits && bytes_.size() <= size_max_) return true;
    bytes_.resize(size);
    state_ = before;
    return false;
}

// Each update is the default prefix of the next: between addresses of one network 8 octets or more are left out.
bool PacketWriter::add_update(const UpdateTlv& tlv) {
    if (tlv.wildcard) {
        const OpenTlv open(bytes_, kUpdate);
        Writer(bytes_).u8(kWildcard).u8(0).u16(0).u16(centiseconds(tlv.interval)).u16(tlv.seqno).u16(kInfinity);
        return true;
    }
    const Prefix& prefix = tlv.prefix;
    AIP_ASSERT(!prefix.is_ipv4 && prefix.length <= 128);
    Address address = prefix.address;
    clear_beyond(address, prefix.length);
    const bool implies_router_id = load_be64(address.bytes.data() + 8) == tlv.router_id;
    if (tlv.metric != kInfinity && !prepare(tlv, implies_router_id)) return false;
    size_t omitted = 0;
    if (state_.default_prefix) {
        const auto& known = state_.default_prefix->bytes;
        const auto differs = std::mismatch(known.begin(), known.begin() + prefix.length / 8, address.bytes.begin());
        omitted = static_cast<size_t>(differs.first - known.begin());
    }
    const OpenTlv open(bytes_, kUpdate);
    const uint8_t flags = kUpdateSetsPrefix | (implies_router_id ? kUpdateSetsRouterId : 0);
    Writer(bytes_)
        .u8(kIpv6)
        .u8(flags)
        .u8(prefix.length)
        .u8(static_cast<uint8_t>(omitted))
        .u16(centiseconds(tlv.interval))
        .u16(tlv.seqno)
        .u16(tlv.metric)
        .put(address.view().subspan(omitted, octets_of(prefix) - omitted));
    state_.default_prefix = address;
    if (implies_router_id) state_.router_id = tlv.router_id;
    return true;
}

// The TLVs a finite update needs before it. False: this packet has said another next hop, which cannot be unsaid.
bool PacketWriter::prepare(const UpdateTlv& tlv, bool implies_router_id) {
    if (!tlv.next_hop && state_.next_hop) return false;
    if (tlv.next_hop != state_.next_hop) {
        write_next_hop(bytes_, *tlv.next_hop);
        state_.next_hop = tlv.next_hop;
    }
    if (!implies_router_id && state_.router_id != tlv.router_id) {
        write_router_id(bytes_, tlv.router_id);
        state_.router_id = tlv.router_id;
    }
    return true;
}

Bytes PacketWriter::finish() {
    Bytes packet{kMagic, kVersion, 0, 0};
    packet.swap(bytes_);
    state_ = {};
    if (packet.empty()) return packet;
    store_be16(packet.data() + 2, static_cast<uint16_t>(packet.size() - kHeaderBytes));
    return packet;
}

}  // namespace aip::routing::babel
