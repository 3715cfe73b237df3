// What a Sender says, and when.
#include <algorithm>

#include "aipacket/sender.hpp"

namespace aip::aipacket {
namespace {

constexpr uint32_t kProbeSymbols = 2;
constexpr uint32_t kProbeDoublingsMax = 5;

}  // namespace

bool Sender::poll(Instant now, PacketBuilder& out) {
    if (state_ == State::kFinished) return false;
    if (state_ == State::kCancelling) return poll_cancel(now, out);
    if (out.payload.size() < std::max<size_t>(kControlPayloadMax, config_.symbol_size)) {
        fail(ErrorCode::kInvalid, "a packet here carries " + std::to_string(out.payload.size()) +
                                      " bytes, the transfer needs " + std::to_string(config_.symbol_size) +
                                      ": offer it with a smaller symbol size");
        return false;
    }
    on_timers(now);
    if (state_ == State::kFinished) return false;
    return poll_offer(now, out) || poll_symbol(now, out);
}

void Sender::on_timers(Instant now) {
    if (heard_ + config_.timeout <= now) {
        return fail(ErrorCode::kTimeout, "no answer from " + config_.peer.text() + " for " +
                                             std::to_string(config_.timeout.count_ms()) + " ms; send again to resume");
    }
    if (state_ != State::kSending) return;
    if (flight_.loss_time() <= now) repair_losses(now);
    if (!flight_.empty() && last_sent_ + probe_timeout() <= now) {
        flight_.give_up_oldest(kProbeSymbols, repeats_);
        last_sent_ = now;
        if (++probes_ == kProbesBeforeOffer) {
            control_->on_silence();
            offer_repeat_.start(now);
        }
    }
    watch_idleness(now);
}

// With nothing unanswered no timer of a symbol runs: the offer is what keeps asking.
void Sender::watch_idleness(Instant now) {
    const bool idle = state_ == State::kWaiting || (state_ == State::kSending && flight_.empty());
    if (idle && !offer_repeat_.running()) offer_repeat_.start(now + kRepeatFirst);
}

Duration Sender::probe_timeout() const {
    return rtt_.probe_timeout(kAckDelayMax) * (int64_t{1} << std::min(probes_, kProbeDoublingsMax));
}

bool Sender::poll_cancel(Instant now, PacketBuilder& out) {
    if (!cancel_repeat_.due(now)) return false;
    finish_packet(out, Kind::kCancel, 0, write_cancel(out.payload, cancel_));
    cancel_repeat_.said(now);
    if (++cancel_copies_ == kCancelCopies) state_ = State::kFinished;
    return true;
}

bool Sender::poll_offer(Instant now, PacketBuilder& out) {
    if (!offer_repeat_.due(now)) return false;
    std::copy(offer_.begin(), offer_.end(), out.payload.begin());
    finish_packet(out, Kind::kOffer, config_.life, offer_.size());
    offer_repeat_.said(now);
    offered_at_ = now;
    ++offers_;
    return true;
}

bool Sender::poll_symbol(Instant now, PacketBuilder& out) {
    if (state_ != State::kSending) return false;
    drop_acknowledged_repeats();
    const auto symbol = choose_symbol();
    if (!symbol) return false;
    const SymbolPlace place = layout_.place(*symbol);
    const auto wire_bytes = static_cast<uint32_t>(place.length + kPacketOverhead);
    if (!window_open(wire_bytes)) return false;
    pacer_.refill(now, control_->bytes_per_second(rtt_));
    if (!pacer_.open()) return false;
    const ByteView bytes = symbol_bytes(place);
    stalled_ = bytes.empty();
    if (stalled_) return false;

    std::memcpy(out.payload.data(), bytes.data(), bytes.size());
    if (!repeats_.empty()) {
        repeats_.pop();
        ++progress_.retransmits;
    } else {
        ++next_symbol_;
    }
    flight_.sent(*symbol, next_packet_number_, wire_bytes, now);
    pacer_.sent(wire_bytes);
    last_sent_ = now;
    if (probes_ < kProbesBeforeOffer) offer_repeat_.stop();
    finish_packet(out, Kind::kSymbol, *symbol, bytes.size());
    return true;
}

void Sender::drop_acknowledged_repeats() {
    while (!repeats_.empty() && flight_.acknowledged(repeats_.front())) repeats_.pop();
}

std::optional<uint32_t> Sender::choose_symbol() const {
    if (!repeats_.empty()) return repeats_.front();
    if (next_symbol_ >= grant_ || next_symbol_ - flight_.lowest_missing() >= flight_.window_symbols()) {
        return std::nullopt;
    }
    return next_symbol_;
}

bool Sender::window_open(uint32_t wire_bytes) const {
    return flight_.empty() || flight_.bytes() + wire_bytes <= control_->window_bytes();
}

ByteView Sender::symbol_bytes(const SymbolPlace& place) {
    if (serving_ == Serving::kHead) {
        return ByteView(head_).subspan(size_t{place.piece} * limits::kBlockBytes + place.offset, place.length);
    }
    const uint32_t index = pieces_[place.piece];
    const ByteView block = source_.block(index);
    if (block.empty()) return {};
    AIP_ASSERT(block.size() == block_sizes_[index]);
    return block.subspan(place.offset, place.length);
}

void Sender::finish_packet(PacketBuilder& out, Kind kind, uint32_t symbol, size_t payload_bytes) {
    out.header = {kind, epoch_, config_.transfer, symbol, next_packet_number_++, receiver_life_};
    out.payload_bytes = payload_bytes;
    ++progress_.packets_sent;
    progress_.wire_bytes_sent += kPacketOverhead + payload_bytes;
}

Instant Sender::next_wakeup() const {
    if (state_ == State::kFinished) return Instant::never();
    if (state_ == State::kCancelling) return cancel_repeat_.when();
    Instant when = std::min(heard_ + config_.timeout, offer_repeat_.when());
    if (state_ != State::kSending) return when;
    when = std::min(when, flight_.loss_time());
    if (!flight_.empty()) when = std::min(when, last_sent_ + probe_timeout());
    const auto symbol = choose_symbol();
    if (!symbol || stalled_) return when;
    const auto wire_bytes = static_cast<uint32_t>(layout_.place(*symbol).length + kPacketOverhead);
    return window_open(wire_bytes) ? std::min(when, pacer_.opens_at()) : when;
}

}  // namespace aip::aipacket
