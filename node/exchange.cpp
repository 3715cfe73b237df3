#include "node/exchange.hpp"

#include <algorithm>

#include "crypto/sha256.hpp"
#include "node/sending.hpp"

namespace aip::node {

using aipacket::Kind;
using aipacket::PacketView;

namespace {

constexpr std::ptrdiff_t kShareMax = limits::kTransfersMax / 4;  // of one peer, or of messages

}  // namespace

Exchange::Exchange(const Services& services, crypto::Verifier& verifier, Outbox& outbox, ExchangeUser& user,
                   Duration timeout)
    : services_(services), verifier_(verifier), outbox_(outbox), user_(user), timeout_(timeout) {}

Exchange::~Exchange() = default;

Result<void> Exchange::send(Outgoing outgoing, Instant now) {
    AIP_ASSERT(!outgoing_.contains(outgoing.transfer));
    const auto messages = std::count_if(outgoing_.begin(), outgoing_.end(), [](const auto& item) {
        return item.second->what.purpose == aipacket::Purpose::kMessage;
    });
    if (outgoing.purpose == aipacket::Purpose::kMessage && messages >= kShareMax)
        return Error{ErrorCode::kBusy, "already " + std::to_string(messages) + " messages are leaving this node"};
    if (outgoing_.size() >= limits::kTransfersMax)
        return Error{ErrorCode::kBusy, "already " + std::to_string(limits::kTransfersMax) +
                                           " transfers are leaving this node; try again later"};
    const auto payload_max = outbox_.payload_max(outgoing.to);
    if (!payload_max)
        return Error{ErrorCode::kUnreachable, "no route to " + outgoing.to.text() + "; see 'aipctl routes'"};

    aipacket::Offer offer;
    offer.transfer = outgoing.transfer;
    offer.destination = outgoing.to;
    offer.purpose = outgoing.purpose;
    offer.head_digest = crypto::sha256(outgoing.head);
    offer.head_size = static_cast<uint32_t>(outgoing.head.size());
    offer.symbol_size = static_cast<uint32_t>(*payload_max);
    offer.task = outgoing.task;
    std::vector<uint32_t> sizes;
    for (const model::BlockRef& block : outgoing.blocks) {
        sizes.push_back(block.size);
        offer.total_bytes += block.size;
    }
    aipacket::SenderConfig config;
    config.transfer = outgoing.transfer;
    config.peer = outgoing.to;
    config.life = static_cast<uint32_t>(services_.rng.next());
    config.symbol_size = offer.symbol_size;
    config.timeout = timeout_;
    Bytes sealed = services_.signer.seal(aipacket::kOfferDomain, aipacket::encode_offer(offer));
    outgoing_.emplace(outgoing.transfer, std::make_unique<Sending>(services_, config, std::move(sealed),
                                                                   std::move(outgoing), std::move(sizes), now));
    return {};
}

void Exchange::cancel(uint64_t transfer, std::string_view why, Instant now) {
    const auto it = outgoing_.find(transfer);
    if (it == outgoing_.end()) return;
    it->second->sender.cancel(aipacket::CancelCode::kStopped, why, now);
}

Result<void> Exchange::want(const Incoming& incoming, std::vector<model::BlockRef> blocks,
                            const aipacket::Bitmap& wanted, Instant now) {
    const auto it = incoming_.find(incoming);
    if (it == incoming_.end()) return {};
    std::vector<uint32_t> sizes;
    for (const model::BlockRef& block : blocks) sizes.push_back(block.size);
    it->second->blocks = std::move(blocks);
    return it->second->receiver.want_blocks(std::move(sizes), wanted, now);
}

void Exchange::refuse(const Incoming& incoming, aipacket::CancelCode code, std::string_view why, Instant now) {
    const auto it = incoming_.find(incoming);
    if (it != incoming_.end()) it->second->receiver.cancel(code, why, now);
}

void Exchange::complete(const Incoming& incoming, Bytes receipt, Instant now) {
    tombstones_[incoming] = receipt;
    const auto it = incoming_.find(incoming);
    if (it != incoming_.end()) static_cast<void>(it->second->receiver.complete(std::move(receipt), now));
}

void Exchange::on_packet(const PacketView& packet, Instant now) {
    switch (packet.header.kind) {
        case Kind::kOffer:
        case Kind::kSymbol: {
            auto it = incoming_.find(Incoming{packet.source, packet.header.transfer});
            if (it != incoming_.end() && packet.header.kind == Kind::kOffer && is_outdated(*it->second, packet)) {
                incoming_.erase(it);
                it = incoming_.end();
            }
            if (it != incoming_.end())
                it->second->receiver.on_packet(packet, now);
            else if (packet.header.kind == Kind::kOffer)
                on_offer(packet, now);
            else
                ++counters_.unknown_transfer;
            return;
        }
        case Kind::kAccept:
        case Kind::kAck:
        case Kind::kReceipt: {
            const auto it = outgoing_.find(packet.header.transfer);
            if (it != outgoing_.end())
                it->second->sender.on_packet(packet, now);
            else
                ++counters_.unknown_transfer;
            return;
        }
        case Kind::kCancel: {
            const auto in = incoming_.find(Incoming{packet.source, packet.header.transfer});
            if (in != incoming_.end()) in->second->receiver.on_packet(packet, now);
            const auto out = outgoing_.find(packet.header.transfer);
            if (out != outgoing_.end()) out->second->sender.on_packet(packet, now);
            return;
        }
        case Kind::kIntroduction:
        case Kind::kInterest:
        case Kind::kGossip:
        case Kind::kTask:
        case Kind::kWitness:
        case Kind::kQuery:
        case Kind::kNews:
        case Kind::kJoin: return;  // not of a transfer
    }
}

bool Exchange::repeat_receipt(const PacketView& packet) {
    const auto it = tombstones_.find(Incoming{packet.source, packet.header.transfer});
    if (it == tombstones_.end()) return false;
    aipacket::Header header;
    header.kind = Kind::kReceipt;
    header.transfer = packet.header.transfer;
    static_cast<void>(outbox_.send(packet.source, header, it->second));
    ++counters_.receipts_repeated;
    return true;
}

Result<aipacket::Offer> Exchange::open_offer(const PacketView& packet) {
    AIP_ASSIGN(const crypto::Opened opened,
               verifier_.open(aipacket::kOfferDomain, packet.payload, services_.clock.wall()));
    if (opened.signer.address != packet.source)
        return Error{ErrorCode::kDenied,
                     "offer signed by " + opened.signer.address.text() + " came from " + packet.source.text()};
    AIP_ASSIGN(aipacket::Offer offer, aipacket::parse_offer(opened.body));
    if (offer.transfer != packet.header.transfer || offer.destination != services_.self())
        return Error{ErrorCode::kDenied, "offer belongs to another transfer"};
    return offer;
}

// A sender that begins again may have another head, such as one with more cosignatures.
bool Exchange::is_outdated(const Receiving& receiving, const PacketView& packet) {
    if (!receiving.receiver.may_be_outdated(packet.header)) return false;
    const auto offer = open_offer(packet);
    return offer && *offer != receiving.offer;
}

// One member that offers and never sends must not keep all others out.
bool Exchange::is_full(const Address& peer) const {
    const auto of_peer = std::count_if(incoming_.begin(), incoming_.end(),
                                       [&peer](const auto& item) { return item.first.peer == peer; });
    return incoming_.size() >= limits::kTransfersMax || of_peer >= kShareMax;
}

void Exchange::on_offer(const PacketView& packet, Instant now) {
    if (repeat_receipt(packet)) return;
    if (is_full(packet.source)) {
        ++counters_.offers_refused_full;
        return;
    }
    const auto offer = open_offer(packet);
    if (!offer) {
        ++counters_.offers_refused_signature;
        return;
    }
    aipacket::ReceiverConfig config;
    config.transfer = offer->transfer;
    config.peer = packet.source;
    config.head_digest = offer->head_digest;
    config.head_size = offer->head_size;
    config.symbol_size = offer->symbol_size;
    config.total_bytes = offer->total_bytes;
    config.timeout = timeout_;
    if (!aipacket::Receiver::check(config)) {
        ++counters_.offers_refused_other;
        return;
    }
    incoming_.emplace(Incoming{packet.source, offer->transfer},
                      std::make_unique<Receiving>(config, *offer, packet.header, now));
}

Instant Exchange::next_wakeup() const {
    Instant soonest = Instant::never();
    for (const auto& [id, sending] : outgoing_) soonest = std::min(soonest, sending->sender.next_wakeup());
    for (const auto& [key, receiving] : incoming_) soonest = std::min(soonest, receiving->receiver.next_wakeup());
    return soonest;
}

std::optional<aipacket::Progress> Exchange::progress(uint64_t transfer) const {
    const auto it = outgoing_.find(transfer);
    if (it == outgoing_.end()) return std::nullopt;
    return it->second->sender.progress();
}

std::vector<TransferView> Exchange::view() const {
    std::vector<TransferView> all;
    for (const auto& [id, sending] : outgoing_)
        all.push_back(
            {true, id, sending->what.to, sending->what.task, sending->what.purpose, sending->sender.progress()});
    for (const auto& [key, receiving] : incoming_)
        all.push_back({false, key.transfer, key.peer, receiving->offer.task, receiving->offer.purpose,
                       receiving->receiver.progress()});
    return all;
}

}  // namespace aip::node
