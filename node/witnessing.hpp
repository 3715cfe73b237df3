// Witnessing: this node's part in keeping logs honest (rfc/0014 sections 5 and 7). It asks neighbours and the receiver
// of a model to cosign its newest checkpoint before the model leaves, for a short bounded time; it cosigns theirs; it
// exchanges the newest checkpoints it has seen with its neighbours; and it quarantines a node that is proven to have
// rewritten its log: nothing more is taken from it or sent to it, and the proof is handed on. With each round of
// gossip, what no model took along, or was not answered, is asked again.
//
// Invariant: nothing waits longer than kGatherMax; without a neighbour nothing waits at all. Who is quarantined is
// durable before anybody is told. Limits on everything: rates, open questions, logs, offenders.
// Loop only; the Witness itself is touched by storage jobs alone. Rounds of gossip are kGossipEvery apart.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/report.hpp"
#include "ledger/checkpoint_book.hpp"
#include "node/exchange.hpp"
#include "node/outbox.hpp"
#include "node/services.hpp"
#include "node/witness_message.hpp"
#include "routing/token_bucket.hpp"

namespace aip::node {

class Witnessing {
public:
    static constexpr Duration kGatherMax = Duration::milliseconds(150);
    static constexpr Duration kGossipEvery = Duration::seconds(2);

    // `neighbours`: the nodes on our links now.
    Witnessing(const Services& services, crypto::Verifier& verifier, Outbox& outbox, Exchange& exchange,
               std::function<std::vector<Address>()> neighbours);

    Result<void> load();  // at start, before anything runs
    size_t poll(Instant now);
    Instant next_wakeup() const;

    // Has the newest checkpoint cosigned, then calls `then`, once: when everybody has answered or time is up.
    void gather(const Address& receiver, Instant now, std::function<void()> then);
    void on_message(const Address& peer, ByteView bytes, Instant now);
    // A checkpoint that came with something else, such as a model.
    void saw(const ledger::EntryProof& proof, Instant now);
    bool quarantined(const Address& node) const { return forks_.contains(node); }

    void report(std::function<void(Result<Report>)> done);
    Report report_forks() const;
    uint64_t refused() const { return refused_; }                     // messages that made no sense, or too many
    uint64_t asked() const { return asked_; }                         // cosignatures asked for
    uint64_t cosigned() const { return cosigned_; }                   // and got
    uint64_t served(size_t status) const { return served_[status]; }  // answers given, as in ledger::kWitnessStatuses
    size_t forks() const { return forks_.size(); }

private:
    struct Round {  // of questions about one checkpoint
        uint64_t size = 0;
        std::string checkpoint;
        std::set<Address> waiting;
        std::set<Address> again;  // were told where they stand, and asked once more
        Instant until;
        std::function<void()> then;
        bool waited_for = true;  // by a model
    };
    struct Asked {  // a witness of ours
        uint64_t size = 0;
        uint64_t seconds = 0;
        std::string vkey;
        uint16_t status = 0;  // of its last answer; 0: none yet
        uint64_t asked_about = 0;
        uint32_t tries = 0;  // to ask about that size when no model waited
    };
    struct Partner {
        uint64_t told = 0;  // news of the book up to here
        size_t forks = 0;
        size_t turn = 0;  // of the log that is told again when there is no news
    };
    struct Requests {
        uint64_t size = 0;
        std::string checkpoint;
        std::vector<std::pair<Address, std::string>> texts;
    };

    std::vector<Address> witnesses_for(const Address& receiver) const;
    void start_round(const Address& receiver, Instant now, std::function<void()> then, bool waited_for);
    bool worth_asking(const Address& witness, const Round& round);
    void begin(uint64_t id, Result<Requests> requests);
    void finish(Round& round);
    void ask_again(Round& round, const Address& witness, const ledger::CertifiedHead& held);
    void take(const Address& peer, const WitnessRequest& request, Instant now);
    void take(const Address& peer, const WitnessReply& reply, Instant now);
    void take(const Address& peer, const Heads& heads, Instant now);
    void take(const Address& peer, const ledger::Contradiction& fork, Instant now);
    void took_cosignature(Round& round, const Address& witness, const WitnessReply& reply);
    void learn(const ledger::CertifiedHead& head, Instant now);
    void on_fork(const ledger::Contradiction& what, Instant now);
    void keep_file(const Address& offender);
    void send(const Address& to, const WitnessMessage& message);
    size_t gossip(Instant now);
    size_t tell(const Address& to, Partner& partner);
    void tell_log(const Address& to, const ledger::CheckpointBook::Entry& log);

    Services services_;
    crypto::Verifier& verifier_;
    Outbox& outbox_;
    Exchange& exchange_;
    std::function<std::vector<Address>()> neighbours_;
    std::unique_ptr<ledger::Witness> witness_;  // storage jobs only
    std::map<uint64_t, Round> rounds_;
    uint64_t next_round_ = 1;
    std::map<Address, Asked> witnesses_;
    size_t serving_ = 0;
    ledger::CheckpointBook book_;
    std::map<Address, Partner> partners_;
    std::map<Address, ledger::Contradiction> forks_;
    std::vector<Address> found_;  // forks_, in the order in which they were found
    Instant gossip_at_;
    routing::TokenBucket checks_{200, 200};
    routing::TokenBucket reminders_{10, 10};
    uint64_t refused_ = 0;
    uint64_t asked_ = 0;
    uint64_t cosigned_ = 0;
    std::array<uint64_t, ledger::kWitnessStatuses.size()> served_{};
};

}  // namespace aip::node
