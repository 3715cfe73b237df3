// The body of a stored tag: what is read is written back as the same bytes.
#include "base/assert.hpp"
#include "node/tags.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const aip::ByteView bytes(data, size);
    const auto tag = aip::node::Tag::parse(bytes);
    if (tag) AIP_ASSERT(tag->encode() == aip::to_bytes(bytes));
    return 0;
}
