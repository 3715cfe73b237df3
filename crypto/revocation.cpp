#include "crypto/revocation.hpp"

namespace aip::crypto {
namespace {

constexpr std::string_view kMagic = "AIPR";
constexpr uint8_t kVersion = 1;
constexpr size_t kBody = kRevocationBytes - Signature::kSize;

}  // namespace

RevocationBytes revoke_node(const SecretKey& root, const PublicKey& identity, WallTime from, WallTime issued) {
    Bytes out;
    Writer w(out);
    w.put(kMagic).u8(kVersion).put(identity.view());
    w.u64(static_cast<uint64_t>(from.unix_ms())).u64(static_cast<uint64_t>(issued.unix_ms()));
    AIP_ASSERT(out.size() == kBody);
    const Signature signature = root.sign(out);
    w.put(signature.view());
    return *RevocationBytes::from(out);
}

Result<Revocation> verify_revocation(const RevocationBytes& bytes, const PublicKey& root) {
    Reader r(bytes.view());
    const bool known = as_text(r.view(kMagic.size())) == kMagic && r.u8() == kVersion;
    Revocation revocation;
    static_cast<void>(r.copy(revocation.identity.bytes));
    revocation.from = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    revocation.issued = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    Signature signature;
    static_cast<void>(r.copy(signature.bytes));
    if (!known || !r.done()) return Error{ErrorCode::kDenied, "not a revocation"};
    if (!verify(root, bytes.view().first(kBody), signature))
        return Error{ErrorCode::kDenied, "the revocation is not signed by the root of this network"};
    return revocation;
}

}  // namespace aip::crypto
