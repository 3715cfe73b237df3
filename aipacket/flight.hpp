// What is on the wire and unanswered in one epoch, and which of it is lost (rules of RFC 9002 section 6.1: three newer
// packets arrived, or 9/8 of a round trip passed). Symbols are acknowledged by bitmap; loss is judged by packet
// number, which grows with every transmission, so a repeated symbol is never confused with its first try.
// Amortised constant work per packet; memory is fixed per epoch but for the ring of records.
#pragma once

#include <optional>
#include <vector>

#include "aipacket/ring_queue.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"

namespace aip::aipacket {

inline constexpr uint32_t kPacketThreshold = 3;

class Flight {
public:
    struct Losses {
        uint32_t packets = 0;
        Instant newest_sent;  // when the newest of them was sent
    };

    void begin(uint32_t window_symbols);  // a power of two
    uint32_t window_symbols() const { return static_cast<uint32_t>(slots_.size()); }

    void sent(uint32_t symbol, uint32_t packet_number, uint32_t wire_bytes, Instant now);
    // Everything below `lowest_missing` arrived, and the symbols of the bitmap, which starts with it.
    // `end` is one above the highest symbol ever sent. Returns wire bytes newly acknowledged.
    uint64_t acknowledge(uint32_t lowest_missing, ByteView bitmap, uint32_t end, uint32_t& packets);
    // Moves what is lost to `repeats`; loss_time() then says when to look again.
    Losses detect(uint32_t newest_packet, Duration loss_delay, Instant now, RingQueue<uint32_t>& repeats);
    // Moves the oldest `count` to `repeats` without calling them lost to anybody.
    void give_up_oldest(uint32_t count, RingQueue<uint32_t>& repeats);

    bool acknowledged(uint32_t symbol) const { return symbol < lowest_missing_ || slots_[symbol & mask_].acknowledged; }
    std::optional<Instant> sent_at(uint32_t packet_number) const;
    uint32_t lowest_missing() const { return lowest_missing_; }
    uint64_t bytes() const { return bytes_; }
    bool empty() const { return bytes_ == 0; }
    Instant loss_time() const { return loss_time_; }

private:
    struct Slot {
        uint32_t packet_number = 0;  // of the newest transmission
        uint32_t wire_bytes = 0;
        bool in_flight = false;
        bool acknowledged = false;
    };
    struct Record {
        uint32_t packet_number = 0;
        uint32_t symbol = 0;
        Instant at;
    };
    bool live(const Record& record) const;
    uint64_t settle(Slot& slot);
    void take_back(const Record& record, RingQueue<uint32_t>& repeats);
    void forget_settled();

    std::vector<Slot> slots_;
    uint32_t mask_ = 0;
    RingQueue<Record> records_;  // by packet number; the front one is live
    uint32_t lowest_missing_ = 0;
    uint64_t bytes_ = 0;
    Instant loss_time_ = Instant::never();
};

}  // namespace aip::aipacket
