// Any bytes as an offer: what is accepted is exactly what we would have written.
#include "aipacket/offer.hpp"
#include "base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const aip::ByteView body(data, size);
    const auto offer = aip::aipacket::parse_offer(body);
    if (offer) AIP_ASSERT(aip::aipacket::encode_offer(*offer) == aip::to_bytes(body));
    return 0;
}
