#include "sim/keys.hpp"

#include "crypto/sha256.hpp"
#include "sim/event_queue.hpp"

namespace aip::sim {
namespace {

crypto::SecretKey key_from(uint64_t seed, std::string_view label) {
    Bytes text;
    Writer(text).put(label).u64(seed);
    return crypto::SecretKey::from_seed(crypto::sha256(text));
}

}  // namespace

crypto::SecretKey make_root(uint64_t seed) { return key_from(seed, "root"); }

crypto::Signer make_signer(uint64_t seed, const crypto::SecretKey& root) {
    const crypto::Validity validity{WallTime::from_unix_ms(0), WallTime::from_unix_ms(int64_t{4'000'000'000'000})};
    const crypto::SecretKey identity = key_from(seed, "identity");
    crypto::SecretKey operational = key_from(seed, "operational");
    const auto credential =
        crypto::make_credential(crypto::certify_node(root, identity.public_key(), validity),
                                crypto::certify_operational(identity, operational.public_key(), validity));
    auto self =
        crypto::verify_credential(credential, root.public_key(), WallTime::from_unix_ms(EventQueue::kWallStartMs));
    AIP_ASSERT(self.has_value());
    return crypto::Signer(std::move(operational), credential, *self);
}

}  // namespace aip::sim
