#include "aipacket/icmpv6.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::aipacket {
namespace {

constexpr size_t kReservedBytes = 4;  // before a target, and before a quoted packet
constexpr size_t kTargetEnd = kReservedBytes + 16;
constexpr uint8_t kSourceLinkAddress = 1;
constexpr uint8_t kTargetLinkAddress = 2;
constexpr uint32_t kRouterFlag = 0x80000000;
constexpr uint32_t kSolicitedFlag = 0x40000000;
constexpr uint32_t kOverrideFlag = 0x20000000;

constexpr uint8_t kHopByHop = 0;
constexpr uint8_t kRouting = 43;
constexpr uint8_t kFragment = 44;
constexpr uint8_t kDestinationOptions = 60;
constexpr int kExtensionHeadersMax = 8;

// Type and length in units of eight bytes, never zero.
bool are_options_good(ByteView options, bool may_have_source_link_address) {
    while (!options.empty()) {
        if (options.size() < 2 || options[1] == 0 || options.size() < options[1] * size_t{8}) return false;
        if (options[0] == kSourceLinkAddress && !may_have_source_link_address) return false;
        options = options.subspan(options[1] * size_t{8});
    }
    return true;
}

std::optional<Address> target_of(const Icmpv6View& message, uint8_t type, bool may_have_source_link_address) {
    if (message.type != type || message.code != 0 || message.hop_limit != kOnLinkHopLimit) return std::nullopt;
    if (message.body.size() < kTargetEnd) return std::nullopt;
    const auto target = Address::from(message.body.subspan(kReservedBytes, 16));
    if (target->is_multicast()) return std::nullopt;
    if (!are_options_good(message.body.subspan(kTargetEnd), may_have_source_link_address)) return std::nullopt;
    return target;
}

}  // namespace

// RFC 4861 section 7.1.1: without a source it is asked of the group, and names no link address of the asker.
std::optional<Address> solicited_target(const Icmpv6View& message) {
    const bool has_source = !message.source.is_zero();
    const auto target = target_of(message, icmpv6::kNeighbourSolicitation, has_source);
    if (!target || (!has_source && message.destination != target->solicited_node_group())) return std::nullopt;
    return target;
}

std::optional<Address> advertised_target(const Icmpv6View& message) {
    const auto target = target_of(message, icmpv6::kNeighbourAdvertisement, true);
    const bool solicited = target && (message.body[0] & (kSolicitedFlag >> 24)) != 0;
    return solicited && message.destination.is_multicast() ? std::nullopt : target;
}

void write_advertisement(MutableBytes body, const Address& target, bool solicited, std::span<const uint8_t, 6> mac) {
    AIP_ASSERT(body.size() >= kAdvertisementBytes);
    uint8_t* const p = body.data();
    store_be32(p, kRouterFlag | kOverrideFlag | (solicited ? kSolicitedFlag : 0));
    std::copy(target.bytes.begin(), target.bytes.end(), p + kReservedBytes);
    p[kTargetEnd] = kTargetLinkAddress;
    p[kTargetEnd + 1] = 1;
    std::copy(mac.begin(), mac.end(), p + kTargetEnd + 2);
}

size_t write_error(MutableBytes body, uint32_t parameter, ByteView about) {
    const size_t room = std::min(body.size(), kErrorPacketMax - kIcmpv6Body);
    AIP_ASSERT(room >= kReservedBytes + kIpv6HeaderBytes);
    const size_t quoted = std::min(about.size(), room - kReservedBytes);
    store_be32(body.data(), parameter);
    std::memcpy(body.data() + kReservedBytes, about.data(), quoted);
    return kReservedBytes + quoted;
}

uint32_t error_parameter(const Icmpv6View& error) {
    return error.body.size() < kReservedBytes ? 0 : load_be32(error.body.data());
}

std::optional<Quoted> quoted_packet(const Icmpv6View& error) {
    if (!error.is_error() || error.body.size() < kReservedBytes + kIpv6HeaderBytes) return std::nullopt;
    const ByteView packet = error.body.subspan(kReservedBytes);
    if ((packet[0] >> 4) != 6) return std::nullopt;
    return Quoted{packet_source(packet), packet_destination(packet), next_header(packet),
                  packet.subspan(kIpv6HeaderBytes)};
}

bool may_cause_error(ByteView packet) {
    const Address source = packet_source(packet);
    if (source.is_zero() || source.is_multicast() || packet_destination(packet).is_multicast()) return false;
    uint8_t protocol = next_header(packet);
    ByteView rest = packet.subspan(kIpv6HeaderBytes);
    for (int i = 0; i < kExtensionHeadersMax; ++i) {
        const bool is_fragment = protocol == kFragment;
        if (protocol == kProtocolIcmpv6)
            return !rest.empty() && rest[0] >= icmpv6::kEchoRequest && rest[0] != icmpv6::kRedirect;
        if (!is_fragment && protocol != kHopByHop && protocol != kRouting && protocol != kDestinationOptions)
            return true;
        if (rest.size() < 8) return false;
        if (is_fragment && (load_be16(&rest[2]) & 0xfff8) != 0) return false;
        const size_t length = is_fragment ? 8 : 8 + rest[1] * size_t{8};
        if (rest.size() < length) return false;
        protocol = rest[0];
        rest = rest.subspan(length);
    }
    return false;
}

std::optional<Echo> read_echo(ByteView body) {
    if (body.size() < kEchoHeaderBytes) return std::nullopt;
    return Echo{load_be16(body.data()), load_be16(&body[2]), body.subspan(kEchoHeaderBytes)};
}

size_t write_echo(MutableBytes body, const Echo& echo) {
    AIP_ASSERT(body.size() >= kEchoHeaderBytes + echo.data.size());
    store_be16(body.data(), echo.identifier);
    store_be16(body.data() + 2, echo.sequence);
    if (!echo.data.empty()) std::memcpy(body.data() + kEchoHeaderBytes, echo.data.data(), echo.data.size());
    return kEchoHeaderBytes + echo.data.size();
}

}  // namespace aip::aipacket
