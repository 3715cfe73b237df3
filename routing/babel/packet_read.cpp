#include <algorithm>

#include "routing/babel/packet.hpp"
#include "routing/babel/tlv.hpp"

namespace aip::routing::babel {

namespace {

enum class Outcome : uint8_t { kGood, kSkip, kBad };

constexpr uint8_t kIpv4Bits = 32;
constexpr uint8_t kIpv6Bits = 128;

Duration from_centiseconds(uint16_t n) { return Duration::milliseconds(int64_t{n} * 10); }

bool is_legal(RouterId id) { return id != 0 && id != UINT64_MAX; }

RouterId router_id_of(const Prefix& prefix) {
    const uint8_t* bytes = prefix.address.bytes.data();
    return prefix.is_ipv4 ? load_be32(bytes) : load_be64(bytes + 8);
}

Address link_local(ByteView interface_id) {
    Address address{{0xfe, 0x80}};
    std::copy(interface_id.begin(), interface_id.end(), address.bytes.begin() + 8);
    return address;
}

// RFC 8966 section 4.1.5; `omitted` octets come from `known`. None: the fields contradict each other.
std::optional<Prefix> read_prefix(Reader& in, uint8_t encoding, uint8_t bits, uint8_t omitted,
                                  const std::optional<Address>& known) {
    if (bits > (encoding == kIpv4 ? kIpv4Bits : kIpv6Bits) || (omitted != 0 && !known)) return std::nullopt;
    Prefix prefix{{}, bits, encoding == kIpv4};
    const size_t octets = (bits + 7u) / 8;
    size_t given = 0;
    if (encoding == kLinkLocal) {
        prefix.address = link_local({});
        given = std::min<size_t>(octets, 8);
    } else {
        if (omitted > octets) return std::nullopt;
        if (omitted != 0) prefix.address = *known;
        given = omitted;
    }
    in.copy({prefix.address.bytes.data() + given, octets - given});
    if (in.failed()) return std::nullopt;
    clear_beyond(prefix.address, bits);
    return prefix;
}

// What stands behind a TLV's own fields. `timestamp`, where it is given, becomes the body of that sub-TLV.
Outcome read_sub_tlvs(Reader in, ByteView* timestamp = nullptr) {
    bool mandatory = false;
    while (in.remaining() > 0) {
        const RawTlv sub = next_tlv(in);
        if (in.failed()) return Outcome::kBad;
        if (sub.type == kSubTimestamp && timestamp != nullptr) *timestamp = sub.value;
        if ((sub.type & kSubMandatory) != 0) mandatory = true;  // we know none
    }
    return mandatory ? Outcome::kSkip : Outcome::kGood;
}

class BodyReader {
public:
    explicit BodyReader(const std::function<void(const Tlv&)>& visit) : visit_(visit) {}

    Outcome read(uint8_t type, Reader in) {
        switch (type) {
            case kAckRequest: return ack_request(in);
            case kAck: return ack(in);
            case kHello: return hello(in);
            case kIhu: return ihu(in);
            case kRouterId: return router_id(in);
            case kNextHop: return next_hop(in);
            case kUpdate: return update(in);
            case kRouteRequest: return route_request(in);
            case kSeqnoRequest: return seqno_request(in);
            default: return Outcome::kSkip;
        }
    }

private:
    Outcome finish(const Tlv& tlv, Reader& rest) {
        if (rest.failed()) return Outcome::kBad;
        const Outcome outcome = read_sub_tlvs(rest);
        if (outcome == Outcome::kGood) visit_(tlv);
        return outcome;
    }

    Outcome ack_request(Reader& in) {
        in.skip(2);
        const uint16_t opaque = in.u16();
        const uint16_t interval = in.u16();
        if (interval == 0) return Outcome::kBad;
        return finish(AckRequestTlv{opaque, from_centiseconds(interval)}, in);
    }

    Outcome ack(Reader& in) {
        const uint16_t opaque = in.u16();
        return finish(AckTlv{opaque}, in);
    }

    Outcome hello(Reader& in) {
        HelloTlv tlv;
        tlv.unicast = (in.u16() & kHelloUnicast) != 0;
        tlv.seqno = in.u16();
        tlv.interval = from_centiseconds(in.u16());
        ByteView stamp;
        if (in.failed()) return Outcome::kBad;
        const Outcome outcome = read_sub_tlvs(in, &stamp);
        if (outcome != Outcome::kGood) return outcome;
        if (stamp.size() >= 4) tlv.sent_us = load_be32(stamp.data());
        visit_(tlv);
        return outcome;
    }

    Outcome ihu(Reader& in) {
        IhuTlv tlv;
        const uint8_t encoding = in.u8();
        in.skip(1);
        tlv.rx_cost = in.u16();
        const uint16_t interval = in.u16();
        tlv.interval = from_centiseconds(interval);
        if (encoding == kIpv6) tlv.address = Address::from(in.view(16));
        if (encoding == kLinkLocal) tlv.address = link_local(in.view(8));
        if (in.failed() || interval == 0) return Outcome::kBad;
        if (encoding == kIpv4 || encoding > kLinkLocal) return Outcome::kSkip;  // never an address of ours
        ByteView stamps;
        const Outcome outcome = read_sub_tlvs(in, &stamps);
        if (outcome != Outcome::kGood) return outcome;
        if (stamps.size() >= 8) tlv.echo = IhuTlv::Echo{load_be32(stamps.data()), load_be32(stamps.data() + 4)};
        visit_(tlv);
        return outcome;
    }

    Outcome router_id(Reader& in) {
        in.skip(2);
        const RouterId id = in.u64();
        if (in.failed()) return Outcome::kBad;
        router_id_ = id;
        return read_sub_tlvs(in);
    }

    Outcome next_hop(Reader& in) {
        const uint8_t encoding = in.u8();
        in.skip(1);
        if (encoding == kWildcard) return Outcome::kBad;
        if (encoding > kLinkLocal) return Outcome::kSkip;
        Address address;
        if (encoding == kIpv4) in.copy({address.bytes.data(), 4});
        if (encoding == kIpv6) in.copy(address.bytes);
        if (encoding == kLinkLocal) address = link_local(in.view(8));
        if (in.failed()) return Outcome::kBad;
        (encoding == kIpv4 ? next_hop_ipv4_ : next_hop_) = address;
        return read_sub_tlvs(in);
    }

    Outcome update(Reader& in) {
        UpdateTlv tlv;
        const uint8_t encoding = in.u8();
        const uint8_t flags = in.u8();
        const uint8_t bits = in.u8();
        const uint8_t omitted = in.u8();
        tlv.interval = from_centiseconds(in.u16());
        tlv.seqno = in.u16();
        tlv.metric = in.u16();
        if (in.failed()) return Outcome::kBad;
        if (encoding > kLinkLocal) return Outcome::kSkip;  // AE 4 (RFC 9229) has a default prefix of its own
        if (encoding == kWildcard) {
            tlv.wildcard = true;
            if (bits != 0 || omitted != 0 || tlv.metric != kInfinity) return Outcome::kBad;
            return finish(tlv, in);
        }
        if (encoding == kLinkLocal && omitted != 0) return Outcome::kBad;
        auto& implied = default_prefix_[encoding];
        const auto prefix = read_prefix(in, encoding, bits, omitted, implied);
        if (!prefix) return Outcome::kBad;
        if ((flags & kUpdateSetsPrefix) != 0) implied = prefix->address;
        if ((flags & kUpdateSetsRouterId) != 0) router_id_ = router_id_of(*prefix);
        tlv.prefix = *prefix;
        return finish_update(tlv, in);
    }

    // The state of the parser stands; from here on an update may be ignored.
    Outcome finish_update(UpdateTlv& tlv, Reader& in) {
        if (tlv.metric != kInfinity) {
            tlv.router_id = router_id_.value_or(0);
            tlv.next_hop = tlv.prefix.is_ipv4 ? next_hop_ipv4_ : next_hop_;
            if (!is_legal(tlv.router_id) || tlv.interval == Duration()) return Outcome::kBad;
            if (tlv.prefix.is_ipv4 && !tlv.next_hop) return Outcome::kSkip;  // the source of the packet is IPv6
        }
        return finish(tlv, in);
    }

    Outcome route_request(Reader& in) {
        const uint8_t encoding = in.u8();
        const uint8_t bits = in.u8();
        if (encoding > kLinkLocal) return Outcome::kSkip;
        if (encoding == kWildcard) return bits == 0 ? finish(RouteRequestTlv{}, in) : Outcome::kBad;
        const auto prefix = read_prefix(in, encoding, bits, 0, {});
        return prefix ? finish(RouteRequestTlv{prefix}, in) : Outcome::kBad;
    }

    Outcome seqno_request(Reader& in) {
        SeqnoRequestTlv tlv;
        const uint8_t encoding = in.u8();
        const uint8_t bits = in.u8();
        tlv.seqno = in.u16();
        tlv.hop_count = in.u8();
        in.skip(1);
        tlv.router_id = in.u64();
        if (encoding > kLinkLocal) return Outcome::kSkip;
        if (encoding == kWildcard || tlv.hop_count == 0 || !is_legal(tlv.router_id)) return Outcome::kBad;
        const auto prefix = read_prefix(in, encoding, bits, 0, {});
        if (!prefix) return Outcome::kBad;
        tlv.prefix = *prefix;
        return finish(tlv, in);
    }

    const std::function<void(const Tlv&)>& visit_;
    std::optional<RouterId> router_id_;
    std::optional<Address> next_hop_, next_hop_ipv4_;
    std::array<std::optional<Address>, kLinkLocal + 1> default_prefix_;  // by encoding
};

// Padding, and what the Authenticator reads.
bool is_not_ours(uint8_t type) { return type < kAckRequest || (type >= kPacketCounter && type <= kChallengeReply); }

}  // namespace

ParseResult parse_packet(ByteView packet, const std::function<void(const Tlv&)>& visit, ParseCounts* counts) {
    Reader header(packet);
    if (header.u8() != kMagic || header.u8() != kVersion) return ParseResult::kNotBabel;
    Reader in(header.view(header.u16()));
    if (header.failed()) return ParseResult::kTruncated;
    BodyReader body(visit);
    ParseCounts ignored;
    if (counts == nullptr) counts = &ignored;
    while (in.remaining() > 0) {
        const RawTlv tlv = next_tlv(in);
        if (in.failed()) return ParseResult::kTruncated;
        if (is_not_ours(tlv.type)) continue;
        const Outcome outcome = body.read(tlv.type, Reader(tlv.value));
        if (outcome == Outcome::kSkip) ++counts->skipped;
        if (outcome == Outcome::kBad) ++counts->bad;
    }
    return ParseResult::kGood;
}

}  // namespace aip::routing::babel
