// A network of test nodes with real keys, and little helpers shared by the tests of this folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/identity.hpp"
#include "crypto/sha256.hpp"
#include "dataplane/link_address.hpp"

namespace aip::routing::test {

inline constexpr WallTime kWall = WallTime::from_unix_ms(1'750'000'000'000);

inline Instant at_ms(int64_t ms) { return Instant::from_ns(1'000'000'000) + Duration::milliseconds(ms); }
inline WallTime wall_at(Instant now) { return kWall + (now - at_ms(0)); }

inline crypto::SecretKey key_of(const std::string& what) {
    return crypto::SecretKey::from_seed(crypto::sha256(as_bytes("routing test " + what)));
}

inline crypto::Signer make_signer(const std::string& node, const std::string& network = "root") {
    const crypto::SecretKey root = key_of(network);
    const crypto::SecretKey identity = key_of(node);
    crypto::SecretKey operational = key_of(node + " operational");
    const crypto::Validity validity{WallTime::from_unix_ms(0), WallTime::from_unix_ms(INT64_MAX / 2)};
    const auto credential =
        crypto::make_credential(crypto::certify_node(root, identity.public_key(), validity),
                                crypto::certify_operational(identity, operational.public_key(), validity));
    const auto self = crypto::verify_credential(credential, root.public_key(), kWall);
    AIP_ASSERT(self.has_value());
    return crypto::Signer(std::move(operational), credential, *self);
}

inline crypto::PublicKey root_key() { return key_of("root").public_key(); }

inline dataplane::LinkAddress mac(uint8_t last) {
    const std::array<uint8_t, 6> bytes{2, 0, 0, 0, 0, last};
    return dataplane::LinkAddress::mac(bytes);
}

// A node address without a key behind it.
inline Address plain_address(uint64_t id) {
    return Address::make(NetworkId{{0xa1, 0xb2, 0xc3, 0xd4, 0xe5}}, InterfaceId{id});
}

inline std::string longest_task_key() { return std::string(64, 't') + "@" + std::string(32, 'f'); }

}  // namespace aip::routing::test
