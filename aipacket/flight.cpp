#include "aipacket/flight.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"

namespace aip::aipacket {

void Flight::begin(uint32_t window_symbols) {
    AIP_ASSERT(std::has_single_bit(window_symbols));
    slots_.assign(window_symbols, Slot{});
    mask_ = window_symbols - 1;
    records_.clear();
    lowest_missing_ = 0;
    bytes_ = 0;
    loss_time_ = Instant::never();
}

void Flight::sent(uint32_t symbol, uint32_t packet_number, uint32_t wire_bytes, Instant now) {
    AIP_ASSERT(symbol >= lowest_missing_ && symbol - lowest_missing_ < slots_.size());
    Slot& slot = slots_[symbol & mask_];
    AIP_ASSERT(!slot.in_flight && !slot.acknowledged);
    slot = {packet_number, wire_bytes, true, false};
    bytes_ += wire_bytes;
    records_.push({packet_number, symbol, now});
}

uint64_t Flight::settle(Slot& slot) {
    if (slot.acknowledged) return 0;
    if (slot.in_flight) bytes_ -= slot.wire_bytes;
    slot.in_flight = false;
    slot.acknowledged = true;
    return slot.wire_bytes;
}

uint64_t Flight::acknowledge(uint32_t lowest_missing, ByteView bitmap, uint32_t end, uint32_t& packets) {
    uint64_t bytes = 0;
    const auto count = [&](uint64_t newly) {
        bytes += newly;
        packets += newly > 0 ? 1 : 0;
    };
    for (; lowest_missing_ < lowest_missing; ++lowest_missing_) {
        Slot& slot = slots_[lowest_missing_ & mask_];
        count(settle(slot));
        slot = Slot{};
    }
    for (size_t i = 0; i < bitmap.size(); ++i) {
        for (uint8_t rest = bitmap[i]; rest != 0; rest = static_cast<uint8_t>(rest & (rest - 1))) {
            const uint64_t symbol = uint64_t{lowest_missing} + i * 8 + static_cast<uint64_t>(std::countr_zero(rest));
            if (symbol < end) count(settle(slots_[symbol & mask_]));
        }
    }
    forget_settled();
    return bytes;
}

bool Flight::live(const Record& record) const {
    if (record.symbol < lowest_missing_) return false;
    const Slot& slot = slots_[record.symbol & mask_];
    return slot.in_flight && slot.packet_number == record.packet_number;
}

void Flight::forget_settled() {
    while (!records_.empty() && !live(records_.front())) records_.pop();
    if (records_.empty()) loss_time_ = Instant::never();
}

void Flight::take_back(const Record& record, RingQueue<uint32_t>& repeats) {
    Slot& slot = slots_[record.symbol & mask_];
    slot.in_flight = false;
    bytes_ -= slot.wire_bytes;
    repeats.push(record.symbol);
}

Flight::Losses Flight::detect(uint32_t newest_packet, Duration loss_delay, Instant now, RingQueue<uint32_t>& repeats) {
    Losses losses;
    loss_time_ = Instant::never();
    for (forget_settled(); !records_.empty(); forget_settled()) {
        const Record record = records_.front();
        if (record.packet_number >= newest_packet) break;
        const bool late = record.at + loss_delay <= now;
        if (!late && newest_packet - record.packet_number < kPacketThreshold) {
            loss_time_ = record.at + loss_delay;
            break;
        }
        take_back(record, repeats);
        ++losses.packets;
        losses.newest_sent = record.at;
    }
    return losses;
}

void Flight::give_up_oldest(uint32_t count, RingQueue<uint32_t>& repeats) {
    for (forget_settled(); count > 0 && !records_.empty(); --count, forget_settled()) {
        take_back(records_.pop(), repeats);
    }
}

std::optional<Instant> Flight::sent_at(uint32_t packet_number) const {
    size_t low = 0;
    for (size_t high = records_.size(); low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (records_[middle].packet_number < packet_number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == records_.size() || records_[low].packet_number != packet_number) return std::nullopt;
    return records_[low].at;
}

}  // namespace aip::aipacket
