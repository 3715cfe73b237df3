#include "crypto/vote.hpp"

#include <algorithm>

namespace aip::crypto {
namespace {

constexpr std::string_view kRuleMagic = "AIPQ", kVoteMagic = "AIPV";
constexpr uint8_t kVersion = 1;
constexpr size_t kRuleBody = kVoteRuleBytes - Signature::kSize;

void put(Writer& w, WallTime time) { w.u64(static_cast<uint64_t>(time.unix_ms())); }
WallTime time_of(Reader& r) { return WallTime::from_unix_ms(static_cast<int64_t>(r.u64())); }

Result<Vote> parse_vote(ByteView body) {
    Reader r(body);
    const bool known = as_text(r.view(kVoteMagic.size())) == kVoteMagic && r.u8() == kVersion;
    Vote vote;
    static_cast<void>(r.copy(vote.identity.bytes));
    vote.from = time_of(r);
    vote.issued = time_of(r);
    if (!known || !r.done()) return Error{ErrorCode::kDenied, "not a vote to revoke"};
    return vote;
}

}  // namespace

VoteRuleBytes make_vote_rule(const SecretKey& root, const VoteRule& rule) {
    Bytes out;
    Writer w(out);
    w.put(kRuleMagic).u8(kVersion).u8(rule.votes);
    put(w, rule.issued);
    AIP_ASSERT(out.size() == kRuleBody);
    const Signature signature = root.sign(out);
    w.put(signature.view());
    return *VoteRuleBytes::from(out);
}

Result<VoteRule> verify_vote_rule(const VoteRuleBytes& bytes, const PublicKey& root) {
    Reader r(bytes.view());
    const bool known = as_text(r.view(kRuleMagic.size())) == kRuleMagic && r.u8() == kVersion;
    VoteRule rule;
    rule.votes = r.u8();
    rule.issued = time_of(r);
    Signature signature;
    static_cast<void>(r.copy(signature.bytes));
    if (!known || !r.done()) return Error{ErrorCode::kDenied, "not a rule about votes"};
    if (!verify(root, bytes.view().first(kRuleBody), signature))
        return Error{ErrorCode::kDenied, "the rule about votes is not signed by the root of this network"};
    return rule;
}

Bytes cast_vote(const Signer& voter, const Vote& vote) {
    Bytes body;
    Writer w(body);
    w.put(kVoteMagic).u8(kVersion).put(vote.identity.view());
    put(w, vote.from);
    put(w, vote.issued);
    return voter.seal(kVoteDomain, body);
}

Result<CheckedVote> verify_vote(ByteView sealed, const PublicKey& root) {
    AIP_ASSIGN(const Claim claim, sealed_claim(sealed));
    AIP_ASSIGN(const Vote vote, parse_vote(claim.body));
    Verifier verifier(root);
    AIP_ASSIGN(const Opened opened, verifier.open(kVoteDomain, sealed, vote.issued));
    if (opened.signer.identity == vote.identity) return Error{ErrorCode::kDenied, "nobody votes about himself"};
    return CheckedVote{vote, opened.signer};
}

std::optional<WallTime> agreed_from(std::vector<WallTime> froms, uint8_t votes) {
    if (votes == 0 || froms.size() < votes) return std::nullopt;
    std::sort(froms.begin(), froms.end());
    return froms[votes - 1u];
}

}  // namespace aip::crypto
