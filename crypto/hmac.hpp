// HMAC-SHA256 (RFC 2104, FIPS 180-4) through libsodium: proves who holds a shared key, where packets are too many and
// too short-lived for signatures. Compare with equal_secret(), whose time does not tell where two values differ.
#pragma once

#include <initializer_list>

#include "base/ids.hpp"

namespace aip::crypto {

Digest hmac_sha256(ByteView key, std::initializer_list<ByteView> parts);  // of the parts one after another
bool equal_secret(ByteView a, ByteView b);

}  // namespace aip::crypto
