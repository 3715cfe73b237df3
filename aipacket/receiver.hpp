// The receiving end of a transfer (rfc/0002 section 6). The caller opens and checks the offer, then makes a Receiver.
//
//   head -> verifying -> blocks -> all stored -> done
//
// Invariant: every wanted block is given out whole, once per request, and counts only after block_stored(); at most
// limits::kReceiveBufferMax bytes of blocks are held here or in the caller's hands, because the sender may only send
// symbols below the grant. Symbols of another epoch, or of an epoch of an earlier Receiver, are ignored.
// The caller hashes and stores blocks, verifies the head, makes things durable before complete(), and keeps the
// receipt: a tombstone that answers offers of this transfer after the Receiver is gone.
#pragma once

#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "aipacket/messages.hpp"
#include "aipacket/reassembly.hpp"
#include "aipacket/ring_queue.hpp"
#include "aipacket/transfer.hpp"

namespace aip::aipacket {

struct ReceiverConfig {
    uint64_t transfer = 0;
    Address peer;  // packets from elsewhere are ignored
    Digest head_digest;
    uint32_t head_size = 0;
    uint32_t symbol_size = 0;
    uint64_t total_bytes = 0;  // of all blocks, as offered; want_blocks() holds the head to it
    Duration timeout = kSilenceDefault;
};

class Receiver {
public:
    struct Head {  // verify it, then want_blocks() or refuse()
        Bytes bytes;
    };
    struct Block {  // hash and store it, then block_stored() or block_rejected()
        uint32_t index;
        Bytes bytes;
    };
    struct AllStored {};  // make it durable, then complete()
    using Event = std::variant<Head, Block, AllStored, Cancelled, Failed>;

    // kInvalid if the sizes are outside the limits. `offer` is the header of the OFFER packet just received.
    static Result<void> check(const ReceiverConfig& config);
    Receiver(const ReceiverConfig& config, const Header& offer, Instant now);  // of a config that check() passed

    void on_packet(const PacketView& packet, Instant now);
    bool poll(Instant now, PacketBuilder& out);
    Instant next_wakeup() const;
    std::optional<Event> next_event();

    // Answer to Head. Sizes of all blocks, and which are lacking. kInvalid: a size is 0 or above kBlockBytes, or they
    // do not add up to total_bytes; the transfer goes on waiting for an answer.
    Result<void> want_blocks(std::vector<uint32_t> sizes, const Bitmap& wanted, Instant now);
    void refuse(std::string_view text, Instant now) { cancel(CancelCode::kRefused, text, now); }

    void block_stored(uint32_t index, Instant now);
    void block_rejected(uint32_t index, Instant now);  // asked again; after kBlockRejectsMax times: kCorrupt
    // Answer to AllStored. Returns false if the transfer is no longer waiting for it. At most kReceiptBytesMax.
    bool complete(Bytes receipt, Instant now);
    void cancel(CancelCode code, std::string_view text, Instant now);

    Progress progress() const;
    // Of a sender that started anew, to a receiver that lacks the head: it may have another one than was offered first.
    bool may_be_outdated(const Header& offer) const { return state_ == State::kHead && offer.symbol != sender_life_; }
    bool done() const { return state_ == State::kDone; }          // stored and receipted; still answers
    bool finished() const { return state_ == State::kFinished; }  // cancelled or failed, nothing more to send

private:
    enum class State : uint8_t { kHead, kVerifying, kBlocks, kAllStored, kDone, kCancelling, kFinished };
    enum class Held : uint8_t { kNotWanted, kMissing, kGivenOut, kStored };

    void on_offer(const Header& offer, Instant now);
    void on_symbol(const PacketView& packet, Instant now);
    void on_cancel(const PacketView& packet);
    void take_pieces(Instant now);
    void take_head(Instant now);
    void advance(Instant now);
    void ask_again(uint16_t above, Instant now);
    void ask_head();
    void ask_blocks();
    bool take_back(uint32_t index, Held now_held);
    void note_packet(const Header& header, Reassembly::Verdict verdict, Instant now);
    bool raise_grant();
    void acknowledge(Instant when);

    bool poll_receipt(PacketBuilder& out);
    bool poll_accept(Instant now, PacketBuilder& out);
    bool poll_ack(Instant now, PacketBuilder& out);
    bool poll_cancel(Instant now, PacketBuilder& out);
    void finish_packet(PacketBuilder& out, Kind kind, uint32_t symbol, size_t payload_bytes);
    AcceptMessage accept_part(uint32_t part);
    Instant silence_ends() const;
    bool lacks_symbols() const { return state_ == State::kHead || (state_ == State::kBlocks && missing_ > 0); }

    const ReceiverConfig config_;
    State state_ = State::kHead;
    const uint32_t life_;  // tells this Receiver from an earlier one of the same transfer
    uint16_t epoch_ = 0;
    uint32_t sender_life_ = 0;
    Reassembly pieces_;
    Bytes head_;
    uint32_t head_rejects_ = 0;

    std::vector<uint32_t> sizes_;
    std::vector<Held> held_;
    std::vector<uint32_t> asked_;  // block indexes of this epoch, in order
    Bitmap asked_bits_;            // the same, as ACCEPT says it
    std::unordered_map<uint32_t, uint32_t> rejects_;
    uint32_t missing_ = 0;          // blocks neither given out nor stored
    uint32_t given_out_ = 0;        // blocks in the caller's hands
    uint64_t given_out_bytes_ = 0;  //
    uint32_t granted_pieces_ = 0;   // of this epoch
    uint64_t reserved_bytes_ = 0;   // granted in this epoch and not yet given out

    bool heard_symbol_ = false;  // in this epoch
    uint32_t newest_packet_ = 0;
    Instant newest_at_;
    uint32_t unacknowledged_ = 0;  // packets since the last ACK
    Instant ack_due_ = Instant::never();
    Instant heard_;
    uint32_t accept_part_ = 0;  // next part to send
    Repeat accept_repeat_;
    Repeat cancel_repeat_;
    uint32_t cancel_copies_ = 0;
    CancelMessage cancel_;
    Bytes receipt_;
    bool receipt_due_ = false;
    uint32_t next_packet_number_ = 1;
    RingQueue<Event> events_;
    Progress progress_;
};

}  // namespace aip::aipacket
