#include "routing/join_messages.hpp"

#include "base/assert.hpp"

namespace aip::routing {
namespace {

using dataplane::LinkAddress;

constexpr uint8_t kAccepted = 1;
constexpr uint8_t kIpv4 = 4;
constexpr uint8_t kIpv6 = 6;

struct Head {
    uint8_t flags = 0;
    uint8_t family = 0;
    uint8_t count = 0;

    bool is_zero() const { return (flags | family | count) == 0; }
};

uint8_t family_of(const std::vector<LinkAddress>& peers) {
    if (peers.empty()) return 0;
    return peers.front().kind() == LinkAddress::Kind::kIpv4 ? kIpv4 : kIpv6;
}

LinkAddress read_peer(Reader& in, uint8_t family) {
    if (family == kIpv4) {
        std::array<uint8_t, 4> host{};
        static_cast<void>(in.copy(host));
        return LinkAddress::ipv4(host, in.u16());
    }
    std::array<uint8_t, 16> host{};
    static_cast<void>(in.copy(host));
    return LinkAddress::ipv6(host, in.u16());
}

bool read_peers(Reader& in, const Head& head, Join& out) {
    if (head.flags > kAccepted || head.count > limits::kJoinPeersMax) return false;
    if (head.count == 0 ? head.family != 0 : head.family != kIpv4 && head.family != kIpv6) return false;
    out.accepted = head.flags == kAccepted;
    for (uint8_t i = 0; i < head.count; ++i) out.peers.push_back(read_peer(in, head.family));
    return in.done();
}

bool read_body(Reader& in, const Head& head, Join& out) {
    if (out.type == JoinType::kPeers) return read_peers(in, head, out);
    if (!head.is_zero()) return false;
    if (out.type == JoinType::kAsk) {
        out.introduction = in.view(in.remaining());
        return out.introduction.size() >= kJoinPeersBytesMax &&
               out.introduction.size() <= limits::kIntroductionBytesMax;
    }
    if (!in.copy(out.cookie.bytes) || !in.done()) return false;
    return out.type == JoinType::kCookie || out.cookie.is_zero();
}

}  // namespace

Bytes encode_join(const Join& message) {
    AIP_ASSERT(message.peers.size() <= limits::kJoinPeersMax);
    Bytes bytes;
    Writer out(bytes);
    out.u8(static_cast<uint8_t>(message.type)).u8(message.accepted ? kAccepted : 0);
    out.u8(family_of(message.peers)).u8(static_cast<uint8_t>(message.peers.size()));
    out.u32(0).u64(message.nonce);
    if (message.type == JoinType::kKnock || message.type == JoinType::kCookie) out.put(message.cookie.view());
    out.put(message.introduction);
    for (const LinkAddress& peer : message.peers) out.put(peer.host()).u16(peer.port());
    return bytes;
}

std::optional<Join> decode_join(ByteView payload) {
    Reader in(payload);
    Join out;
    const uint8_t type = in.u8();
    Head head;
    head.flags = in.u8();
    head.family = in.u8();
    head.count = in.u8();
    const uint32_t reserved = in.u32();
    out.nonce = in.u64();
    if (in.failed() || type < 1 || type > 4 || reserved != 0) return std::nullopt;
    out.type = static_cast<JoinType>(type);
    if (!read_body(in, head, out)) return std::nullopt;
    return out;
}

}  // namespace aip::routing
