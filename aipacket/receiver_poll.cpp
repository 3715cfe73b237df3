// What a Receiver says, and when.
#include <algorithm>

#include "aipacket/receiver.hpp"

namespace aip::aipacket {

bool Receiver::poll(Instant now, PacketBuilder& out) {
    if (state_ == State::kFinished) return false;
    AIP_ASSERT(out.payload.size() >= kControlPayloadMax);
    if (state_ == State::kCancelling) return poll_cancel(now, out);
    if (silence_ends() <= now) {
        events_.push(Failed{{ErrorCode::kTimeout, "nothing from " + config_.peer.text() + " for " +
                                                      std::to_string(config_.timeout.count_ms()) +
                                                      " ms; what arrived is kept for when it offers again"}});
        state_ = State::kFinished;
        return false;
    }
    return poll_receipt(out) || poll_accept(now, out) || poll_ack(now, out);
}

// Only while the sender owes something: once everything is here, its silence does not matter.
Instant Receiver::silence_ends() const { return lacks_symbols() ? heard_ + config_.timeout : Instant::never(); }

bool Receiver::poll_cancel(Instant now, PacketBuilder& out) {
    if (!cancel_repeat_.due(now)) return false;
    finish_packet(out, Kind::kCancel, 0, write_cancel(out.payload, cancel_));
    cancel_repeat_.said(now);
    if (++cancel_copies_ == kCancelCopies) state_ = State::kFinished;
    return true;
}

bool Receiver::poll_receipt(PacketBuilder& out) {
    if (!receipt_due_) return false;
    receipt_due_ = false;
    std::copy(receipt_.begin(), receipt_.end(), out.payload.begin());
    finish_packet(out, Kind::kReceipt, 0, receipt_.size());
    return true;
}

AcceptMessage Receiver::accept_part(uint32_t part) {
    AcceptMessage message;
    message.grant = pieces_.grant();
    if (state_ == State::kHead) return message;
    message.phase = AcceptMessage::Phase::kBlocks;
    message.blocks = static_cast<uint32_t>(held_.size());
    message.parts = static_cast<uint16_t>(accept_parts(held_.size()));
    const size_t first = size_t{part} * kAcceptPartBlocks;
    message.bitmap = asked_bits_.bytes(first, std::min<size_t>(kAcceptPartBlocks, held_.size() - first));
    return message;
}

bool Receiver::poll_accept(Instant now, PacketBuilder& out) {
    if (!lacks_symbols() || !accept_repeat_.due(now)) return false;
    const AcceptMessage message = accept_part(accept_part_);
    finish_packet(out, Kind::kAccept, accept_part_, write_accept(out.payload, message));
    if (++accept_part_ < message.parts) return true;
    accept_part_ = 0;
    heard_symbol_ ? accept_repeat_.stop() : accept_repeat_.said(now);
    return true;
}

bool Receiver::poll_ack(Instant now, PacketBuilder& out) {
    if (ack_due_ > now || state_ == State::kDone) return false;
    ack_due_ = Instant::never();
    unacknowledged_ = 0;
    AckMessage message;
    message.grant = pieces_.grant();
    message.newest_packet = newest_packet_;
    const int64_t delay_us = newest_packet_ == 0 ? 0 : (now - newest_at_).count_us();
    message.delay_us = static_cast<uint32_t>(std::clamp<int64_t>(delay_us, 0, UINT32_MAX));
    const MutableBytes room = out.payload.subspan(kAckFixedBytes);
    message.bitmap = room.first(pieces_.write_bitmap(room));
    finish_packet(out, Kind::kAck, pieces_.lowest_missing(), write_ack(out.payload, message));
    return true;
}

void Receiver::acknowledge(Instant when) { ack_due_ = std::min(ack_due_, when); }

void Receiver::finish_packet(PacketBuilder& out, Kind kind, uint32_t symbol, size_t payload_bytes) {
    out.header = {kind, epoch_, config_.transfer, symbol, next_packet_number_++, life_};
    out.payload_bytes = payload_bytes;
    ++progress_.packets_sent;
    progress_.wire_bytes_sent += kPacketOverhead + payload_bytes;
}

Instant Receiver::next_wakeup() const {
    switch (state_) {
        case State::kFinished: return Instant::never();
        case State::kCancelling: return cancel_repeat_.when();
        case State::kDone: return receipt_due_ ? heard_ : Instant::never();
        default: break;
    }
    const Instant accept = lacks_symbols() ? accept_repeat_.when() : Instant::never();
    return std::min({accept, ack_due_, silence_ends()});
}

std::optional<Receiver::Event> Receiver::next_event() {
    if (events_.empty()) return std::nullopt;
    return events_.pop();
}

Progress Receiver::progress() const {
    Progress progress = progress_;
    progress.epoch = epoch_;
    return progress;
}

}  // namespace aip::aipacket
