// Babel packets (RFC 8966 section 4; timestamps of RFC 9616, MAC trailer of RFC 8967) as values. A reader walks the
// TLVs of one packet in order and keeps what the RFC makes later TLVs depend on: router id, next hop, default prefix.
//
// Bounds-checked; unknown TLVs and sub-TLVs are skipped, a TLV with an unknown mandatory sub-TLV is ignored whole
// (but still changes the parser state where RFC 8966 section 4.5 says so). IPv4 prefixes are read and never written in
// updates. Any thread, no allocation on reading. Profile: rfc/0009.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <variant>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

namespace aip::routing::babel {

inline constexpr uint16_t kUdpPort = 6696;
inline constexpr Address kGroup{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0x06}};  // ff02::1:6
inline constexpr uint16_t kInfinity = 0xffff;
inline constexpr size_t kPacketBytesMin = 512;  // every link carries this much UDP payload, and every speaker reads it
inline constexpr size_t kPacketBytesMax = 65'487;  // of UDP in IPv6

using RouterId = uint64_t;  // of an aipacket node: the interface id of its address

struct Prefix {
    Address address;
    uint8_t length = 128;
    bool is_ipv4 = false;  // address holds it in the first 4 bytes
    auto operator<=>(const Prefix&) const = default;
};

struct HelloTlv {
    bool unicast = false;
    uint16_t seqno = 0;
    Duration interval;                // zero: unscheduled
    std::optional<uint32_t> sent_us;  // RFC 9616: sender's clock
    bool operator==(const HelloTlv&) const = default;
};
struct IhuTlv {
    std::optional<Address> address;  // none: whoever receives it (AE 0)
    uint16_t rx_cost = kInfinity;
    Duration interval;
    struct Echo {                  // RFC 9616
        uint32_t origin_us = 0;    // our timestamp, come back
        uint32_t received_us = 0;  // the neighbour's clock when it came
        bool operator==(const Echo&) const = default;
    };
    std::optional<Echo> echo;
    bool operator==(const IhuTlv&) const = default;
};
struct UpdateTlv {
    Prefix prefix;
    bool wildcard = false;            // AE 0: a retraction of everything
    RouterId router_id = 0;           // 0 in a retraction that was read
    std::optional<Address> next_hop;  // none: the source of the packet; IPv4 in the first 4 bytes
    Duration interval;
    uint16_t seqno = 0;
    uint16_t metric = kInfinity;
    bool operator==(const UpdateTlv&) const = default;
};
struct RouteRequestTlv {
    std::optional<Prefix> prefix;  // none: the whole table
    bool operator==(const RouteRequestTlv&) const = default;
};
struct SeqnoRequestTlv {
    Prefix prefix;
    uint16_t seqno = 0;
    uint8_t hop_count = 0;
    RouterId router_id = 0;
    bool operator==(const SeqnoRequestTlv&) const = default;
};
struct AckRequestTlv {
    uint16_t opaque = 0;
    Duration interval;
    bool operator==(const AckRequestTlv&) const = default;
};
struct AckTlv {
    uint16_t opaque = 0;
    bool operator==(const AckTlv&) const = default;
};
using Tlv = std::variant<HelloTlv, IhuTlv, UpdateTlv, RouteRequestTlv, SeqnoRequestTlv, AckRequestTlv, AckTlv>;

// kTruncated: the body is longer than the datagram, and nothing was visited; or a TLV is longer than the body, and
// those before it were.
enum class ParseResult : uint8_t { kGood, kNotBabel, kTruncated };

struct ParseCounts {
    uint32_t skipped = 0;  // unknown TLVs, unknown mandatory sub-TLVs
    uint32_t bad = 0;      // TLVs whose fields contradict themselves
};

// Visits every TLV that is understood, in order. `packet` is the UDP payload; a trailer is not visited.
ParseResult parse_packet(ByteView packet, const std::function<void(const Tlv&)>& visit, ParseCounts* counts = nullptr);

// Writes TLVs into one packet, with prefix compression and router ids said once: an update for a node address costs 20
// bytes. add() is false when the TLV does not fit any more, or wants the packet's source as next hop after another was
// said: start another packet.
class PacketWriter {
public:
    explicit PacketWriter(size_t size_max);  // of UDP payload, kPacketBytesMin to kPacketBytesMax
    bool add(const Tlv& tlv);
    bool empty() const { return bytes_.size() <= 4; }
    Bytes finish();  // body length filled in; the writer is empty again

private:
    struct State {  // what the reader of the packet will know here
        std::optional<RouterId> router_id;
        std::optional<Address> default_prefix;
        std::optional<Address> next_hop;
    };
    bool add_update(const UpdateTlv& tlv);
    bool prepare(const UpdateTlv& tlv, bool implies_router_id);

    size_t size_max_;
    Bytes bytes_;
    State state_;
};

}  // namespace aip::routing::babel
