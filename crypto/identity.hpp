// Who is who (rfc/0006). A network root, kept offline, signs node certificates; a node's permanent identity key
// names its address and certifies an operational key; the operational key signs everything day to day. The daemon
// needs no identity secret at all: a credential (both certificates) travels with whatever the node signs.
//
//   network id = SHA-256("aipacket network v1" || root public key)[0..5)
//   interface id = SHA-256("aipacket node v1" || identity public key)[0..8)
//
// Invariant: a Principal exists only if every signature on the way from the root to it was checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"
#include "crypto/keys.hpp"

namespace aip::crypto {

inline constexpr std::string_view kRootLabel = "network-root";
inline constexpr std::string_view kIdentityLabel = "identity";
inline constexpr std::string_view kOperationalLabel = "operational";

inline constexpr size_t kCertificateBytes = 117;
inline constexpr size_t kCredentialBytes = 2 * kCertificateBytes;
using CredentialBytes = FixedBytes<struct CredentialTag, kCredentialBytes>;
using CertificateBytes = FixedBytes<struct CertificateTag, kCertificateBytes>;

NetworkId network_id(const PublicKey& root);
InterfaceId interface_id(const PublicKey& identity);
Address node_address(const PublicKey& root, const PublicKey& identity);

struct Validity {
    WallTime not_before;
    WallTime not_after;
};

// The network's word that `identity` is one of its nodes.
CertificateBytes certify_node(const SecretKey& root, const PublicKey& identity, Validity validity);
// The node's word that `operational` may sign for it.
CertificateBytes certify_operational(const SecretKey& identity, const PublicKey& operational, Validity validity);
CredentialBytes make_credential(const CertificateBytes& node, const CertificateBytes& operational);

// A node whose credential was checked against a network root.
struct Principal {
    Address address;
    PublicKey identity;
    PublicKey operational;
    Validity validity;  // the intersection of both certificates'
};

// kDenied with the reason: wrong root, bad signature, not yet valid, expired.
Result<Principal> verify_credential(const CredentialBytes& credential, const PublicKey& root, WallTime now);

// Signs bodies: [magic "AIPS" | u8 version | u8 domain length | domain | credential | u32 body length | body |
// signature]. The domain says what the body is ("manifest", "offer", ...), so that a signature for one is none for
// another.
class Signer {
public:
    Signer(SecretKey operational, CredentialBytes credential, Principal self);

    Bytes seal(std::string_view domain, ByteView body) const;
    Signature sign_raw(ByteView message) const { return key_.sign(message); }  // formats with their own framing
    const Principal& self() const { return self_; }
    const CredentialBytes& credential() const { return credential_; }

private:
    SecretKey key_;
    CredentialBytes credential_;
    Principal self_;
};

struct Opened {
    ByteView body;  // borrows from the bytes given to open()
    Principal signer;
};

// Opens what a Signer sealed. Remembers credentials it has checked (bounded), so that a stream of records from known
// nodes costs one verification each.
class Verifier {
public:
    explicit Verifier(PublicKey root) : root_(root) {}
    virtual ~Verifier() = default;

    virtual Result<Opened> open(std::string_view domain, ByteView sealed, WallTime now);
    Result<Principal> credential(const CredentialBytes& credential, WallTime now);
    const PublicKey& root() const { return root_; }
    // From now on nothing that this identity signs at `from` or later is believed. Whoever calls it has the root's
    // word, or has counted the votes.
    void disbelieve(const PublicKey& identity, WallTime from);

private:
    PublicKey root_;
    std::unordered_map<PublicKey, WallTime> revoked_;  // identity, from when
    std::unordered_map<Digest, Principal> known_;
};

// Takes an envelope apart without checking anything: for reading who it claims to be from.
Result<CredentialBytes> sealed_credential(ByteView sealed);

// The same, for the cheap checks before a signature is worth its price.
struct Claim {
    PublicKey identity;
    ByteView body;  // borrows from `sealed`
};
Result<Claim> sealed_claim(ByteView sealed);
PublicKey claimed_identity(const CredentialBytes& credential);
PublicKey claimed_operational(const CredentialBytes& credential);
Validity claimed_validity(const CredentialBytes& credential);  // the intersection of both certificates'

// A sealed body without what a receiver has already: domain and credential. Whoever has them joins the same envelope
// again, byte for byte.
struct Unsealed {
    CredentialBytes credential;
    ByteView body;  // borrows from `sealed`
    Signature signature;
};
Result<Unsealed> take_seal_off(ByteView sealed);
Bytes join_seal(std::string_view domain, const CredentialBytes& credential, ByteView body, const Signature& signature);
uint64_t credential_hint(const CredentialBytes& credential);  // first 8 bytes of its SHA-256

// The key directory of a node: identity.key identity.pub operational.key operational.cert node.cert network.pub.
// create_key_directory makes the first four; certify adds node.cert and network.pub.
Result<PublicKey> create_key_directory(const std::string& directory, WallTime now);
Result<void> certify_key_directory(const std::string& directory, const SecretKey& root, Validity validity);
// A new operational key, certified by identity.key, which has to be there; the old one is gone. `compromised`: why the
// old one must not be trusted any more; empty: it was only replaced. Left in a note for the daemon, which writes it
// into the ledger: a line for each such key, so that several rotations before the daemon's next start lose nothing.
Result<PublicKey> rotate_key_directory(const std::string& directory, std::string_view compromised, WallTime now);
Result<std::string> load_rotation_note(const std::string& directory);
std::optional<std::string> why_compromised(std::string_view note, const PublicKey& key);  // nothing: it was not
// Loads what the daemon needs; every error names the file and the command that mends it.
Result<Signer> load_signer(const std::string& directory, WallTime now);
Result<PublicKey> load_network_root(const std::string& directory);

}  // namespace aip::crypto
