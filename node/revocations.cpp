#include "node/revocations.hpp"

#include <algorithm>
#include <utility>

#include "node/news.hpp"

namespace aip::node {
namespace {

constexpr Duration kClockError = Duration::seconds(300);
const std::string kPrefix = "revoked/", kRuleKey = "revocation-rule", kVotePrefix = "revocation-vote/",
                  kVotedOutPrefix = "revoked-by-votes/";

}  // namespace

// In the order in which one needs the other: whoever the root put out has no vote, and without a rule there are none.
// Votes that the rule or the root has made void since are passed over; what they had brought about stays.
Result<void> Revocations::load() {
    for (const std::string& prefix : {kPrefix, kRuleKey, kVotePrefix}) {
        AIP_ASSIGN(const auto pairs, services_.state.scan(prefix));
        for (const auto& [name, value] : pairs) {
            const auto read = learn(as_bytes(value));
            const bool is_void = prefix == kVotePrefix && !read && read.error().code == ErrorCode::kDenied;
            if (!read && !is_void) return read.error().within("stored " + name);
        }
    }
    AIP_ASSIGN(const auto out, services_.state.scan(kVotedOutPrefix));
    for (const auto& [name, value] : out) {
        const auto identity = crypto::PublicKey::parse_hex(name.substr(kVotedOutPrefix.size()));
        Reader r(as_bytes(value));
        const auto from = WallTime::from_unix_ms(static_cast<int64_t>(r.u64()));
        if (!identity || !r.done()) return Error{ErrorCode::kCorrupt, "stored " + name + " is damaged"};
        verifier_.disbelieve(*identity, from);
        voted_out_.insert_or_assign(*identity, from);
    }
    return {};
}

Result<Revocations::Key> Revocations::learn(ByteView word) {
    if (const auto revocation = crypto::RevocationBytes::from(word)) return learn_revocation(*revocation);
    if (const auto rule = crypto::VoteRuleBytes::from(word)) return learn_rule(*rule);
    if (word.size() > crypto::kRevocationBytes) return learn_vote(word);
    return Error{ErrorCode::kInvalid, "neither a revocation nor a rule about votes nor a vote"};
}

Result<Revocations::Key> Revocations::learn_revocation(const crypto::RevocationBytes& bytes) {
    if (std::any_of(known_.begin(), known_.end(), [&](const auto& known) { return known.second.bytes == bytes; }))
        return Key();
    AIP_ASSIGN(const crypto::Revocation read, crypto::verify_revocation(bytes, verifier_.root()));
    const auto it = known_.find(read.identity);
    if (it != known_.end() && it->second.says.from <= read.from) return Key();
    if (it == known_.end() && known_.size() >= kMax)
        return Error{ErrorCode::kNoSpace, "too many revocations; make a new network"};
    verifier_.disbelieve(read.identity, read.from);  // at once; the disk may take its time
    known_.insert_or_assign(read.identity, Revoked{read, bytes});
    services_.host.log("the network root has revoked identity " + read.identity.hex());
    return kPrefix + read.identity.hex();
}

Result<Revocations::Key> Revocations::learn_rule(const crypto::VoteRuleBytes& bytes) {
    AIP_ASSIGN(const crypto::VoteRule read, crypto::verify_vote_rule(bytes, verifier_.root()));
    if (rule_ && std::pair(rule_->says.issued, rule_->says.votes) >= std::pair(read.issued, read.votes)) return Key();
    rule_ = Rule{read, bytes};
    services_.host.log("the network root says that " + std::to_string(read.votes) + " members together may revoke");
    for (const auto& [identity, votes] : votes_) count(identity);
    return kRuleKey;
}

Result<Revocations::Key> Revocations::learn_vote(ByteView sealed) {
    if (!rule_ || rule_->says.votes == 0)
        return Error{ErrorCode::kDenied, "in this network the root alone revokes; its owner may say otherwise"};
    AIP_ASSIGN(const crypto::CheckedVote read, crypto::verify_vote(sealed, verifier_.root()));
    const crypto::Vote& vote = read.vote;
    if (vote.issued > services_.clock.wall() + kClockError)
        return Error{ErrorCode::kDenied, "the vote is from the future; set the clock"};
    if (known_.contains(read.voter.identity))
        return Error{ErrorCode::kDenied, "the network root has revoked the voter's identity"};
    size_t all = 0, own = 0;
    for (const auto& [identity, votes] : votes_) {
        all += votes.size();
        own += votes.contains(read.voter.identity);
    }
    const auto about = votes_.find(vote.identity);
    const bool repeated = about != votes_.end() && about->second.contains(read.voter.identity);
    if (repeated && about->second.at(read.voter.identity).from <= vote.from) return Key();
    if (!repeated && (all >= kVotesMax || own >= kVotesEach))
        return Error{ErrorCode::kNoSpace, "too many votes are remembered; have the network root revoke"};
    votes_[vote.identity].insert_or_assign(read.voter.identity, Ballot{vote.from, to_bytes(sealed)});
    count(vote.identity);
    return kVotePrefix + vote.identity.hex() + "/" + read.voter.identity.hex();
}

void Revocations::count(const crypto::PublicKey& identity) {
    std::vector<WallTime> froms;
    for (const auto& [voter, ballot] : votes_.at(identity))
        if (!known_.contains(voter)) froms.push_back(ballot.from);
    const auto from = crypto::agreed_from(std::move(froms), rule_->says.votes);
    const auto it = voted_out_.find(identity);
    if (!from || (it != voted_out_.end() && it->second <= *from)) return;
    if (it == voted_out_.end())
        services_.host.log(std::to_string(rule_->says.votes) + " members have revoked identity " + identity.hex());
    verifier_.disbelieve(identity, *from);
    voted_out_.insert_or_assign(identity, *from);
}

void Revocations::take(ByteView word, std::function<void(Result<void>)> done) {
    auto key = learn(word);
    if (!key) return done(key.error());
    if (key->empty()) return done({});  // known
    fresh_.push_back(to_bytes(word));
    KvBatch batch;
    batch.put(*key, std::string(as_text(word)));
    for (const auto& [identity, from] : voted_out_) {
        Bytes time;
        Writer(time).u64(static_cast<uint64_t>(from.unix_ms()));
        batch.put(kVotedOutPrefix + identity.hex(), std::string(as_text(time)));
    }
    submit(
        services_.storage, [&state = services_.state, batch = std::move(batch)] { return state.write(batch, true); },
        [this, done = std::move(done)](Result<void> written) {
            if (!written) services_.host.fatal(written.error());
            done(std::move(written));
        });
}

Report Revocations::report() const {
    Report report{"Revocations", {{"identity", ColumnType::kText}, {"word", ColumnType::kText}}, {}, {}};
    for (const auto& [identity, word] : known_) report.rows.push_back({identity.hex(), word.bytes.hex()});
    return report;
}

std::vector<ByteView> Revocations::words() const {
    std::vector<ByteView> all;
    for (const auto& [identity, word] : known_) all.push_back(word.bytes.view());
    if (rule_) all.push_back(rule_->bytes.view());
    for (const auto& [identity, votes] : votes_)
        for (const auto& [voter, ballot] : votes) all.push_back(ballot.sealed);
    return all;
}

void Revocations::tell(ByteView word, const std::vector<Address>& neighbours) {
    const Bytes sealed = services_.signer.seal(kNewsDomain, word);
    for (const Address& neighbour : neighbours) {
        aipacket::Header header;
        header.kind = aipacket::Kind::kNews;
        static_cast<void>(outbox_.send(neighbour, header, sealed));
    }
}

size_t Revocations::poll(const std::vector<Address>& neighbours, Instant now) {
    if (now < next_wakeup()) return 0;
    const std::vector<Bytes> fresh = std::exchange(fresh_, {});
    for (const Bytes& word : fresh) tell(word, neighbours);
    if (now < tell_at_) return fresh.size();
    const std::vector<ByteView> all = words();
    if (told_ == 0) round_at_ = now;
    const size_t end = std::min(all.size(), told_ + kWordsASecond);
    for (size_t i = told_; i < end; ++i) tell(all[i], neighbours);
    told_ = end == all.size() ? 0 : end;
    tell_at_ = now + Duration::seconds(1);
    if (told_ == 0) tell_at_ = std::max(tell_at_, round_at_ + kRoundEvery);
    return fresh.size() + end;
}

}  // namespace aip::node
