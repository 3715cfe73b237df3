// What an Exchange does of its own accord: packets out, events of transfers, blocks to and from the store.
#include "crypto/sha256.hpp"
#include "node/sending.hpp"

namespace aip::node {
namespace {

constexpr size_t kPacketsPerPoll = 64;  // of one transfer, so that receiving is never starved

Heard heard_by(const aipacket::Sender& sender) {
    if (!sender.heard()) return Heard::kNothing;
    return sender.served() ? Heard::kServed : Heard::kLacks;
}

}  // namespace

// False: nothing to send now. Without a route the packet is lost, as it might be further on the way: the timers of the
// transfer must go on, or it would never end and never sleep.
template <class Machine>
bool Exchange::push(const Address& to, Machine& machine, Instant now) {
    if (outbox_.payload_max(to))
        return outbox_.send(to, [&](aipacket::PacketBuilder& out) { return machine.poll(now, out); });
    aipacket::PacketBuilder lost;
    lost.payload = lost_;
    return machine.poll(now, lost);
}

size_t Exchange::poll(Instant now) {
    size_t done = 0;
    for (auto it = outgoing_.begin(); it != outgoing_.end();) {
        const uint64_t id = it->first;
        done += poll_sending(*it->second, now);
        // The user may have started or cancelled transfers meanwhile: find the place again.
        it = outgoing_.find(id);
        if (it != outgoing_.end() && it->second->sender.finished())
            it = outgoing_.erase(it);
        else
            it = outgoing_.upper_bound(id);
    }
    for (auto it = incoming_.begin(); it != incoming_.end();) {
        const Incoming key = it->first;
        done += poll_receiving(key, *it->second, now);
        it = incoming_.find(key);
        // A done receiver has said so once; offers from now on are answered by its tombstone.
        if (it != incoming_.end() && (it->second->receiver.finished() || it->second->receiver.done()))
            it = incoming_.erase(it);
        else
            it = incoming_.upper_bound(key);
    }
    return done;
}

size_t Exchange::poll_sending(Sending& sending, Instant now) {
    size_t done = 0;
    sending.cache.keep(sending.sender.wanted_range());
    const uint64_t transfer = sending.what.transfer;
    if (sending.cache.error()) {
        sending.sender.cancel(aipacket::CancelCode::kStopped, "the sender cannot read its store", now);
        const Error error = *sending.cache.error();
        const Heard heard = heard_by(sending.sender);
        outgoing_.erase(transfer);
        user_.on_send_failed(transfer, error, heard);
        return 1;
    }
    while (done < kPacketsPerPoll && push(sending.what.to, sending.sender, now)) ++done;
    while (auto event = sending.sender.next_event()) {
        ++done;
        const aipacket::Progress progress = sending.sender.progress();
        const Address peer = sending.what.to;
        const Heard heard = heard_by(sending.sender);
        outgoing_.erase(transfer);  // `sending` is gone; every event is a last one
        if (auto* receipt = std::get_if<aipacket::Sender::Receipt>(&*event)) {
            user_.on_sent(transfer, peer, std::move(receipt->bytes), progress);
        } else if (auto* cancelled = std::get_if<aipacket::Cancelled>(&*event)) {
            const bool busy = cancelled->code == aipacket::CancelCode::kBusy;
            user_.on_send_failed(transfer,
                                 Error{busy ? ErrorCode::kBusy : ErrorCode::kDenied,
                                       peer.text() + " refused the model: " + cancelled->text},
                                 Heard::kRefused);
        } else {
            user_.on_send_failed(transfer, std::get<aipacket::Failed>(*event).error, heard);
        }
        break;
    }
    return done;
}

size_t Exchange::poll_receiving(const Incoming& key, Receiving& receiving, Instant now) {
    size_t done = 0;
    while (auto event = receiving.receiver.next_event()) {
        ++done;
        handle(key, receiving, std::move(*event), now);
        if (!incoming_.contains(key)) return done;
    }
    while (done < kPacketsPerPoll && push(key.peer, receiving.receiver, now)) ++done;
    return done;
}

void Exchange::handle(const Incoming& key, Receiving& receiving, aipacket::Receiver::Event event, Instant now) {
    const bool message = receiving.offer.purpose == aipacket::Purpose::kMessage;
    if (auto* head = std::get_if<aipacket::Receiver::Head>(&event)) {
        if (!message) return user_.on_model_head(key, std::move(head->bytes));
        Bytes bytes = std::move(head->bytes);
        const auto read = want(key, {}, aipacket::Bitmap(0), now);
        if (!read) return refuse(key, aipacket::CancelCode::kRefused, read.error().text, now);
        user_.on_message(key.peer, std::move(bytes));
    } else if (auto* block = std::get_if<aipacket::Receiver::Block>(&event)) {
        store(key, receiving, std::move(*block));
    } else if (std::holds_alternative<aipacket::Receiver::AllStored>(event)) {
        if (message)
            static_cast<void>(receiving.receiver.complete(to_bytes(as_bytes("read")), now));
        else
            user_.on_model_stored(key, receiving.receiver.progress());
    } else if (auto* cancelled = std::get_if<aipacket::Cancelled>(&event)) {
        if (!message)
            user_.on_incoming_ended(key,
                                    Error{ErrorCode::kCancelled, key.peer.text() + " cancelled: " + cancelled->text});
    } else if (!message) {
        user_.on_incoming_ended(key, std::get<aipacket::Failed>(event).error);
    }
}

void Exchange::store(const Incoming& key, Receiving& receiving, aipacket::Receiver::Block block) {
    AIP_ASSERT(block.index < receiving.blocks.size());
    const Digest digest = receiving.blocks[block.index].digest;
    submit(
        services_.storage,
        [&blocks = services_.blocks, digest, bytes = std::move(block.bytes)]() -> Result<bool> {
            if (crypto::sha256(bytes) != digest) return false;
            AIP_TRY(blocks.put(digest, bytes));
            return true;
        },
        [this, key, index = block.index](const Result<bool>& result) { stored(key, index, result); });
}

void Exchange::stored(const Incoming& key, uint32_t index, const Result<bool>& result) {
    const auto it = incoming_.find(key);
    if (it == incoming_.end()) return;
    const Instant now = services_.clock.now();
    if (!result) {
        const bool full = result.error().code == ErrorCode::kNoSpace;
        refuse(key, full ? aipacket::CancelCode::kNoSpace : aipacket::CancelCode::kStopped, result.error().text, now);
        user_.on_incoming_ended(key, result.error());
    } else if (*result) {
        it->second->receiver.block_stored(index, now);
    } else {
        ++counters_.blocks_corrupt;
        it->second->receiver.block_rejected(index, now);
    }
}

}  // namespace aip::node
