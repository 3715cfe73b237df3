// Revocations, votes and the rule about them: fixed layouts; what is believed was signed by the root, which signed
// nothing here.
#include "base/assert.hpp"
#include "crypto/revocation.hpp"
#include "crypto/vote.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace aip::crypto;
    const auto bytes = RevocationBytes::from(aip::ByteView(data, size));
    if (bytes) AIP_ASSERT(!verify_revocation(*bytes, PublicKey{}));
    const auto rule = VoteRuleBytes::from(aip::ByteView(data, size));
    if (rule) AIP_ASSERT(!verify_vote_rule(*rule, PublicKey{}));
    AIP_ASSERT(!verify_vote(aip::ByteView(data, size), PublicKey{}));
    return 0;
}
