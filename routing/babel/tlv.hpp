// Numbers of Babel's TLVs, sub-TLVs, flags and address encodings, for the reader, the writer and the MAC. Private to
// routing/babel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/ids.hpp"

namespace aip::routing::babel {

inline constexpr uint8_t kMagic = 42;
inline constexpr uint8_t kVersion = 2;
inline constexpr size_t kHeaderBytes = 4;  // magic, version, length of the body

enum TlvType : uint8_t {
    kPad1 = 0,
    kAckRequest = 2,
    kAck = 3,
    kHello = 4,
    kIhu = 5,
    kRouterId = 6,
    kNextHop = 7,
    kUpdate = 8,
    kRouteRequest = 9,
    kSeqnoRequest = 10,
    kMac = 16,  // RFC 8967, in the trailer; the next three in the body
    kPacketCounter = 17,
    kChallengeRequest = 18,
    kChallengeReply = 19,
};

enum SubTlvType : uint8_t { kSubPad1 = 0, kSubPadN = 1, kSubTimestamp = 3 };  // timestamp: RFC 9616
inline constexpr uint8_t kSubMandatory = 0x80;

enum Encoding : uint8_t { kWildcard = 0, kIpv4 = 1, kIpv6 = 2, kLinkLocal = 3 };

inline constexpr uint16_t kHelloUnicast = 0x8000;
inline constexpr uint8_t kUpdateSetsPrefix = 0x80;
inline constexpr uint8_t kUpdateSetsRouterId = 0x40;

// The next TLV or sub-TLV of a sequence; Pad1 has no length. The reader fails if it is cut.
struct RawTlv {
    uint8_t type = 0;
    ByteView value;
};
inline RawTlv next_tlv(Reader& in) {
    const uint8_t type = in.u8();
    if (type == kPad1) return {type, {}};
    const uint8_t length = in.u8();
    return {type, in.view(length)};
}

inline void clear_beyond(Address& address, uint8_t bits) {
    const size_t whole = bits / 8;
    if (bits % 8 != 0) address.bytes[whole] &= static_cast<uint8_t>(0xff00 >> (bits % 8));
    std::fill(address.bytes.begin() + static_cast<ptrdiff_t>((bits + 7) / 8), address.bytes.end(), uint8_t{0});
}

}  // namespace aip::routing::babel
