// A Sender and a Receiver in memory, joined by a wire that loses, delays, reorders, repeats and corrupts real packets
// by a seed. The caller's part (checking the head, hashing and storing blocks, the receipt) is played here too, by
// nodes that can be killed and started again at any moment: what was stored stays, all else is forgotten.
//
//     sender node ----- wire (delay, loss, reorder, duplicate, corrupt) ----- receiver node
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>

#include "aipacket/receiver.hpp"
#include "aipacket/sender.hpp"
#include "base/random.hpp"
#include "crypto/sha256.hpp"

namespace aip::aipacket::testing {

inline Bytes random_bytes(Rng& rng, size_t n) {
    Bytes bytes(n);
    for (auto& b : bytes) b = static_cast<uint8_t>(rng.next());
    return bytes;
}

inline Address node(uint8_t last) {
    Address address;
    address.bytes[0] = 0xfd;
    address.bytes[15] = last;
    return address;
}

struct WireFaults {
    double loss = 0;
    double reorder = 0;
    double duplicate = 0;
    double corrupt = 0;
    Duration delay = Duration::milliseconds(1);
};

struct Model {
    Bytes head;
    std::vector<Bytes> blocks;

    static Model random(Rng& rng, size_t head_size, size_t blocks, size_t block_max) {
        Model model{random_bytes(rng, head_size), {}};
        for (size_t i = 0; i < blocks; ++i) model.blocks.push_back(random_bytes(rng, 1 + rng.below(block_max)));
        return model;
    }
    std::vector<uint32_t> sizes() const {
        std::vector<uint32_t> sizes;
        for (const auto& block : blocks) sizes.push_back(static_cast<uint32_t>(block.size()));
        return sizes;
    }
    uint64_t total_bytes() const {
        uint64_t n = 0;
        for (const auto& block : blocks) n += block.size();
        return n;
    }
};

class Pipe {
public:
    Pipe(Model offered, uint64_t seed, WireFaults wire_faults, uint32_t symbols_of = 1000)
        : model(std::move(offered)), faults(wire_faults), rng(seed), symbol_size(symbols_of), source(*this) {
        stored.resize(model.blocks.size());
        start_sender();
    }

    // The nodes.
    void start_sender() {
        SenderConfig config{kTransfer, node(2), static_cast<uint32_t>(rng.next()), symbol_size, timeout};
        sender = std::make_unique<Sender>(config, Bytes(300, 7), model.head, model.sizes(), source, now);
    }
    void start_receiver(const Header& offer) {
        ReceiverConfig config{kTransfer,
                              node(1),
                              crypto::sha256(model.head),
                              static_cast<uint32_t>(model.head.size()),
                              symbol_size,
                              model.total_bytes(),
                              timeout};
        receiver = std::make_unique<Receiver>(config, offer, now);
        ++receivers_started;
    }
    void kill_sender() { sender.reset(); }
    void kill_receiver() { receiver.reset(); }

    bool delivered() const { return receipts == 1; }

    // Runs until `done` or nothing can happen any more or an hour of simulated time has passed.
    void run(const std::function<bool()>& done) {
        const Instant end = now + Duration::seconds(3600);
        while (now < end) {
            settle();
            if (done()) return;
            if (!step()) return;
        }
    }
    void run_for(Duration time) {
        const Instant end = now + time;
        settle();
        while (next_time() <= end && step()) settle();
        now = std::max(now, end);
    }
    void run() {
        run([this] { return delivered() || !failure.empty(); });
    }

    Model model;
    WireFaults faults;
    SeededRng rng;
    uint32_t symbol_size;
    Duration timeout = kSilenceDefault;
    Instant now = Instant::from_ns(1'000'000'000);

    std::unique_ptr<Sender> sender;
    std::unique_ptr<Receiver> receiver;
    std::vector<std::optional<Bytes>> stored;  // the receiver's disk
    std::optional<Bytes> tombstone;            // its receipt
    std::set<uint32_t> lacking_loads;          // blocks whose bytes are not loaded yet at the sender
    bool load_on_demand = false;
    bool hold_blocks = false;  // the receiver's disk is slow: blocks wait in `held`
    std::vector<Receiver::Block> held;
    std::map<uint32_t, uint32_t> reject;          // block -> how many times to reject it
    std::function<void(Header&, Bytes&)> tamper;  // changes packets of the sender before they are encoded
    bool refuse_head = false;

    std::string failure;
    uint32_t receipts = 0;
    uint32_t receivers_started = 0;
    uint32_t heads = 0;
    uint32_t receiver_life = 0;
    std::map<uint32_t, uint32_t> arrived;  // block -> times given out
    uint64_t symbol_bytes = 0;             // of SYMBOL payloads put on the wire
    uint64_t dropped = 0;                  // by decode()
    size_t loaded_peak = 0;

    static constexpr uint64_t kTransfer = 0x1122334455667788;

    void store(const Receiver::Block& block) {
        if (reject[block.index] > 0) {
            --reject[block.index];
            return receiver->block_rejected(block.index, now);
        }
        const bool right = block.bytes == model.blocks[block.index];
        if (right) stored[block.index] = block.bytes;
        right ? receiver->block_stored(block.index, now) : receiver->block_rejected(block.index, now);
    }

private:
    struct Source final : BlockSource {
        explicit Source(Pipe& pipe) : pipe_(pipe) {}
        ByteView block(uint32_t i) override {
            return pipe_.lacking_loads.count(i) > 0 ? ByteView{} : ByteView(pipe_.model.blocks[i]);
        }
        Pipe& pipe_;
    };
    struct InFlight {
        Instant at;
        uint64_t order;
        bool to_receiver;
        Bytes packet;
        bool operator>(const InFlight& o) const { return std::tie(at, order) > std::tie(o.at, o.order); }
    };

    void put_on_wire(bool to_receiver, const Bytes& packet) {
        if (rng.chance(faults.loss)) return;
        const int copies = rng.chance(faults.duplicate) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            Bytes copy = packet;
            if (rng.chance(faults.corrupt)) copy[rng.below(copy.size())] ^= static_cast<uint8_t>(1 + rng.below(255));
            const int64_t extra = rng.chance(faults.reorder) ? static_cast<int64_t>(rng.below(4)) : 0;
            wire_.push({now + faults.delay + faults.delay * extra, order_++, to_receiver, std::move(copy)});
        }
    }

    template <class End>
    bool transmit(End* end, bool to_receiver) {
        if (end == nullptr) return false;
        bool any = false;
        Bytes frame(kPacketOverhead + std::max<size_t>(symbol_size, kControlPayloadMax));
        PacketBuilder builder{MutableBytes(frame).subspan(kPacketOverhead)};
        while (end->poll(now, builder)) {
            any = true;
            if (!to_receiver) receiver_life = builder.header.life;
            if (builder.header.kind == Kind::kSymbol) symbol_bytes += builder.payload_bytes;
            Bytes payload(builder.payload.begin(),
                          builder.payload.begin() + static_cast<std::ptrdiff_t>(builder.payload_bytes));
            if (tamper && to_receiver) tamper(builder.header, payload);
            Bytes packet(kPacketOverhead + payload.size());
            std::copy(payload.begin(), payload.end(), packet.begin() + kPacketOverhead);
            encode(packet, {node(to_receiver ? 1 : 2), node(to_receiver ? 2 : 1), 64}, builder.header, payload.size());
            put_on_wire(to_receiver, packet);
        }
        return any;
    }

    void settle() {
        load_blocks();
        bool busy = true;
        while (busy) {
            busy = transmit(sender.get(), true);
            busy |= transmit(receiver.get(), false);
            busy |= serve_events();
        }
    }

    void load_blocks() {
        if (!load_on_demand || !sender) return;
        lacking_loads.clear();
        for (uint32_t i = 0; i < model.blocks.size(); ++i) lacking_loads.insert(i);
        const auto range = sender->wanted_range();
        for (uint32_t i : range) lacking_loads.erase(i);
        loaded_peak = std::max(loaded_peak, range.size());
    }

    bool serve_events() {
        bool any = false;
        while (sender) {
            auto event = sender->next_event();
            if (!event) break;
            any = true;
            if (std::holds_alternative<Sender::Receipt>(*event)) ++receipts;
            note_end("sender", *event);
        }
        while (receiver) {
            auto event = receiver->next_event();
            if (!event) break;
            any = true;
            if (auto* head = std::get_if<Receiver::Head>(&*event)) answer_head(*head);
            if (auto* block = std::get_if<Receiver::Block>(&*event)) {
                ++arrived[block->index];
                hold_blocks ? held.push_back(std::move(*block)) : store(*block);
            }
            if (std::holds_alternative<Receiver::AllStored>(*event)) {
                tombstone = Bytes(500, 9);
                receiver->complete(*tombstone, now);
            }
            note_end("receiver", *event);
        }
        return any;
    }

    template <class Event>
    void note_end(const std::string& who, const Event& event) {
        if (auto* c = std::get_if<Cancelled>(&event)) {
            failure += who + " was told: " + std::string(cancel_code_name(c->code)) + ": " + c->text + "\n";
        }
        if (auto* f = std::get_if<Failed>(&event)) failure += who + " failed: " + f->error.text + "\n";
    }

    void answer_head(const Receiver::Head& head) {
        ++heads;
        if (refuse_head || head.bytes != model.head) return receiver->refuse("not admitted", now);
        Bitmap wanted(model.blocks.size());
        for (uint32_t i = 0; i < model.blocks.size(); ++i) wanted.set(i, !stored[i]);
        const auto result = receiver->want_blocks(model.sizes(), wanted, now);
        if (!result) failure += result.error().text;
    }

    Instant next_time() const {
        Instant when = wire_.empty() ? Instant::never() : wire_.top().at;
        if (sender) when = std::min(when, sender->next_wakeup());
        if (receiver) when = std::min(when, receiver->next_wakeup());
        return when;
    }

    bool step() {
        const Instant when = next_time();
        if (when == Instant::never()) return false;
        now = std::max(now, when);
        while (!wire_.empty() && wire_.top().at <= now) {
            const InFlight packet = wire_.top();
            wire_.pop();
            arrive(packet);
        }
        return true;
    }

    void arrive(const InFlight& flight) {
        PacketView view;
        if (decode(flight.packet, view) != DropReason::kNone) {
            ++dropped;
            return;
        }
        if (!flight.to_receiver) {
            if (sender) sender->on_packet(view, now);
            return;
        }
        if (!receiver && view.header.kind == Kind::kOffer) answer_offer(view.header);
        if (receiver) receiver->on_packet(view, now);
    }

    // What a node does with an offer of a transfer it has no Receiver for.
    void answer_offer(const Header& offer) {
        if (!tombstone) return start_receiver(offer);
        Bytes packet(kPacketOverhead + tombstone->size());
        std::copy(tombstone->begin(), tombstone->end(), packet.begin() + kPacketOverhead);
        encode(packet, {node(2), node(1), 64}, {Kind::kReceipt, offer.epoch, kTransfer, 0, 0}, tombstone->size());
        put_on_wire(false, packet);
    }

    Source source;
    uint64_t order_ = 0;
    std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> wire_;
};

}  // namespace aip::aipacket::testing
