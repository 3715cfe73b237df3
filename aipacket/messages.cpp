#include "aipacket/messages.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::aipacket {

size_t write_accept(MutableBytes out, const AcceptMessage& message) {
    const size_t bytes = kAcceptFixedBytes + message.bitmap.size();
    AIP_ASSERT(out.size() >= bytes);
    uint8_t* p = out.data();
    p[0] = static_cast<uint8_t>(message.phase);
    p[1] = 0;
    store_be16(p + 2, message.parts);
    store_be32(p + 4, message.blocks);
    store_be32(p + 8, message.grant);
    std::copy(message.bitmap.begin(), message.bitmap.end(), p + kAcceptFixedBytes);
    return bytes;
}

std::optional<AcceptMessage> parse_accept(ByteView payload) {
    Reader in(payload);
    AcceptMessage message;
    const uint8_t phase = in.u8();
    const uint8_t reserved = in.u8();
    message.parts = in.u16();
    message.blocks = in.u32();
    message.grant = in.u32();
    message.bitmap = in.view(in.remaining());
    if (in.failed() || reserved != 0 || phase < 1 || phase > 2) return std::nullopt;
    message.phase = static_cast<AcceptMessage::Phase>(phase);
    const bool head = message.phase == AcceptMessage::Phase::kHead;
    if (head && (message.parts != 1 || message.blocks != 0 || !message.bitmap.empty())) return std::nullopt;
    if (!head && (message.blocks > limits::kBlocksMax || message.parts != accept_parts(message.blocks))) {
        return std::nullopt;
    }
    return message;
}

size_t write_ack(MutableBytes out, const AckMessage& message) {
    const size_t bytes = kAckFixedBytes + message.bitmap.size();
    AIP_ASSERT(out.size() >= bytes);
    uint8_t* p = out.data();
    store_be32(p, message.grant);
    store_be32(p + 4, message.newest_packet);
    store_be32(p + 8, message.delay_us);
    if (!message.bitmap.empty()) std::memmove(p + kAckFixedBytes, message.bitmap.data(), message.bitmap.size());
    return bytes;
}

std::optional<AckMessage> parse_ack(ByteView payload) {
    Reader in(payload);
    AckMessage message;
    message.grant = in.u32();
    message.newest_packet = in.u32();
    message.delay_us = in.u32();
    message.bitmap = in.view(in.remaining());
    if (in.failed() || message.bitmap.size() > limits::kWindowSymbolsMax / 8) return std::nullopt;
    return message;
}

size_t write_cancel(MutableBytes out, const CancelMessage& message) {
    AIP_ASSERT(out.size() >= 1 + message.text.size());
    out[0] = static_cast<uint8_t>(message.code);
    std::copy(message.text.begin(), message.text.end(), out.begin() + 1);
    return 1 + message.text.size();
}

std::optional<CancelMessage> parse_cancel(ByteView payload) {
    if (payload.empty() || payload.size() > 1 + limits::kCancelTextMax) return std::nullopt;
    if (payload[0] < 1 || payload[0] > static_cast<uint8_t>(CancelCode::kNoSpace)) return std::nullopt;
    return make_cancel(static_cast<CancelCode>(payload[0]), as_text(payload.subspan(1)));
}

CancelMessage make_cancel(CancelCode code, std::string_view text) {
    CancelMessage message{code, std::string(text.substr(0, limits::kCancelTextMax))};
    for (char& c : message.text) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return message;
}

std::string_view cancel_code_name(CancelCode code) {
    static constexpr std::string_view kNames[] = {"none",     "stopped", "refused", "corrupt",
                                                  "protocol", "busy",    "no-space"};
    const auto i = static_cast<size_t>(code);
    return i < std::size(kNames) ? kNames[i] : "unknown";
}

}  // namespace aip::aipacket
