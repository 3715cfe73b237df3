// Any packets into a live Sender: no crash, and it asks for no block outside its range.
#include <algorithm>

#include "aipacket/sender.hpp"
#include "aipacket_packets.hpp"

using namespace aip;
using namespace aip::aipacket;

namespace {

struct Blocks final : BlockSource {
    Bytes bytes = Bytes(700, 1);
    const Sender* sender = nullptr;
    ByteView block(uint32_t index) override {
        const auto range = sender->wanted_range();
        AIP_ASSERT(std::find(range.begin(), range.end(), index) != range.end());
        return bytes;
    }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    Blocks blocks;
    Sender sender({1, fuzz_node(1), 5, 300}, Bytes(100, 1), Bytes(900, 2), std::vector<uint32_t>(20, 700), blocks,
                  Instant::from_ns(0));
    blocks.sender = &sender;
    feed({data, size}, sender, 7, [&](Instant) {
        while (sender.next_event()) {}
        const Progress progress = sender.progress();
        AIP_ASSERT(progress.bytes_done <= progress.bytes_total);
    });
    return 0;
}
