// Revocations: who was put out of the network (rfc/0006 section 8), by its root or, where the root has said how many
// votes are enough, by so many members. Each word about it that is new is made durable, from then on nothing of such an
// identity is believed by the node's Verifier, and all neighbours are told at once; all words are told again round by
// round, a few each second, so that whoever was away hears of them too and nobody gets more than it can check.
//
// Invariant: nothing that was put out comes back. A member that the root has put out has no vote, and nobody has one
// while there is no rule. Loop only; bounded by kMax and the limits on votes.
#pragma once

#include <functional>
#include <map>

#include "base/report.hpp"
#include "crypto/revocation.hpp"
#include "crypto/vote.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"

namespace aip::node {

class Revocations {
public:
    static constexpr size_t kMax = 256;        // identities put out of one network by its root
    static constexpr size_t kVotesMax = 1024;  // that are remembered
    static constexpr size_t kVotesEach = 32;   // of one member
    static constexpr Duration kRoundEvery = Duration::seconds(60);
    static constexpr size_t kWordsASecond = 16;  // of a round, to each neighbour

    Revocations(const Services& services, crypto::Verifier& verifier, Outbox& outbox)
        : services_(services), verifier_(verifier), outbox_(outbox) {}

    Result<void> load();  // at start, before anything runs
    // A revocation, a rule about votes or a vote, from a packet or a program. `done`: known here, durably.
    void take(ByteView word, std::function<void(Result<void>)> done);
    Report report() const;  // of the root alone: identity, and the word itself in hex
    size_t poll(const std::vector<Address>& neighbours, Instant now);
    Instant next_wakeup() const {
        if (!fresh_.empty()) return {};
        return known_.empty() && !rule_ ? Instant::never() : tell_at_;
    }

private:
    struct Ballot {
        WallTime from;
        Bytes sealed;
    };
    struct Revoked {
        crypto::Revocation says;
        crypto::RevocationBytes bytes;
    };
    struct Rule {
        crypto::VoteRule says;
        crypto::VoteRuleBytes bytes;
    };
    using Key = std::string;  // under which a word is stored; empty: nothing new

    Result<Key> learn(ByteView word);
    Result<Key> learn_revocation(const crypto::RevocationBytes& bytes);
    Result<Key> learn_rule(const crypto::VoteRuleBytes& bytes);
    Result<Key> learn_vote(ByteView sealed);
    void count(const crypto::PublicKey& identity);
    std::vector<ByteView> words() const;
    void tell(ByteView word, const std::vector<Address>& neighbours);

    Services services_;
    crypto::Verifier& verifier_;
    Outbox& outbox_;
    std::map<crypto::PublicKey, Revoked> known_;  // by identity
    std::optional<Rule> rule_;
    std::map<crypto::PublicKey, std::map<crypto::PublicKey, Ballot>> votes_;  // by identity, then by voter
    std::map<crypto::PublicKey, WallTime> voted_out_;
    std::vector<Bytes> fresh_;  // not told yet
    size_t told_ = 0;           // words of this round
    Instant round_at_;          // it began
    Instant tell_at_;
};

}  // namespace aip::node
