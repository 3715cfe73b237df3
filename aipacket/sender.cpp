#include "aipacket/sender.hpp"

#include <algorithm>
#include <bit>

namespace aip::aipacket {
namespace {

constexpr Duration kAckDelayBelieved = kAckDelayMax * 4;
constexpr Duration kGuessMin = Duration::milliseconds(1);
constexpr Duration kGuessMax = Duration::seconds(1);
constexpr uint64_t kLoadAheadBytes = uint64_t{4} * limits::kBlockBytes;

// A power of two that holds a full window, and no more than the receiver's bitmap does.
uint32_t window_symbols(uint32_t symbol_size) {
    const auto full = static_cast<uint32_t>(limits::kWindowBytesMax / symbol_size + 1);
    return std::clamp(std::bit_ceil(full), 64u, limits::kWindowSymbolsMax);
}

}  // namespace

Sender::Sender(const SenderConfig& config, Bytes offer, Bytes head, std::vector<uint32_t> block_sizes,
               BlockSource& source, Instant now, std::unique_ptr<RateControl> control)
    : config_(config),
      offer_(std::move(offer)),
      head_(std::move(head)),
      block_sizes_(std::move(block_sizes)),
      source_(source),
      control_(std::move(control)),
      pacer_(config.symbol_size + static_cast<uint32_t>(kPacketOverhead)),
      heard_(now) {
    AIP_ASSERT(offer_.size() <= limits::kOfferBytesMax && !head_.empty() && head_.size() <= limits::kHeadBytesMax);
    AIP_ASSERT(config_.symbol_size >= limits::kSymbolBytesMin && config_.symbol_size <= kPayloadBytesMax);
    if (!control_) {
        control_ = std::make_unique<AimdWindow>(config_.symbol_size + static_cast<uint32_t>(kPacketOverhead));
    }
    offer_repeat_.start(now);
}

void Sender::on_packet(const PacketView& packet, Instant now) {
    if (packet.header.transfer != config_.transfer || packet.source != config_.peer) {
        ++progress_.ignored;
        return;
    }
    ++progress_.packets_received;
    progress_.wire_bytes_received += packet.wire_bytes();
    if (state_ == State::kFinished || state_ == State::kCancelling) return;
    heard_ = now;
    switch (packet.header.kind) {
        case Kind::kAccept: return on_accept(packet, now);
        case Kind::kAck: return on_ack(packet, now);
        case Kind::kReceipt: return on_receipt(packet);
        case Kind::kCancel: return on_cancel(packet);
        default: ++progress_.ignored;
    }
}

void Sender::on_accept(const PacketView& packet, Instant now) {
    const auto message = parse_accept(packet.payload);
    if (!message || packet.header.epoch <= epoch_ || packet.header.symbol >= message->parts) {
        // A restarted receiver that does not know yet how far the epochs are: the offer says it.
        if (message && packet.header.life != receiver_life_ && !offer_repeat_.running()) offer_repeat_.start(now);
        ++progress_.ignored;
        return;
    }
    if (epoch_ == 0 && offers_ == 1) rtt_.guess(std::clamp(now - offered_at_, kGuessMin, kGuessMax));
    if (message->phase == AcceptMessage::Phase::kHead) return serve_head(packet.header, message->grant, now);
    on_accept_blocks(*message, packet.header, now);
}

void Sender::on_accept_blocks(const AcceptMessage& message, const Header& header, Instant now) {
    if (message.blocks != block_sizes_.size() || header.epoch < asked_.epoch) {
        ++progress_.ignored;
        return;
    }
    if (header.epoch > asked_.epoch || header.life != asked_.life) {
        asked_ = {header.epoch, header.life, 0, 0, Bitmap(block_sizes_.size())};
    }
    const size_t first = size_t{header.symbol} * kAcceptPartBlocks;
    const size_t count = std::min<size_t>(kAcceptPartBlocks, block_sizes_.size() - first);
    if (!asked_.wanted.assign(first, count, message.bitmap)) {
        ++progress_.ignored;
        return;
    }
    asked_.parts_seen |= 1u << header.symbol;
    asked_.grant = std::max(asked_.grant, message.grant);
    if (std::popcount(asked_.parts_seen) == message.parts) serve_blocks(now);
}

void Sender::serve_head(const Header& header, uint32_t grant, Instant now) {
    serving_ = Serving::kHead;
    pieces_.clear();
    layout_ = SymbolLayout::of_head(config_.symbol_size, static_cast<uint32_t>(head_.size()));
    begin_epoch(header.epoch, header.life, grant, now);
}

void Sender::serve_blocks(Instant now) {
    std::vector<uint32_t> sizes;
    uint64_t wanted_bytes = 0;
    pieces_.clear();
    for (uint32_t i = 0; i < block_sizes_.size(); ++i) {
        if (!asked_.wanted.test(i)) continue;
        pieces_.push_back(i);
        sizes.push_back(block_sizes_[i]);
        wanted_bytes += block_sizes_[i];
    }
    progress_.bytes_total = std::max(progress_.bytes_total, wanted_bytes);
    progress_.bytes_done = progress_.bytes_total - wanted_bytes;
    serving_ = Serving::kBlocks;
    layout_ = SymbolLayout(config_.symbol_size, std::move(sizes));
    begin_epoch(asked_.epoch, asked_.life, asked_.grant, now);
}

void Sender::begin_epoch(uint16_t epoch, uint32_t life, uint32_t grant, Instant now) {
    epoch_ = epoch;
    receiver_life_ = life;
    state_ = layout_.symbols() > 0 ? State::kSending : State::kWaiting;
    flight_.begin(window_symbols(config_.symbol_size));
    repeats_.clear();
    next_symbol_ = 0;
    grant_ = std::min(grant, layout_.symbols());
    newest_acknowledged_ = 0;
    probes_ = 0;
    stalled_ = false;
    offer_repeat_.stop();
    watch_idleness(now);
}

void Sender::on_ack(const PacketView& packet, Instant now) {
    const uint32_t lowest_missing = packet.header.symbol;
    const auto ack = parse_ack(packet.payload);
    if (!ack || packet.header.epoch != epoch_ || packet.header.life != receiver_life_ || state_ != State::kSending ||
        lowest_missing > next_symbol_ || lowest_missing < flight_.lowest_missing() ||
        ack->newest_packet >= next_packet_number_) {
        ++progress_.ignored;
        return;
    }
    take_acknowledgement(*ack, lowest_missing, now);
    if (flight_.lowest_missing() == layout_.symbols()) {
        state_ = State::kWaiting;
        repeats_.clear();
    }
    watch_idleness(now);
}

void Sender::take_acknowledgement(const AckMessage& ack, uint32_t lowest_missing, Instant now) {
    measure_rtt(ack, now);
    const uint64_t in_flight_before = flight_.bytes();
    uint32_t packets = 0;
    const uint64_t bytes = flight_.acknowledge(lowest_missing, ack.bitmap, next_symbol_, packets);
    if (bytes > 0) {
        if (serving_ == Serving::kBlocks) progress_.bytes_done += bytes - packets * kPacketOverhead;
        control_->on_acknowledged(bytes, in_flight_before, rtt_);
        if (probes_ > 0) offer_repeat_.stop();
        probes_ = 0;
    } else if (probes_ >= kProbesBeforeOffer) {
        // The answer to an offer: the path is back, and what went into the silence is lost. Probes alone would take
        // hours to bring it back through the small window that silence leaves.
        flight_.give_up_oldest(UINT32_MAX, repeats_);
        probes_ = 0;
    }
    grant_ = std::max(grant_, std::min(ack.grant, layout_.symbols()));
    repair_losses(now);
}

void Sender::measure_rtt(const AckMessage& ack, Instant now) {
    if (ack.newest_packet <= newest_acknowledged_) return;
    newest_acknowledged_ = ack.newest_packet;
    const auto sent = flight_.sent_at(ack.newest_packet);
    if (sent) rtt_.sample(now - *sent, std::min(Duration::microseconds(ack.delay_us), kAckDelayBelieved));
}

void Sender::repair_losses(Instant now) {
    const auto losses = flight_.detect(newest_acknowledged_, rtt_.loss_delay(), now, repeats_);
    control_->on_lost(losses.packets, losses.newest_sent, now);
}

void Sender::on_receipt(const PacketView& packet) {
    if (packet.payload.empty() || packet.payload.size() > limits::kReceiptBytesMax) {
        ++progress_.ignored;
        return;
    }
    progress_.bytes_done = progress_.bytes_total;
    events_.push(Receipt{to_bytes(packet.payload)});
    state_ = State::kFinished;
}

void Sender::on_cancel(const PacketView& packet) {
    auto message = parse_cancel(packet.payload);
    if (!message) {
        ++progress_.ignored;
        return;
    }
    events_.push(Cancelled{message->code, std::move(message->text)});
    state_ = State::kFinished;
}

void Sender::cancel(CancelCode code, std::string_view text, Instant now) {
    if (state_ == State::kFinished || state_ == State::kCancelling) return;
    cancel_ = make_cancel(code, text);
    cancel_repeat_.start(now);
    state_ = State::kCancelling;
}

void Sender::fail(ErrorCode code, std::string text) {
    events_.push(Failed{{code, std::move(text)}});
    state_ = State::kFinished;
}

std::optional<Sender::Event> Sender::next_event() {
    if (events_.empty()) return std::nullopt;
    return events_.pop();
}

std::span<const uint32_t> Sender::wanted_range() const {
    if (state_ != State::kSending || serving_ != Serving::kBlocks) return {};
    const uint32_t first = layout_.piece_of(flight_.lowest_missing());
    uint32_t last = next_symbol_ < layout_.symbols() ? layout_.piece_of(next_symbol_) : layout_.pieces() - 1;
    uint64_t ahead = layout_.piece_size(last);
    while (last + 1 < layout_.pieces() && ahead + layout_.piece_size(last + 1) <= kLoadAheadBytes) {
        ahead += layout_.piece_size(++last);
    }
    return std::span<const uint32_t>(pieces_).subspan(first, last - first + 1);
}

Progress Sender::progress() const {
    Progress progress = progress_;
    progress.epoch = epoch_;
    progress.srtt = rtt_.known() ? rtt_.smoothed() : Duration{};
    return progress;
}

}  // namespace aip::aipacket
