#include "crypto/identity.hpp"

#include <algorithm>
#include <cstring>

#include "crypto/sha256.hpp"

namespace aip::crypto {
namespace {

constexpr std::string_view kNodeMagic = "AIPN";
constexpr std::string_view kOperationalMagic = "AIPO";
constexpr std::string_view kSealMagic = "AIPS";
constexpr uint8_t kVersion = 1;
constexpr size_t kCertificateBody = kCertificateBytes - Signature::kSize;
constexpr size_t kKnownMax = 4096;

Digest labelled_hash(std::string_view label, const PublicKey& key) {
    return Sha256().update(as_bytes(label)).update(key.view()).finish();
}

CertificateBytes certify(std::string_view magic, const SecretKey& issuer, const PublicKey& subject, Validity validity) {
    Bytes out;
    Writer w(out);
    w.put(magic).u8(kVersion).put(subject.view());
    w.u64(static_cast<uint64_t>(validity.not_before.unix_ms()))
        .u64(static_cast<uint64_t>(validity.not_after.unix_ms()));
    AIP_ASSERT(out.size() == kCertificateBody);
    const Signature signature = issuer.sign(out);
    w.put(signature.view());
    return *CertificateBytes::from(out);
}

struct Certificate {
    PublicKey subject;
    Validity validity;
};

Result<Certificate> check(ByteView bytes, std::string_view magic, const PublicKey& issuer, WallTime now,
                          std::string_view what) {
    Reader r(bytes);
    const bool known = as_text(r.view(4)) == magic && r.u8() == kVersion;
    Certificate certificate;
    static_cast<void>(r.copy(certificate.subject.bytes));
    certificate.validity.not_before = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    certificate.validity.not_after = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
    Signature signature;
    static_cast<void>(r.copy(signature.bytes));
    const std::string name(what);
    if (!known || !r.done()) return Error{ErrorCode::kDenied, name + " certificate is malformed"};
    if (!verify(issuer, bytes.first(kCertificateBody), signature))
        return Error{ErrorCode::kDenied, name + " certificate is not signed by the " +
                                             (magic == kNodeMagic ? "network root" : "node's identity key")};
    if (now < certificate.validity.not_before)
        return Error{ErrorCode::kDenied, name + " certificate is not valid yet; check the clocks"};
    if (now > certificate.validity.not_after)
        return Error{ErrorCode::kDenied, name + " certificate has expired; certify the key again"};
    return certificate;
}

}  // namespace

NetworkId network_id(const PublicKey& root) {
    const Digest digest = labelled_hash("aipacket network v1", root);
    return *NetworkId::from(digest.view().first(NetworkId::kSize));
}

InterfaceId interface_id(const PublicKey& identity) {
    return InterfaceId{load_be64(labelled_hash("aipacket node v1", identity).bytes.data())};
}

Address node_address(const PublicKey& root, const PublicKey& identity) {
    return Address::make(network_id(root), interface_id(identity));
}

CertificateBytes certify_node(const SecretKey& root, const PublicKey& identity, Validity validity) {
    return certify(kNodeMagic, root, identity, validity);
}

CertificateBytes certify_operational(const SecretKey& identity, const PublicKey& operational, Validity validity) {
    return certify(kOperationalMagic, identity, operational, validity);
}

CredentialBytes make_credential(const CertificateBytes& node, const CertificateBytes& operational) {
    CredentialBytes credential;
    std::memcpy(credential.bytes.data(), node.bytes.data(), kCertificateBytes);
    std::memcpy(credential.bytes.data() + kCertificateBytes, operational.bytes.data(), kCertificateBytes);
    return credential;
}

Result<Principal> verify_credential(const CredentialBytes& credential, const PublicKey& root, WallTime now) {
    const ByteView bytes = credential.view();
    AIP_ASSIGN(const Certificate node, check(bytes.first(kCertificateBytes), kNodeMagic, root, now, "node"));
    AIP_ASSIGN(const Certificate op,
               check(bytes.subspan(kCertificateBytes), kOperationalMagic, node.subject, now, "operational"));
    Principal principal;
    principal.address = node_address(root, node.subject);
    principal.identity = node.subject;
    principal.operational = op.subject;
    principal.validity = {std::max(node.validity.not_before, op.validity.not_before),
                          std::min(node.validity.not_after, op.validity.not_after)};
    return principal;
}

Signer::Signer(SecretKey operational, CredentialBytes credential, Principal self)
    : key_(std::move(operational)), credential_(credential), self_(self) {
    AIP_ASSERT(key_.public_key() == self_.operational);
}

namespace {

Bytes to_sign(std::string_view domain, const CredentialBytes& credential, ByteView body) {
    AIP_ASSERT(domain.size() < 256 && body.size() < UINT32_MAX);
    Bytes out;
    out.reserve(10 + domain.size() + kCredentialBytes + body.size() + Signature::kSize);
    Writer w(out);
    w.put(kSealMagic).u8(kVersion).u8(static_cast<uint8_t>(domain.size())).put(domain);
    w.put(credential.view()).u32(static_cast<uint32_t>(body.size())).put(body);
    return out;
}

struct Envelope {
    std::string_view domain;
    CredentialBytes credential;
    ByteView body;
    ByteView signed_part;
    Signature signature;
};

Result<Envelope> take_apart(ByteView sealed) {
    Reader r(sealed);
    Envelope e;
    const bool known = as_text(r.view(4)) == kSealMagic && r.u8() == kVersion;
    e.domain = as_text(r.view(r.u8()));
    static_cast<void>(r.copy(e.credential.bytes));
    e.body = r.view(r.u32());
    e.signed_part = sealed.first(r.position());
    static_cast<void>(r.copy(e.signature.bytes));
    if (!known || !r.done()) return Error{ErrorCode::kInvalid, "signed envelope is malformed"};
    return e;
}

}  // namespace

Bytes Signer::seal(std::string_view domain, ByteView body) const {
    Bytes out = to_sign(domain, credential_, body);
    const Signature signature = key_.sign(out);
    Writer(out).put(signature.view());
    return out;
}

Bytes join_seal(std::string_view domain, const CredentialBytes& credential, ByteView body, const Signature& signature) {
    Bytes out = to_sign(domain, credential, body);
    Writer(out).put(signature.view());
    return out;
}

Result<Unsealed> take_seal_off(ByteView sealed) {
    AIP_ASSIGN(const Envelope e, take_apart(sealed));
    return Unsealed{e.credential, e.body, e.signature};
}

uint64_t credential_hint(const CredentialBytes& credential) {
    return load_be64(sha256(credential.view()).bytes.data());
}

Result<CredentialBytes> sealed_credential(ByteView sealed) {
    AIP_ASSIGN(const Envelope e, take_apart(sealed));
    return e.credential;
}

Result<Claim> sealed_claim(ByteView sealed) {
    AIP_ASSIGN(const Envelope e, take_apart(sealed));
    return Claim{claimed_identity(e.credential), e.body};
}

namespace {

constexpr size_t kSubjectAt = kNodeMagic.size() + 1;
constexpr size_t kValidityAt = kSubjectAt + PublicKey::kSize;

Validity claimed_validity(ByteView certificate) {
    Reader r(certificate.subspan(kValidityAt));
    const auto time = [&] { return WallTime::from_unix_ms(static_cast<int64_t>(r.u64())); };
    const WallTime not_before = time();
    return {not_before, time()};
}

}  // namespace

// The node certificate stands first.
PublicKey claimed_identity(const CredentialBytes& credential) {
    return *PublicKey::from(credential.view().subspan(kSubjectAt, PublicKey::kSize));
}

PublicKey claimed_operational(const CredentialBytes& credential) {
    return *PublicKey::from(credential.view().subspan(kCertificateBytes + kSubjectAt, PublicKey::kSize));
}

Validity claimed_validity(const CredentialBytes& credential) {
    const Validity node = claimed_validity(credential.view().first(kCertificateBytes));
    const Validity operational = claimed_validity(credential.view().subspan(kCertificateBytes));
    return {std::max(node.not_before, operational.not_before), std::min(node.not_after, operational.not_after)};
}

void Verifier::disbelieve(const PublicKey& identity, WallTime from) {
    const auto it = revoked_.emplace(identity, from).first;
    it->second = std::min(it->second, from);
}

Result<Principal> Verifier::credential(const CredentialBytes& credential, WallTime now) {
    const auto revoked = revoked_.find(claimed_identity(credential));
    if (revoked != revoked_.end() && now >= revoked->second)
        return Error{ErrorCode::kDenied, "this node's identity has been revoked; believe nothing of it"};
    const Digest name = sha256(credential.view());
    const auto it = known_.find(name);
    if (it != known_.end() && now >= it->second.validity.not_before && now <= it->second.validity.not_after)
        return it->second;
    AIP_ASSIGN(const Principal principal, verify_credential(credential, root_, now));
    if (known_.size() >= kKnownMax) known_.clear();
    known_.emplace(name, principal);
    return principal;
}

Result<Opened> Verifier::open(std::string_view domain, ByteView sealed, WallTime now) {
    AIP_ASSIGN(const Envelope e, take_apart(sealed));
    if (e.domain != domain)
        return Error{ErrorCode::kDenied,
                     "signed as '" + std::string(e.domain) + "', expected '" + std::string(domain) + "'"};
    AIP_ASSIGN(const Principal signer, credential(e.credential, now));
    if (!verify(signer.operational, e.signed_part, e.signature))
        return Error{ErrorCode::kDenied,
                     "bad signature of " + signer.address.text() + " on '" + std::string(domain) + "'"};
    return Opened{e.body, signer};
}

}  // namespace aip::crypto
