// Messages about checkpoints: what parses is written back as the same bytes.
#include "base/assert.hpp"
#include "node/witness_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::node;
    const aip::ByteView bytes(data, size);
    if (const auto message = parse_witness_message(bytes)) AIP_ASSERT(encode(*message) == aip::to_bytes(bytes));
    return 0;
}
