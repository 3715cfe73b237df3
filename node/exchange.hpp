// Exchange: every transfer under way at this node, in both directions. It turns packets into events of senders and
// receivers, stores arriving blocks, reads leaving ones, and answers offers of transfers that are already done with
// the receipt it gave (tombstone). What a head means and what becomes of a model is its user's business.
//
// Invariants: at most limits::kTransfersMax transfers each way, of which one peer may offer, and messages may be, a
// quarter (further offers are left unanswered and counted; their senders repeat them); a block counts as stored only
// after its SHA-256 was checked and the store took it. Loop only. Storage jobs find their transfer by key when they are
// done, so a transfer may end while they run.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "aipacket/offer.hpp"
#include "aipacket/receiver.hpp"
#include "aipacket/sender.hpp"
#include "node/block_cache.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"

namespace aip::node {

// An incoming transfer: numbers are chosen by senders, so the peer is part of the name.
struct Incoming {
    Address peer;
    uint64_t transfer = 0;
    auto operator<=>(const Incoming&) const = default;
};

// What the peer said before a transfer to it failed.
enum class Heard : uint8_t {
    kNothing,
    kLacks,   // it asked for more than it was sent, so it does not hold the model
    kServed,  // it was sent all it asked for, so it may hold the model although no receipt came
    kRefused,
};

class ExchangeUser {
public:
    virtual ~ExchangeUser() = default;
    virtual void on_model_head(const Incoming& incoming, Bytes head) = 0;  // then want() or refuse()
    virtual void on_model_stored(const Incoming& incoming, const aipacket::Progress& progress) = 0;  // then complete()
    virtual void on_incoming_ended(const Incoming& incoming, const Error& error) = 0;
    virtual void on_message(const Address& peer, Bytes head) = 0;
    virtual void on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress) = 0;
    virtual void on_send_failed(uint64_t transfer, const Error& error, Heard heard) = 0;
};

struct Outgoing {
    uint64_t transfer = 0;
    Address to;
    aipacket::Purpose purpose = aipacket::Purpose::kModel;
    std::string task;
    Bytes head;
    std::vector<model::BlockRef> blocks;
};

struct TransferView {
    bool outgoing = false;
    uint64_t transfer = 0;
    Address peer;
    std::string task;
    aipacket::Purpose purpose = aipacket::Purpose::kModel;
    aipacket::Progress progress;
};

struct ExchangeCounters {
    uint64_t offers_refused_signature = 0;
    uint64_t offers_refused_full = 0;
    uint64_t offers_refused_other = 0;
    uint64_t blocks_corrupt = 0;
    uint64_t unknown_transfer = 0;
    uint64_t receipts_repeated = 0;
};

class Exchange {
public:
    Exchange(const Services& services, crypto::Verifier& verifier, Outbox& outbox, ExchangeUser& user,
             Duration timeout);
    ~Exchange();

    Result<void> send(Outgoing outgoing, Instant now);  // kBusy, kUnreachable
    void cancel(uint64_t transfer, std::string_view why, Instant now);
    bool sending(uint64_t transfer) const { return outgoing_.contains(transfer); }

    // kInvalid: the sizes are not those of the offer; refuse() it.
    Result<void> want(const Incoming& incoming, std::vector<model::BlockRef> blocks, const aipacket::Bitmap& wanted,
                      Instant now);
    void refuse(const Incoming& incoming, aipacket::CancelCode code, std::string_view why, Instant now);
    void complete(const Incoming& incoming, Bytes receipt, Instant now);
    void remember(const Incoming& incoming, Bytes receipt) { tombstones_[incoming] = std::move(receipt); }
    void forget(const Incoming& incoming) { tombstones_.erase(incoming); }

    void on_packet(const aipacket::PacketView& packet, Instant now);
    size_t poll(Instant now);  // packets sent and events handled
    Instant next_wakeup() const;

    std::vector<TransferView> view() const;
    std::optional<aipacket::Progress> progress(uint64_t transfer) const;  // of one that leaves
    const ExchangeCounters& counters() const { return counters_; }

private:
    struct Sending;
    struct Receiving;

    bool is_full(const Address& peer) const;
    template <class Machine>
    bool push(const Address& to, Machine& machine, Instant now);
    void on_offer(const aipacket::PacketView& packet, Instant now);
    bool is_outdated(const Receiving& receiving, const aipacket::PacketView& packet);
    Result<aipacket::Offer> open_offer(const aipacket::PacketView& packet);
    bool repeat_receipt(const aipacket::PacketView& packet);
    size_t poll_sending(Sending& sending, Instant now);
    size_t poll_receiving(const Incoming& key, Receiving& receiving, Instant now);
    void handle(const Incoming& key, Receiving& receiving, aipacket::Receiver::Event event, Instant now);
    void store(const Incoming& key, Receiving& receiving, aipacket::Receiver::Block block);
    void stored(const Incoming& key, uint32_t index, const Result<bool>& result);

    Services services_;
    crypto::Verifier& verifier_;
    Outbox& outbox_;
    ExchangeUser& user_;
    Duration timeout_;
    std::map<uint64_t, std::unique_ptr<Sending>> outgoing_;
    std::map<Incoming, std::unique_ptr<Receiving>> incoming_;
    std::map<Incoming, Bytes> tombstones_;
    ExchangeCounters counters_;
    std::array<uint8_t, aipacket::kPayloadBytesMax> lost_;  // where packets go that have no route
};

}  // namespace aip::node
