// Any packets into a live Receiver: no crash, blocks have the size that was asked for, each is given out once per
// request. The head is one byte and its digest right, so that the fuzzer reaches the blocks.
#include "aipacket/receiver.hpp"
#include "aipacket_packets.hpp"
#include "crypto/sha256.hpp"

using namespace aip;
using namespace aip::aipacket;

namespace {

constexpr uint32_t kBlocks = 20;
const std::vector<uint32_t> kSizes(kBlocks, 7);

struct Caller {
    explicit Caller(Receiver& r) : receiver(r) {}
    void operator()(Instant now) {
        while (auto event = receiver.next_event()) {
            if (std::holds_alternative<Receiver::Head>(*event)) {
                AIP_ASSERT(receiver.want_blocks(kSizes, Bitmap(kBlocks, true), now).has_value());
            }
            if (auto* block = std::get_if<Receiver::Block>(&*event)) take(*block, now);
            if (std::holds_alternative<Receiver::AllStored>(*event)) {
                AIP_ASSERT(stored == kBlocks && receiver.complete(Bytes(10, 1), now));
            }
        }
    }
    void take(const Receiver::Block& block, Instant now) {
        AIP_ASSERT(block.index < kBlocks && block.bytes.size() == 7 && !have.test(block.index));
        if (block.bytes[0] == 0xff) return receiver.block_rejected(block.index, now);
        have.set(block.index);
        ++stored;
        receiver.block_stored(block.index, now);
    }
    Receiver& receiver;
    Bitmap have{kBlocks};
    uint32_t stored = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Bytes head = {'h'};
    ReceiverConfig config{1, fuzz_node(1), crypto::sha256(head), 1, 300, kBlocks * 7};
    Receiver receiver(config, Header{Kind::kOffer, 0, 1, 5, 1}, Instant::from_ns(0));
    Caller caller(receiver);
    Bytes room(kControlPayloadMax);
    PacketBuilder accept{room};
    AIP_ASSERT(receiver.poll(Instant::from_ns(0), accept));
    const uint32_t life = accept.header.life;
    receiver.on_packet({fuzz_node(1), fuzz_node(2), 64, {Kind::kSymbol, 1, 1, 0, 1, life}, head}, Instant::from_ns(0));
    caller(Instant::from_ns(0));
    feed({data, size}, receiver, life, caller);
    return 0;
}
