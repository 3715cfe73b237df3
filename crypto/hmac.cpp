#include "crypto/hmac.hpp"

#include <sodium.h>

namespace aip::crypto {

static_assert(crypto_auth_hmacsha256_BYTES == Digest::kSize);

Digest hmac_sha256(ByteView key, std::initializer_list<ByteView> parts) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    for (const ByteView part : parts) crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    Digest digest;
    crypto_auth_hmacsha256_final(&state, digest.bytes.data());
    sodium_memzero(&state, sizeof state);
    return digest;
}

bool equal_secret(ByteView a, ByteView b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace aip::crypto
