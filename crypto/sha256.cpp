#include "crypto/sha256.hpp"

#include <openssl/evp.h>

namespace aip::crypto {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    AIP_ASSERT(state_->context != nullptr);
    AIP_ASSERT(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(ByteView bytes) {
    AIP_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
    return *this;
}

Digest Sha256::finish() {
    Digest digest;
    unsigned length = 0;
    AIP_ASSERT(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &length) == 1);
    AIP_ASSERT(length == Digest::kSize);
    return digest;
}

Digest sha256(ByteView bytes) { return Sha256().update(bytes).finish(); }

}  // namespace aip::crypto
