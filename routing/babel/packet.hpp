// Babel packets (RFC 8966 section 4; timestamps of RFC 9616, MAC trailer of RFC 8967) as values. A reader walks the
// TLVs of one packet in order and keeps what the RFC makes later TLVs depend on: router id, next hop, default prefix.
//
// Bounds-checked; unknown TLVs and sub-TLVs are skipped, a TLV with an unknown mandatory sub-TLV is ignored whole
// (but still changes the parser state where RFC 8966 section 4.4 says so). Any thread, no allocation on reading.
#pragma once

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
};
struct IhuTlv {
    std::optional<Address> address;  // none: AE 0, or one we do not know
    uint16_t rx_cost = kInfinity;
    Duration interval;
    struct Echo {                  // RFC 9616
        uint32_t origin_us = 0;    // our timestamp, come back
        uint32_t received_us = 0;  // the neighbour's clock when it came
    };
    std::optional<Echo> echo;
};
struct UpdateTlv {
    Prefix prefix;
    bool wildcard = false;  // AE 0: a retraction of everything
    RouterId router_id = 0;
    std::optional<Address> next_hop;  // none: the source of the packet
    Duration interval;
    uint16_t seqno = 0;
    uint16_t metric = kInfinity;
};
struct RouteRequestTlv {
    std::optional<Prefix> prefix;  // none: the whole table
};
struct SeqnoRequestTlv {
    Prefix prefix;
    uint16_t seqno = 0;
    uint8_t hop_count = 0;
    RouterId router_id = 0;
};
struct AckRequestTlv {
    uint16_t opaque = 0;
    Duration interval;
};
struct AckTlv {
    uint16_t opaque = 0;
};
using Tlv = std::variant<HelloTlv, IhuTlv, UpdateTlv, RouteRequestTlv, SeqnoRequestTlv, AckRequestTlv, AckTlv>;

enum class ParseResult : uint8_t { kGood, kNotBabel, kTruncated };  // kTruncated: TLVs before the bad one were visited

struct ParseCounts {
    uint32_t skipped = 0;  // unknown TLVs, unknown mandatory sub-TLVs
    uint32_t bad = 0;      // TLVs whose fields contradict themselves
};

// Visits every TLV that is understood, in order. `packet` is the UDP payload; a trailer is not visited.
ParseResult parse_packet(ByteView packet, const std::function<void(const Tlv&)>& visit, ParseCounts* counts = nullptr);

// Writes TLVs into one packet, with prefix compression and router ids said once. add() is false when the TLV does not
// fit any more: start another packet.
class PacketWriter {
public:
    explicit PacketWriter(size_t size_max);
    bool add(const Tlv& tlv);
    bool empty() const { return bytes_.size() <= 4; }
    Bytes finish();  // body length filled in; the writer is empty again

private:
    size_t size_max_;
    Bytes bytes_;
    std::optional<RouterId> router_id_;
    std::optional<Address> default_prefix_;
};

}  // namespace aip::routing::babel
