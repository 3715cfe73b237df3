// Revocation by members (rfc/0006 section 8.1): where the network root has said how many votes are enough, so many
// certified members put an identity out together. The rule is the root's, 78 bytes; a vote is one member's, sealed with
// its credential, so that it can be passed on and counted by whoever knows the root.
//
// Votes of the members need not name one moment: an identity is out from the moment on that enough of them agree to.
// Pure functions. Who counts, and who is not let vote, is the caller's business (node/revocations.hpp).
#pragma once

#include <vector>

#include "crypto/identity.hpp"

namespace aip::crypto {

inline constexpr std::string_view kVoteDomain = "revocation vote";
inline constexpr size_t kVoteRuleBytes = 78;
using VoteRuleBytes = FixedBytes<struct VoteRuleTag, kVoteRuleBytes>;

struct VoteRule {
    uint8_t votes = 0;  // 0: the root alone revokes
    WallTime issued;    // the newest rule counts
};
VoteRuleBytes make_vote_rule(const SecretKey& root, const VoteRule& rule);
Result<VoteRule> verify_vote_rule(const VoteRuleBytes& bytes, const PublicKey& root);

struct Vote {
    PublicKey identity;
    WallTime from;  // what it signs at that time or later should count no more
    WallTime issued;
};
struct CheckedVote {
    Vote vote;
    Principal voter;
};
Bytes cast_vote(const Signer& voter, const Vote& vote);
// kDenied: not by a member at the time it was issued, or a vote about itself.
Result<CheckedVote> verify_vote(ByteView sealed, const PublicKey& root);

// The moment from which at least `votes` of these, each another member's, agree; nothing: they are too few.
std::optional<WallTime> agreed_from(std::vector<WallTime> froms, uint8_t votes);

}  // namespace aip::crypto
