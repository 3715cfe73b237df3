// A network of one node with fixed keys, for tests of certificates and envelopes.
#pragma once

#include "crypto/identity.hpp"

namespace aip::crypto {

inline constexpr WallTime kYear2026 = WallTime::from_unix_ms(1'767'225'600'000);
inline constexpr WallTime kYear2027 = WallTime::from_unix_ms(1'798'761'600'000);
inline constexpr WallTime kYear2028 = WallTime::from_unix_ms(1'830'297'600'000);
inline constexpr WallTime kYear2036 = WallTime::from_unix_ms(2'082'758'400'000);

inline SecretKey fixed_key(uint8_t n) { return SecretKey::from_seed(Digest{{n}}); }

struct TestNode {
    SecretKey root = fixed_key(1);
    SecretKey identity = fixed_key(2);
    Validity node_validity{kYear2026, kYear2036};
    Validity operational_validity{kYear2026, kYear2036};

    CredentialBytes credential() const {
        return make_credential(certify_node(root, identity.public_key(), node_validity),
                               certify_operational(identity, fixed_key(3).public_key(), operational_validity));
    }
    Signer signer() const {
        return Signer(fixed_key(3), credential(), *verify_credential(credential(), root.public_key(), kYear2027));
    }
};

}  // namespace aip::crypto
