// How this node's own checkpoints get cosigned.
#include "node/witnessing.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "node/cosignatures.hpp"

namespace aip::node {
namespace {

constexpr Duration kLate = Duration::seconds(5);  // an answer that comes so late is still kept
constexpr size_t kRoundsMax = 64;
constexpr uint32_t kTriesMax = 5;

// What a witness has cosigned of ours must be how our tree began: otherwise it is our tree that went back.
Result<void> still_ours(const ledger::Log& log, const ledger::SignedHead& held) {
    const Error gone{ErrorCode::kCorrupt,
                     "ledger: a witness has cosigned " + std::to_string(held.size) +
                         " entries of this node's ledger, and they are not in it; nothing more will be signed. Restore "
                         "the newest copy of the ledger, or start a new identity"};
    if (held.size > log.size()) return gone;
    if (held.size == 0) return {};
    AIP_ASSIGN(const ledger::MerklePath path, log.consistency(held.size, log.size()));
    if (!ledger::verify_consistency(held.size, held.root, log.size(), log.root(), path)) return gone;
    return {};
}

Result<std::string> request_text(const ledger::Log& log, uint64_t old_size) {
    AIP_ASSIGN(const std::string checkpoint, log.checkpoint());
    ledger::AddCheckpoint request{old_size, {}, checkpoint};
    if (old_size > 0) {
        AIP_ASSIGN(request.proof, log.consistency(old_size, log.size()));
    }
    return request.text();
}

}  // namespace

Witnessing::Witnessing(const Services& services, crypto::Verifier& verifier, Outbox& outbox, Exchange& exchange,
                       std::function<std::vector<Address>()> neighbours)
    : services_(services),
      verifier_(verifier),
      outbox_(outbox),
      exchange_(exchange),
      neighbours_(std::move(neighbours)) {}

size_t Witnessing::poll(Instant now) {
    size_t done = 0;
    for (auto it = rounds_.begin(); it != rounds_.end();) {
        Round& round = it->second;
        if (round.then && now >= round.until) {
            finish(round);
            ++done;
        }
        const bool over = !round.then && (round.waiting.empty() || now >= round.until + kLate);
        it = over ? rounds_.erase(it) : std::next(it);
    }
    if (now >= gossip_at_) done += gossip(now);
    return done;
}

Instant Witnessing::next_wakeup() const {
    Instant soonest = gossip_at_;
    for (const auto& [id, round] : rounds_) soonest = std::min(soonest, round.then ? round.until : round.until + kLate);
    return soonest;
}

std::vector<Address> Witnessing::witnesses_for(const Address& receiver) const {
    std::vector<Address> all = neighbours_();
    if (receiver != services_.self()) all.insert(all.begin(), receiver);
    std::vector<Address> chosen;
    for (const Address& node : all)
        if (chosen.size() < limits::kWitnessesMax && !quarantined(node) &&
            std::find(chosen.begin(), chosen.end(), node) == chosen.end())
            chosen.push_back(node);
    return chosen;
}

void Witnessing::gather(const Address& receiver, Instant now, std::function<void()> then) {
    start_round(receiver, now, std::move(then), true);
}

void Witnessing::start_round(const Address& receiver, Instant now, std::function<void()> then, bool waited_for) {
    const std::vector<Address> witnesses = witnesses_for(receiver);
    if (witnesses.empty() || rounds_.size() >= kRoundsMax) return then();
    const uint64_t id = next_round_++;
    if (witnesses_.size() > limits::kWitnessLogsMax) witnesses_.clear();  // who answers is learned again
    rounds_[id] = Round{0, {}, {}, {}, now + kGatherMax, std::move(then), waited_for};
    std::vector<std::pair<Address, uint64_t>> known;
    for (const Address& node : witnesses) known.emplace_back(node, witnesses_[node].size);
    submit(
        services_.storage,
        [&log = services_.log, known]() -> Result<Requests> {
            if (log.size() == 0) return Requests{};
            AIP_ASSIGN(const std::string checkpoint, log.checkpoint());
            Requests requests{log.size(), checkpoint, {}};
            for (const auto& [node, size] : known) {
                if (size == log.size()) continue;  // has cosigned it
                AIP_ASSIGN(std::string text, request_text(log, size));
                requests.texts.emplace_back(node, std::move(text));
            }
            return requests;
        },
        [this, id](Result<Requests> requests) { begin(id, std::move(requests)); });
}

void Witnessing::begin(uint64_t id, Result<Requests> requests) {
    const auto it = rounds_.find(id);
    if (it == rounds_.end()) return;
    Round& round = it->second;
    if (requests) {
        round.size = requests->size;
        round.checkpoint = std::move(requests->checkpoint);
        for (auto& [node, text] : requests->texts) {
            if (!worth_asking(node, round)) continue;
            round.waiting.insert(node);
            ++asked_;
            send(node, WitnessRequest{services_.signer.credential(), std::move(text)});
        }
    } else {
        services_.host.log("no checkpoint to be cosigned: " + requests.error().text);
    }
    if (round.waiting.empty()) finish(round);
}

// Who does not answer, or refuses, is not asked for ever unless a model waits.
bool Witnessing::worth_asking(const Address& witness, const Round& round) {
    Asked& asked = witnesses_[witness];
    if (asked.asked_about != round.size) {
        asked.asked_about = round.size;
        asked.tries = 0;
    }
    return round.waited_for || asked.tries++ < kTriesMax;
}

void Witnessing::finish(Round& round) {
    if (round.then) std::exchange(round.then, nullptr)();
}

void Witnessing::take(const Address& peer, const WitnessReply& reply, Instant) {
    const auto it = std::find_if(rounds_.begin(), rounds_.end(), [&](const auto& item) {
        return item.second.size == reply.size && item.second.waiting.contains(peer);
    });
    if (it == rounds_.end()) {
        ++refused_;
        return;
    }
    Round& round = it->second;
    witnesses_[peer].status = reply.status;
    const bool conflict = reply.status == static_cast<uint16_t>(ledger::WitnessStatus::kConflict);
    if (conflict && reply.held && round.again.insert(peer).second) return ask_again(round, peer, *reply.held);
    round.waiting.erase(peer);
    if (reply.status == static_cast<uint16_t>(ledger::WitnessStatus::kCosigned)) took_cosignature(round, peer, reply);
    if (round.waiting.empty()) finish(round);
}

void Witnessing::took_cosignature(Round& round, const Address& witness, const WitnessReply& reply) {
    const auto who = verifier_.credential(reply.credential, services_.clock.wall());
    const auto note = ledger::Note::parse(round.checkpoint + reply.body);
    const auto own = ledger::Note::parse(round.checkpoint);
    if (!who || who->address != witness || !note || !own || note->signatures.size() != own->signatures.size() + 1) {
        ++refused_;
        return;
    }
    const ledger::CosignatureKey key{ledger::log_origin(witness), who->operational};
    const auto seconds = ledger::verify_cosignature(*note, key);
    if (!seconds) {
        ++refused_;
        return;
    }
    ++cosigned_;
    Asked& asked = witnesses_[witness];
    asked.size = round.size;
    asked.seconds = *seconds;
    asked.vkey = key.vkey();
    submit(
        services_.storage,
        [&state = services_.state, size = round.size, witness, line = reply.body] {
            return keep_cosignature(state, size, witness, line);
        },
        [this](const Result<void>& kept) {
            if (!kept) services_.host.log("a cosignature is not kept: " + kept.error().text);
        });
}

// The witness stands at another size than we thought.
void Witnessing::ask_again(Round& round, const Address& witness, const ledger::CertifiedHead& held) {
    const auto signer = verifier_.credential(held.credential, services_.clock.wall());
    if (!signer || signer->address != services_.self() || !ledger::check_head(held.head, *signer)) {
        ++refused_;
        round.waiting.erase(witness);
        if (round.waiting.empty()) finish(round);
        return;
    }
    submit(
        services_.storage,
        [&log = services_.log, head = held.head]() -> Result<std::string> {
            AIP_TRY(still_ours(log, head));
            return request_text(log, head.size);
        },
        [this, witness](Result<std::string> text) {
            if (text) return send(witness, WitnessRequest{services_.signer.credential(), std::move(*text)});
            if (text.error().code == ErrorCode::kCorrupt) services_.host.fatal(text.error());
        });
}

}  // namespace aip::node
