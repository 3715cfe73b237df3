// Revocations: a fixed layout; what is believed was signed by the root, which signed nothing here.
#include "base/assert.hpp"
#include "crypto/revocation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::crypto;
    const auto bytes = RevocationBytes::from(aip::ByteView(data, size));
    if (bytes) AIP_ASSERT(!verify_revocation(*bytes, PublicKey{}));
    return 0;
}
