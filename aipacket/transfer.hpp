// What both ends of a transfer share (rfc/0002): the packet a poll() fills, why a transfer ended, how far it is.
//
// A transfer carries a head (opaque bytes) and then blocks. Both ends are sans-I/O state machines of one thread:
//   on_packet(view, now)       a packet of this transfer arrived
//   poll(now, builder)         true: `builder` is a packet to send now; call again until false
//   next_wakeup()              when to poll again if nothing arrives; it may lie in the past
//   next_event()               what the caller must know or do
// The caller owns the clock, the addresses, the sealing and the disk.
#pragma once

#include <string>

#include "aipacket/wire.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::aipacket {

inline constexpr Duration kAckDelayMax = Duration::milliseconds(5);
inline constexpr uint32_t kAckEvery = 16;  // packets
inline constexpr Duration kRepeatFirst = Duration::milliseconds(100);
inline constexpr Duration kRepeatMax = Duration::seconds(1);
inline constexpr Duration kSilenceDefault = Duration::seconds(30);
inline constexpr uint32_t kCancelCopies = 5;  // nobody acknowledges a CANCEL
// What a packet must be able to carry besides symbols: offers, receipts, parts of an acceptance, acknowledgements.
inline constexpr size_t kControlPayloadMax = 1104;
static_assert(kPacketOverhead + kControlPayloadMax <= 1280 - kPacketOverhead, "fits any IPv6 link, tunnelled too");
static_assert(limits::kOfferBytesMax <= kControlPayloadMax && limits::kReceiptBytesMax <= kControlPayloadMax);

// A packet in the making: the caller gives `payload` (room for symbol_size and kControlPayloadMax), poll() the rest.
// Then: encode(packet, ends, builder.header, builder.payload_bytes).
struct PacketBuilder {
    MutableBytes payload;
    Header header{};
    size_t payload_bytes = 0;
};

enum class CancelCode : uint8_t {
    kStopped = 1,   // somebody asked to stop
    kRefused = 2,   // not admitted
    kCorrupt = 3,   // bytes do not match their digest, again and again
    kProtocol = 4,  // the peer broke a rule, or a limit of this protocol was reached
    kBusy = 5,      // too many transfers, try later
    kNoSpace = 6,
};
std::string_view cancel_code_name(CancelCode code);

struct Cancelled {  // by the peer
    CancelCode code;
    std::string text;
};
struct Failed {  // here: silent peer, corrupt data, broken rule
    Error error;
};

struct Progress {
    uint64_t bytes_done = 0;   // of blocks: acknowledged (sender), stored (receiver)
    uint64_t bytes_total = 0;  // of blocks that have to travel
    uint64_t wire_bytes_sent = 0;
    uint64_t wire_bytes_received = 0;
    uint64_t packets_sent = 0;
    uint64_t packets_received = 0;
    uint64_t retransmits = 0;  // sender
    uint64_t ignored = 0;      // packets that made no sense here: another epoch, out of range, malformed
    uint16_t epoch = 0;
    uint8_t hops = 0;  // receiver: links that the last packet crossed
    Duration srtt;     // sender; zero while unknown
};

// When to say something again: at once, then after 0.1, 0.2, 0.4 ... 1 s.
class Repeat {
public:
    void start(Instant now) {
        due_ = now;
        next_ = kRepeatFirst;
    }
    void stop() { due_ = Instant::never(); }
    bool running() const { return due_ != Instant::never(); }
    bool due(Instant now) const { return due_ <= now; }
    Instant when() const { return due_; }
    void said(Instant now) {
        due_ = now + next_;
        next_ = next_ * 2 < kRepeatMax ? next_ * 2 : kRepeatMax;
    }

private:
    Instant due_ = Instant::never();
    Duration next_ = kRepeatFirst;
};

}  // namespace aip::aipacket
