// The payloads of ACCEPT, ACK and CANCEL (rfc/0002 section 4). Views borrow from the payload. Parsers return nothing
// for whatever is not exactly a message; whether its numbers make sense is the transfer's to judge.
#pragma once

#include <optional>
#include <string>

#include "aipacket/transfer.hpp"

namespace aip::aipacket {

// What is wanted in an epoch. Blocks are named by a bitmap in parts of kAcceptPartBlocks bits; the header's symbol
// field is the part number. The head has one part and no bitmap.
struct AcceptMessage {
    enum class Phase : uint8_t { kHead = 1, kBlocks = 2 };
    Phase phase = Phase::kHead;
    uint16_t parts = 1;
    uint32_t blocks = 0;  // of the whole model
    uint32_t grant = 0;   // symbols below this may be sent
    ByteView bitmap;
};
inline constexpr uint32_t kAcceptPartBlocks = 8192;
inline constexpr uint32_t kAcceptPartsMax = limits::kBlocksMax / kAcceptPartBlocks;
inline constexpr size_t kAcceptFixedBytes = 12;
static_assert(kAcceptFixedBytes + kAcceptPartBlocks / 8 <= kControlPayloadMax);
static_assert(kAcceptPartsMax <= 32, "Sender keeps a bit per part in 32 bits");

inline uint32_t accept_parts(size_t blocks) {
    return static_cast<uint32_t>((blocks + kAcceptPartBlocks - 1) / kAcceptPartBlocks);
}

// What has arrived. The header's symbol field is the lowest symbol missing; the bitmap starts with that one.
struct AckMessage {
    uint32_t grant = 0;
    uint32_t newest_packet = 0;  // highest packet number of a symbol of this epoch
    uint32_t delay_us = 0;       // how long ago it came
    ByteView bitmap;
};
inline constexpr size_t kAckFixedBytes = 12;
static_assert(kAckFixedBytes + limits::kWindowSymbolsMax / 8 <= kControlPayloadMax);

struct CancelMessage {
    CancelCode code = CancelCode::kStopped;
    std::string text;  // printable ASCII, at most limits::kCancelTextMax
};

size_t write_accept(MutableBytes out, const AcceptMessage& message);
std::optional<AcceptMessage> parse_accept(ByteView payload);
size_t write_ack(MutableBytes out, const AckMessage& message);  // message.bitmap may already stand in its place
std::optional<AckMessage> parse_ack(ByteView payload);
size_t write_cancel(MutableBytes out, const CancelMessage& message);
std::optional<CancelMessage> parse_cancel(ByteView payload);

CancelMessage make_cancel(CancelCode code, std::string_view text);  // cuts and cleans the text

}  // namespace aip::aipacket
