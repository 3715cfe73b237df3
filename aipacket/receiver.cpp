#include "aipacket/receiver.hpp"

#include <algorithm>
#include <numeric>

#include "base/crc32c.hpp"
#include "crypto/sha256.hpp"

namespace aip::aipacket {
namespace {

// No two Receivers of one transfer are made at the same moment from the same offer.
uint32_t life_of(const Header& offer, Instant now) {
    uint8_t made_from[16];
    store_be64(made_from, static_cast<uint64_t>(now.ns()));
    store_be32(made_from + 8, offer.symbol);
    store_be32(made_from + 12, offer.packet_number);
    return std::max(crc32c(made_from), 1u);
}

}  // namespace

Result<void> Receiver::check(const ReceiverConfig& config) {
    if (config.head_size == 0 || config.head_size > limits::kHeadBytesMax) {
        return Error{ErrorCode::kInvalid, "offer: head of " + std::to_string(config.head_size) +
                                              " bytes, allowed are 1 to " + std::to_string(limits::kHeadBytesMax)};
    }
    if (config.symbol_size < limits::kSymbolBytesMin || config.symbol_size > kPayloadBytesMax) {
        return Error{ErrorCode::kInvalid, "offer: symbols of " + std::to_string(config.symbol_size) +
                                              " bytes, allowed are " + std::to_string(limits::kSymbolBytesMin) +
                                              " to " + std::to_string(kPayloadBytesMax)};
    }
    if (config.total_bytes > limits::kModelBytesMax) {
        return Error{ErrorCode::kInvalid,
                     "offer: " + std::to_string(config.total_bytes) + " bytes, more than any model has"};
    }
    return {};
}

Receiver::Receiver(const ReceiverConfig& config, const Header& offer, Instant now)
    : config_(config), life_(life_of(offer, now)), sender_life_(offer.symbol), heard_(now) {
    AIP_ASSERT(check(config_).has_value());
    progress_.bytes_total = config_.total_bytes;
    ask_again(offer.epoch, now);
}

void Receiver::on_packet(const PacketView& packet, Instant now) {
    if (packet.header.transfer != config_.transfer || packet.source != config_.peer) {
        ++progress_.ignored;
        return;
    }
    ++progress_.packets_received;
    progress_.wire_bytes_received += packet.wire_bytes();
    progress_.hops = static_cast<uint8_t>(kHopLimitDefault - std::min(packet.hop_limit, kHopLimitDefault) + 1);
    if (state_ == State::kFinished || state_ == State::kCancelling) return;
    heard_ = now;
    if (packet.header.kind == Kind::kCancel && state_ != State::kDone) return on_cancel(packet);
    if (state_ == State::kDone) {
        receipt_due_ = true;
        return;
    }
    switch (packet.header.kind) {
        case Kind::kOffer: return on_offer(packet.header, now);
        case Kind::kSymbol: return on_symbol(packet, now);
        default: ++progress_.ignored;
    }
}

void Receiver::on_offer(const Header& offer, Instant now) {
    const bool serves_another = offer.epoch > epoch_ || (offer.epoch != 0 && offer.life != life_);
    const bool another_life = offer.symbol != sender_life_ || serves_another;
    sender_life_ = offer.symbol;
    if (!lacks_symbols()) {
        epoch_ = std::max(epoch_, offer.epoch);
        return acknowledge(now);  // a sign of life: the next word is the caller's
    }
    if (another_life) return ask_again(std::max(epoch_, offer.epoch), now);
    if (offer.epoch == epoch_) return acknowledge(now);
    accept_part_ = 0;
    accept_repeat_.start(now);
}

void Receiver::on_symbol(const PacketView& packet, Instant now) {
    if (packet.header.epoch != epoch_ || packet.header.life != life_) {
        ++progress_.ignored;
        return;
    }
    const auto verdict = pieces_.put(packet.header.symbol, packet.payload);
    if (verdict == Reassembly::Verdict::kOutOfRange || verdict == Reassembly::Verdict::kWrongLength) {
        ++progress_.ignored;
        return;
    }
    note_packet(packet.header, verdict, now);
    take_pieces(now);
}

void Receiver::note_packet(const Header& header, Reassembly::Verdict verdict, Instant now) {
    if (!heard_symbol_) {
        heard_symbol_ = true;
        accept_part_ = 0;
        accept_repeat_.stop();
    }
    const bool gap = newest_packet_ != 0 && header.packet_number > newest_packet_ + 1;
    if (header.packet_number > newest_packet_) {
        newest_packet_ = header.packet_number;
        newest_at_ = now;
    }
    const bool soon = gap || verdict == Reassembly::Verdict::kDuplicate || ++unacknowledged_ >= kAckEvery ||
                      pieces_.complete() || pieces_.lowest_missing() == pieces_.grant();
    acknowledge(soon ? now : now + kAckDelayMax);
}

void Receiver::take_pieces(Instant now) {
    while (auto piece = pieces_.take()) {
        if (state_ == State::kHead) {
            const size_t offset = size_t{piece->index} * limits::kBlockBytes;
            head_.resize(std::max(head_.size(), offset + piece->bytes.size()));
            std::copy(piece->bytes.begin(), piece->bytes.end(), head_.begin() + static_cast<std::ptrdiff_t>(offset));
        } else {
            const uint32_t index = asked_[piece->index];
            held_[index] = Held::kGivenOut;
            --missing_;
            ++given_out_;
            reserved_bytes_ -= sizes_[index];
            given_out_bytes_ += sizes_[index];
            events_.push(Block{index, std::move(piece->bytes)});
        }
    }
    if (state_ == State::kHead && pieces_.complete()) take_head(now);
}

void Receiver::take_head(Instant now) {
    if (crypto::sha256(head_) == config_.head_digest) {
        state_ = State::kVerifying;
        events_.push(Head{std::move(head_)});
        return;
    }
    if (++head_rejects_ < limits::kBlockRejectsMax) return ask_again(epoch_, now);
    cancel(CancelCode::kCorrupt, "the head does not match its digest", now);
    events_.push(Failed{{ErrorCode::kCorrupt, "the head from " + config_.peer.text() + " does not match its offer"}});
}

// Opens an epoch above `above` and asks for whatever is lacking.
void Receiver::ask_again(uint16_t above, Instant now) {
    if (above == UINT16_MAX) {
        cancel(CancelCode::kProtocol, "no epochs left", now);
        events_.push(Failed{{ErrorCode::kInvalid, "transfer from " + config_.peer.text() + " used up its epochs"}});
        return;
    }
    epoch_ = static_cast<uint16_t>(above + 1);
    heard_symbol_ = false;
    newest_packet_ = 0;
    unacknowledged_ = 0;
    ack_due_ = Instant::never();
    accept_part_ = 0;
    accept_repeat_.start(now);
    state_ == State::kHead ? ask_head() : ask_blocks();
}

void Receiver::ask_head() {
    head_.clear();
    pieces_.begin(SymbolLayout::of_head(config_.symbol_size, config_.head_size));
    pieces_.set_grant(pieces_.layout().symbols());
}

void Receiver::ask_blocks() {
    std::vector<uint32_t> sizes;
    asked_.clear();
    asked_bits_ = Bitmap(held_.size());
    for (uint32_t i = 0; i < held_.size(); ++i) {
        if (held_[i] != Held::kMissing) continue;
        asked_.push_back(i);
        asked_bits_.set(i);
        sizes.push_back(sizes_[i]);
    }
    pieces_.begin(SymbolLayout(config_.symbol_size, std::move(sizes)));
    granted_pieces_ = 0;
    reserved_bytes_ = 0;
    raise_grant();
}

bool Receiver::raise_grant() {
    const uint32_t before = granted_pieces_;
    for (; granted_pieces_ < asked_.size(); ++granted_pieces_) {
        const uint32_t size = sizes_[asked_[granted_pieces_]];
        if (reserved_bytes_ + given_out_bytes_ + size > limits::kReceiveBufferMax) break;
        reserved_bytes_ += size;
    }
    pieces_.set_grant(pieces_.layout().first_symbol(granted_pieces_));
    return granted_pieces_ > before;
}

Result<void> Receiver::want_blocks(std::vector<uint32_t> sizes, const Bitmap& wanted, Instant now) {
    if (state_ != State::kVerifying) return Error{ErrorCode::kCancelled, "the transfer is no longer waiting for this"};
    if (sizes.size() > limits::kBlocksMax || wanted.size() != sizes.size()) {
        return Error{ErrorCode::kInvalid, "a model of " + std::to_string(sizes.size()) + " blocks and a bitmap of " +
                                              std::to_string(wanted.size()) + " do not go together"};
    }
    for (uint32_t size : sizes) {
        if (size == 0 || size > limits::kBlockBytes) {
            return Error{ErrorCode::kInvalid, "a block of " + std::to_string(size) + " bytes"};
        }
    }
    const uint64_t total = std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
    if (total != config_.total_bytes) {
        return Error{ErrorCode::kInvalid, "the blocks have " + std::to_string(total) + " bytes, the offer said " +
                                              std::to_string(config_.total_bytes)};
    }
    sizes_ = std::move(sizes);
    held_.assign(sizes_.size(), Held::kNotWanted);
    progress_.bytes_total = 0;
    for (uint32_t i = 0; i < sizes_.size(); ++i) {
        if (!wanted.test(i)) continue;
        held_[i] = Held::kMissing;
        ++missing_;
        progress_.bytes_total += sizes_[i];
    }
    state_ = State::kBlocks;
    missing_ > 0 ? ask_again(epoch_, now) : advance(now);
    return {};
}

bool Receiver::take_back(uint32_t index, Held now_held) {
    if (state_ != State::kBlocks || index >= held_.size() || held_[index] != Held::kGivenOut) return false;
    held_[index] = now_held;
    --given_out_;
    given_out_bytes_ -= sizes_[index];
    return true;
}

void Receiver::block_stored(uint32_t index, Instant now) {
    if (!take_back(index, Held::kStored)) return;
    progress_.bytes_done += sizes_[index];
    advance(now);
}

void Receiver::block_rejected(uint32_t index, Instant now) {
    if (!take_back(index, Held::kMissing)) return;
    ++missing_;
    if (++rejects_[index] >= limits::kBlockRejectsMax) {
        cancel(CancelCode::kCorrupt, "block " + std::to_string(index) + " does not match its digest", now);
        events_.push(Failed{{ErrorCode::kCorrupt, "block " + std::to_string(index) + " from " + config_.peer.text() +
                                                      " arrived with a wrong digest " +
                                                      std::to_string(limits::kBlockRejectsMax) + " times"}});
        return;
    }
    advance(now);
}

void Receiver::advance(Instant now) {
    if (missing_ == 0 && given_out_ == 0) {
        state_ = State::kAllStored;
        events_.push(AllStored{});
        return;
    }
    if (pieces_.complete()) {
        if (given_out_ == 0) ask_again(epoch_, now);  // the rejected ones
        return;
    }
    const bool was_short = pieces_.grant() - pieces_.end() < kAckEvery;  // the sender may have come to a halt
    if (raise_grant()) acknowledge(was_short ? now : now + kAckDelayMax);
}

bool Receiver::complete(Bytes receipt, Instant now) {
    AIP_ASSERT(!receipt.empty() && receipt.size() <= limits::kReceiptBytesMax);
    if (state_ != State::kAllStored) return false;
    heard_ = now;
    receipt_ = std::move(receipt);
    receipt_due_ = true;
    state_ = State::kDone;
    return true;
}

void Receiver::on_cancel(const PacketView& packet) {
    auto message = parse_cancel(packet.payload);
    if (!message) {
        ++progress_.ignored;
        return;
    }
    events_.push(Cancelled{message->code, std::move(message->text)});
    state_ = State::kFinished;
}

void Receiver::cancel(CancelCode code, std::string_view text, Instant now) {
    if (state_ == State::kFinished || state_ == State::kCancelling || state_ == State::kDone) return;
    cancel_ = make_cancel(code, text);
    cancel_repeat_.start(now);
    state_ = State::kCancelling;
}

}  // namespace aip::aipacket
