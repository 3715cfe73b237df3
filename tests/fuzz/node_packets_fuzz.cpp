// A running node, and what a peer may do to it: any packets, packets of any kind from a member, and offers the member
// has really signed, whose head and symbols are then anything. Nothing of it may bring a model into custody: nobody
// here ever made one.
#include "aipacket/offer.hpp"
#include "base/assert.hpp"
#include "crypto/sha256.hpp"
#include "sim/machine.hpp"

namespace {

using namespace aip;

// Two machines on one wire until the target knows the member; from then on the member is played by the input.
struct Stage {
    Stage() {
        target.add_port(1500, [this](ByteView packet) { joined ? carry(member, packet) : overhear(packet); });
        member.add_port(1500, [this](ByteView packet) {
            if (joined) carry(target, packet);
        });
        AIP_ASSERT(target.start() && member.start());
        run(Duration::milliseconds(500));
        joined = false;
    }

    void carry(sim::Machine& to, ByteView packet) {
        queue.after(Duration::microseconds(10), [&to, bytes = to_bytes(packet)] { to.receive(0, bytes); });
    }
    void overhear(ByteView bytes) {
        aipacket::PacketView packet;
        if (aipacket::decode(bytes, packet) != aipacket::DropReason::kNone) return;
        if (packet.header.kind == aipacket::Kind::kAccept) life = packet.header.life;
    }
    void run(Duration time) {
        for (const Instant end = queue.now() + time; queue.now() < end && queue.run_one();) continue;
        AIP_ASSERT(target.trouble().empty());
    }

    void send(aipacket::Kind kind, uint64_t transfer, uint32_t symbol, uint16_t epoch, ByteView payload) {
        Bytes packet(aipacket::kPacketOverhead + payload.size());
        std::copy(payload.begin(), payload.end(), packet.begin() + aipacket::kPacketOverhead);
        aipacket::Endpoints ends;
        ends.source = member.address();
        ends.destination = target.address();
        aipacket::Header header;
        header.kind = kind;
        header.transfer = transfer;
        header.symbol = symbol;
        header.epoch = epoch;
        header.packet_number = ++packets;
        if (transfer != 0 && kind != aipacket::Kind::kOffer) header.life = life;
        packet.resize(aipacket::encode(packet, ends, header, payload.size()));
        target.receive(0, packet);
    }

    // An offer of exactly this head, and the head itself.
    void offer(uint64_t transfer, bool message, ByteView head) {
        aipacket::Offer offer;
        offer.transfer = transfer;
        offer.destination = target.address();
        offer.purpose = message ? aipacket::Purpose::kMessage : aipacket::Purpose::kModel;
        offer.head_digest = crypto::sha256(head);
        offer.head_size = static_cast<uint32_t>(head.size());
        offer.symbol_size = 1024;
        offer.total_bytes = message ? 0 : 100;
        offer.task = "fuzz";
        send(aipacket::Kind::kOffer, transfer, 0, 0,
             member.signer().seal(aipacket::kOfferDomain, aipacket::encode_offer(offer)));
        send(aipacket::Kind::kSymbol, transfer, 0, 1, head);  // the target has asked for it at once
    }

    sim::EventQueue queue;
    crypto::SecretKey root = crypto::SecretKey::from_seed(Digest{{1}});
    sim::Machine target{queue, 1, root, {}};
    sim::Machine member{queue, 2, root, {}};
    bool joined = true;
    uint32_t life = 0;  // of the newest epoch the target has opened
    uint32_t packets = 0;
};

void do_one(Stage& stage, Reader& in) {
    const uint8_t verb = in.u8();
    const uint64_t transfer = 1 + verb / 8;
    const uint8_t what = in.u8();
    const ByteView bytes = in.view(std::min<size_t>(in.u16() % 1000, in.remaining()));
    switch (verb % 5) {
        case 0: return stage.target.receive(0, bytes);
        case 1:
            return stage.send(static_cast<aipacket::Kind>(1 + what % aipacket::kKindMax), transfer, what / 16, 1,
                              bytes);
        case 2: return bytes.empty() ? void() : stage.offer(transfer, what % 2 == 1, bytes);
        case 3: return stage.run(Duration::milliseconds(what));
        default: break;
    }
    Bytes head;
    Writer(head).put(what % 2 == 1 ? "AIPQ" : "AIPM").u8(1).put(bytes);
    stage.offer(transfer, what % 2 == 1, head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Stage stage;
    Reader in(ByteView(data, size));
    for (int i = 0; i < 64 && in.remaining() > 0; ++i) do_one(stage, in);
    stage.run(Duration::milliseconds(100));
    for (const auto& [key, value] : stage.target.durable()) AIP_ASSERT(!key.starts_with("custody/"));
    return 0;
}
