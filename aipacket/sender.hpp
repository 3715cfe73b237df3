// The sending end of a transfer (rfc/0002 section 5): offers until answered, then sends what the receiver's newest
// acceptance asks for, and repeats what was lost until a receipt comes.
//
//   offering -> sending (epoch 1: the head) -> waiting -> sending (epoch 2: blocks) -> waiting -> finished
//
// Invariant: at most limits::kWindowBytesMax bytes are unacknowledged, and only blocks of wanted_range() are ever
// asked of the source. A newer acceptance replaces the one being served; packet numbers are never used twice.
// While it waits it repeats the offer, so a receiver that was restarted hears of the transfer and asks for the rest.
// It does not judge receipts (the caller checks the signature) and does not seal.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "aipacket/bitmap.hpp"
#include "aipacket/flight.hpp"
#include "aipacket/layout.hpp"
#include "aipacket/messages.hpp"
#include "aipacket/pacing.hpp"
#include "aipacket/ring_queue.hpp"
#include "aipacket/transfer.hpp"

namespace aip::aipacket {

// The bytes of a block, or empty while they are not loaded. The view must live until the next call.
class BlockSource {
public:
    virtual ~BlockSource() = default;
    virtual ByteView block(uint32_t block_index) = 0;
};

struct SenderConfig {
    uint64_t transfer = 0;
    Address peer;              // packets from elsewhere are ignored
    uint32_t life = 0;         // random: tells a restarted sender from a repeated offer
    uint32_t symbol_size = 0;  // as in the offer; every packet given to poll() must have room for it
    Duration timeout = kSilenceDefault;
};

class Sender {
public:
    struct Receipt {
        Bytes bytes;
    };
    using Event = std::variant<Receipt, Cancelled, Failed>;

    // `offer` is sent as it is (at most limits::kOfferBytesMax). `block_sizes` are those the manifest in the head
    // names, each 1..limits::kBlockBytes. Without `control` the rate follows AimdWindow.
    Sender(const SenderConfig& config, Bytes offer, Bytes head, std::vector<uint32_t> block_sizes, BlockSource& source,
           Instant now, std::unique_ptr<RateControl> control = nullptr);

    void on_packet(const PacketView& packet, Instant now);
    bool poll(Instant now, PacketBuilder& out);
    Instant next_wakeup() const;
    std::optional<Event> next_event();
    void cancel(CancelCode code, std::string_view text, Instant now);

    // Indexes of the blocks that must be loaded now, in sending order: from the first unacknowledged byte to a little
    // ahead of the newest sent. All others may be forgotten.
    std::span<const uint32_t> wanted_range() const;
    bool stalled() const { return stalled_; }  // poll() would go on if the next block were loaded

    Progress progress() const;
    bool heard() const { return epoch_ > 0; }  // the receiver has asked for something
    // All of what it asked for last was sent at least once: it may have everything.
    bool served() const { return heard() && next_symbol_ >= layout_.symbols(); }
    bool finished() const { return state_ == State::kFinished; }  // nothing more to send; it may be dropped

private:
    enum class State : uint8_t { kOffering, kSending, kWaiting, kCancelling, kFinished };
    enum class Serving : uint8_t { kNothing, kHead, kBlocks };
    struct Asked {  // an acceptance whose parts are arriving
        uint16_t epoch = 0;
        uint32_t life = 0;
        uint32_t parts_seen = 0;  // bit per part
        uint32_t grant = 0;
        Bitmap wanted;
    };

    void on_accept(const PacketView& packet, Instant now);
    void on_accept_blocks(const AcceptMessage& message, const Header& header, Instant now);
    void on_ack(const PacketView& packet, Instant now);
    void take_acknowledgement(const AckMessage& ack, uint32_t lowest_missing, Instant now);
    void measure_rtt(const AckMessage& ack, Instant now);
    void on_receipt(const PacketView& packet);
    void on_cancel(const PacketView& packet);
    void serve_head(const Header& header, uint32_t grant, Instant now);
    void serve_blocks(Instant now);
    void begin_epoch(uint16_t epoch, uint32_t life, uint32_t grant, Instant now);
    void repair_losses(Instant now);
    void watch_idleness(Instant now);
    void on_timers(Instant now);
    void fail(ErrorCode code, std::string text);

    bool poll_offer(Instant now, PacketBuilder& out);
    bool poll_symbol(Instant now, PacketBuilder& out);
    bool poll_cancel(Instant now, PacketBuilder& out);
    std::optional<uint32_t> choose_symbol() const;
    bool window_open(uint32_t wire_bytes) const;
    ByteView symbol_bytes(const SymbolPlace& place);
    void finish_packet(PacketBuilder& out, Kind kind, uint32_t symbol, size_t payload_bytes);
    void drop_acknowledged_repeats();
    Duration probe_timeout() const;

    const SenderConfig config_;
    const Bytes offer_;
    const Bytes head_;
    const std::vector<uint32_t> block_sizes_;
    BlockSource& source_;

    State state_ = State::kOffering;
    Serving serving_ = Serving::kNothing;
    uint16_t epoch_ = 0;
    uint32_t receiver_life_ = 0;  // which receiver opened it: a restarted one may come to the same number
    Asked asked_;
    std::vector<uint32_t> pieces_;  // block indexes served in this epoch
    SymbolLayout layout_;
    Flight flight_;
    RingQueue<uint32_t> repeats_;  // symbols to send again
    uint32_t next_symbol_ = 0;     // first one never sent in this epoch
    uint32_t grant_ = 0;           // the receiver has room for symbols below this one
    bool stalled_ = false;

    RttEstimator rtt_;
    std::unique_ptr<RateControl> control_;
    Pacer pacer_;
    uint32_t next_packet_number_ = 1;
    uint32_t newest_acknowledged_ = 0;                 // packet number, in this epoch
    static constexpr uint32_t kProbesBeforeOffer = 3;  // then the receiver may have been restarted
    uint32_t probes_ = 0;                              // probe timeouts since the last acknowledgement
    uint32_t offers_ = 0;
    Instant offered_at_;
    Instant last_sent_;
    Instant heard_;
    Repeat offer_repeat_;
    Repeat cancel_repeat_;
    uint32_t cancel_copies_ = 0;
    CancelMessage cancel_;
    RingQueue<Event> events_;
    Progress progress_;
};

}  // namespace aip::aipacket
