#include "ledger/fork_proof.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "ledger/text.hpp"

namespace aip::ledger {
namespace {

constexpr std::string_view kFirstLine = "aipacket.dev/fork-proof@v1";
constexpr std::string_view kCredential = "credential ";
constexpr std::string_view kRoot = "root ";

Error malformed(std::string_view what) {
    return {ErrorCode::kInvalid, "malformed fork proof: " + std::string(what) + "; ask for it again"};
}

Error proves_nothing(std::string_view why) { return {ErrorCode::kDenied, "this proves no fork: " + std::string(why)}; }

NoteKey claimed_key(const crypto::CredentialBytes& credential, const crypto::PublicKey& root) {
    const Address node = crypto::node_address(root, crypto::claimed_identity(credential));
    return {log_origin(node), crypto::claimed_operational(credential)};
}

Result<crypto::CredentialBytes> credential_line(LineReader& lines) {
    const auto line = lines.next();
    const auto raw =
        line && line->starts_with(kCredential) ? from_base64(line->substr(kCredential.size())) : std::nullopt;
    const auto credential = raw ? crypto::CredentialBytes::from(*raw) : std::nullopt;
    if (!credential) return malformed("no credential");
    return *credential;
}

// A note as SignedHead::note() writes it.
Result<SignedHead> take_head(std::string_view& rest, const crypto::PublicKey& key) {
    const size_t text = rest.find("\n\n");
    const size_t end = text == std::string_view::npos ? text : rest.find('\n', text + 2);
    if (end == std::string_view::npos) return malformed("a checkpoint is missing");
    const std::string_view note = rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
    AIP_ASSIGN(const Note parsed, Note::parse(note));
    AIP_ASSIGN(const Checkpoint checkpoint, Checkpoint::parse(parsed.text));
    const NoteKey by{checkpoint.origin, key};
    const auto signature = crypto::Signature::from(parsed.signatures.front().signature);
    if (!signature || parsed.signatures.front().name != by.name) return malformed("a checkpoint is not signed");
    SignedHead head{checkpoint.size, checkpoint.root, *signature};
    if (head.note(by) != note) return malformed("a checkpoint is not signed by the key in its credential");
    return head;
}

Result<crypto::Principal> principal(const crypto::CredentialBytes& credential, const crypto::PublicKey& root) {
    return crypto::verify_credential(credential, root, crypto::claimed_validity(credential).not_before);
}

}  // namespace

std::string ForkProof::text(const crypto::PublicKey& root) const {
    std::string out = std::string(kFirstLine) + "\n";
    out += std::string(kCredential) + to_base64(what.older.credential.view()) + "\n";
    out += std::string(kCredential) + to_base64(what.newer.credential.view()) + "\n";
    out += std::string(kRoot) + to_base64(what.root_then.view()) + "\n";
    for (const Digest& hash : what.path) out += to_base64(hash.view()) + "\n";
    out += "\n" + what.older.head.note(claimed_key(what.older.credential, root));
    return out + "\n" + what.newer.head.note(claimed_key(what.newer.credential, root));
}

Result<ForkProof> ForkProof::parse(std::string_view text) {
    if (text.size() > limits::kForkProofBytesMax || !is_text(text)) return malformed("too long, or not text");
    LineReader lines(text);
    if (lines.next() != kFirstLine) return malformed("not a " + std::string(kFirstLine));
    ForkProof proof;
    AIP_ASSIGN(proof.what.older.credential, credential_line(lines));
    AIP_ASSIGN(proof.what.newer.credential, credential_line(lines));
    auto line = lines.next();
    const auto then = line && line->starts_with(kRoot) ? parse_base64_digest(line->substr(kRoot.size())) : std::nullopt;
    if (!then) return malformed("no root");
    proof.what.root_then = *then;
    for (line = lines.next(); line && !line->empty(); line = lines.next()) {
        const auto hash = parse_base64_digest(*line);
        if (!hash || proof.what.path.size() == limits::kConsistencyHashesMax) return malformed("bad consistency proof");
        proof.what.path.push_back(*hash);
    }
    std::string_view rest = lines.rest();
    AIP_ASSIGN(proof.what.older.head, take_head(rest, crypto::claimed_operational(proof.what.older.credential)));
    if (!rest.starts_with('\n')) return malformed("no empty line between the checkpoints");
    rest.remove_prefix(1);
    AIP_ASSIGN(proof.what.newer.head, take_head(rest, crypto::claimed_operational(proof.what.newer.credential)));
    if (!rest.empty()) return malformed("something follows it");
    return proof;
}

Result<ForkVerdict> verify(const ForkProof& proof, const crypto::PublicKey& root) {
    const auto& [older, newer, root_then, path] = proof.what;
    AIP_ASSIGN(const crypto::Principal first, principal(older.credential, root));
    AIP_ASSIGN(const crypto::Principal second, principal(newer.credential, root));
    if (first.address != second.address) return proves_nothing("the checkpoints are of two nodes");
    AIP_TRY(check_head(older.head, first));
    AIP_TRY(check_head(newer.head, second));
    if (root_then == older.head.root) return proves_nothing("the newer tree has the root that was signed before");
    if (!verify_consistency(older.head.size, root_then, newer.head.size, newer.head.root, path))
        return proves_nothing("it does not show what the newer tree was like at size " +
                              std::to_string(older.head.size));
    return ForkVerdict{first.address,
                       {std::max(first.validity.not_before, second.validity.not_before),
                        std::min(first.validity.not_after, second.validity.not_after)}};
}

std::optional<Contradiction> contradiction(const CertifiedHead& one, const CertifiedHead& other) {
    if (one.head.size != other.head.size || one.head.root == other.head.root || one.head.size == 0) return std::nullopt;
    return Contradiction{one, other, other.head.root, {}};
}

}  // namespace aip::ledger
