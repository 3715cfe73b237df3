// Any bytes as an envelope, as a credential and as a body: nothing but what a known node signed may open.
#include "crypto/identity.hpp"
#include "tests/crypto/test_node.hpp"

namespace {

using namespace aip;
using namespace aip::crypto;

void open_as_it_comes(ByteView bytes) {
    static Verifier verifier(fixed_key(1).public_key());
    const auto opened = verifier.open("fuzz", bytes, kYear2027);
    AIP_ASSERT(!opened);  // the fuzzer has no key
    const auto claim = sealed_claim(bytes);
    AIP_ASSERT(claim.has_value() == sealed_credential(bytes).has_value());
}

void round_trip(ByteView body) {
    static const Signer signer = TestNode().signer();
    Verifier verifier(fixed_key(1).public_key());
    Bytes sealed = signer.seal("fuzz", body);
    const auto opened = verifier.open("fuzz", sealed, kYear2027);
    AIP_ASSERT(opened && to_bytes(opened->body) == to_bytes(body));
    sealed[body.empty() ? 0 : body[0] % sealed.size()] ^= 1;
    AIP_ASSERT(!verifier.open("fuzz", sealed, kYear2027));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const ByteView bytes(data, size);
    open_as_it_comes(bytes);
    if (const auto credential = CredentialBytes::from(bytes))
        AIP_ASSERT(!verify_credential(*credential, fixed_key(1).public_key(), kYear2027));
    round_trip(bytes);
    return 0;
}
