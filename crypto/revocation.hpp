// A revocation is the network root's word that an identity is no longer to be believed (rfc/0006 section 8): 117 bytes,
// a certificate with the opposite meaning. It travels from node to node and is remembered; no clock ends it.
//
// What the identity signed before `from` stays history; whatever says it was signed at or after `from` is refused. A
// thief can write any time he likes: whoever knows when the key was lost names a `from` before that.
// Pure functions.
#pragma once

#include "crypto/identity.hpp"

namespace aip::crypto {

inline constexpr size_t kRevocationBytes = kCertificateBytes;
using RevocationBytes = FixedBytes<struct RevocationTag, kRevocationBytes>;

struct Revocation {
    PublicKey identity;
    WallTime from;
    WallTime issued;
};

RevocationBytes revoke_node(const SecretKey& root, const PublicKey& identity, WallTime from, WallTime issued);
// kDenied: not this root's word.
Result<Revocation> verify_revocation(const RevocationBytes& bytes, const PublicKey& root);

}  // namespace aip::crypto
