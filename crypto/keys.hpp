// Ed25519 keys (RFC 8032) through libsodium. A SecretKey is a resource: it cannot be copied, is wiped when it goes,
// and has no way to be printed; it reaches a file only through save_secret_key (mode 0600).
#pragma once

#include <memory>
#include <string>

#include "base/ids.hpp"
#include "base/result.hpp"

namespace aip::crypto {

using PublicKey = FixedBytes<struct PublicKeyTag, 32>;
using Signature = FixedBytes<struct SignatureTag, 64>;

class SecretKey {
public:
    static SecretKey generate();                     // from the operating system's randomness
    static SecretKey from_seed(const Digest& seed);  // RFC 8032 seed: tests, simulator, key files
    ~SecretKey();
    SecretKey(SecretKey&&) noexcept;
    SecretKey& operator=(SecretKey&&) noexcept;

    const PublicKey& public_key() const;
    Signature sign(ByteView message) const;

private:
    friend Result<void> save_secret_key(const SecretKey& key, const std::string& path, std::string_view label);
    struct State;
    explicit SecretKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

bool verify(const PublicKey& key, ByteView message, const Signature& signature);

// Key files (rfc/0006): one line of text, "aipacket-secret-key-v1 LABEL BASE64-SEED". Saving never overwrites and
// creates the file with mode 0600; loading refuses a file that group or others can read (kDenied, says chmod).
Result<void> save_secret_key(const SecretKey& key, const std::string& path, std::string_view label);
Result<SecretKey> load_secret_key(const std::string& path, std::string_view label);

// "aipacket-public-key-v1 LABEL HEX"
Result<void> save_public_key(const PublicKey& key, const std::string& path, std::string_view label);
Result<PublicKey> load_public_key(const std::string& path, std::string_view label);

// A key that several machines share: 32 to 128 hex digits in a file that only its owner can read.
Result<Bytes> load_shared_key(const std::string& path);
// Files that fit in memory; a pipe will do. write_new_file fails with kExists rather than overwrite, and syncs.
Result<Bytes> read_small_file(const std::string& path, size_t bytes_max);
Result<void> write_new_file(const std::string& path, ByteView bytes, unsigned mode);

}  // namespace aip::crypto
