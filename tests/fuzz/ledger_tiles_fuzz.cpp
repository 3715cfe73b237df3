// Tiles and bundles of entries: what is read is the same bytes when it is put together again.
#include "base/assert.hpp"
#include "ledger/tiles.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip;
    using namespace aip::ledger;
    if (size < 2) return 0;
    const uint64_t width = data[0] + uint64_t{data[1]};
    const ByteView bytes(data + 2, size - 2);
    if (const auto entries = parse_bundle(bytes, width)) {
        Bytes again;
        for (const Bytes& entry : *entries) Writer(again).u16(static_cast<uint16_t>(entry.size())).put(entry);
        AIP_ASSERT(again == to_bytes(bytes));
    }
    if (const auto tile = parse_tile(bytes, width)) AIP_ASSERT(tile->size() == width);
    return 0;
}
