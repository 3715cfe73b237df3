// What this node does for others' logs: it cosigns, compares, and hands on what it has seen and what was proven.
#include <algorithm>

#include "base/limits.hpp"
#include "node/witnessing.hpp"

namespace aip::node {
namespace {

constexpr size_t kServingMax = 64;
constexpr size_t kLogsPerRound = 16;  // told to one partner
constexpr size_t kForksPerRound = 4;
const std::string kPrefix = "fork/";

size_t index_of(ledger::WitnessStatus status) {
    const auto& all = ledger::kWitnessStatuses;
    return static_cast<size_t>(std::find(all.begin(), all.end(), status) - all.begin());
}

Address claimed_node(const crypto::Verifier& verifier, const crypto::CredentialBytes& credential) {
    return crypto::node_address(verifier.root(), crypto::claimed_identity(credential));
}

std::string file_name(const Address& offender) { return to_hex(offender.view()) + ".fork-proof"; }

}  // namespace

Result<void> Witnessing::load() {
    AIP_ASSIGN(ledger::Witness witness, ledger::Witness::open(services_.state, services_.signer, verifier_.root()));
    witness_ = std::make_unique<ledger::Witness>(std::move(witness));
    AIP_ASSIGN(const auto pairs, services_.state.scan(kPrefix));
    for (const auto& [name, value] : pairs) {
        AIP_ASSIGN(const ledger::Contradiction what, parse_contradiction(as_bytes(value)));
        AIP_ASSIGN(const ledger::ForkVerdict verdict, ledger::verify(ledger::ForkProof{what}, verifier_.root()));
        forks_.emplace(verdict.offender, what);
        found_.push_back(verdict.offender);
    }
    return {};
}

void Witnessing::send(const Address& to, const WitnessMessage& message) {
    Bytes bytes = encode(message);
    const auto room = outbox_.payload_max(to);
    if (!room) return;
    if (bytes.size() <= *room) {
        aipacket::Header header;
        header.kind = aipacket::Kind::kWitness;
        static_cast<void>(outbox_.send(to, header, bytes));
        return;
    }
    Outgoing outgoing;
    outgoing.transfer = services_.rng.next() | 1;
    outgoing.to = to;
    outgoing.purpose = aipacket::Purpose::kMessage;
    outgoing.head = std::move(bytes);
    static_cast<void>(exchange_.send(std::move(outgoing), services_.clock.now()));  // lost: asked or told again
}

void Witnessing::on_message(const Address& peer, ByteView bytes, Instant now) {
    const auto message = checks_.take(now) ? parse_witness_message(bytes)
                                           : Result<WitnessMessage>(Error{ErrorCode::kBusy, "too many messages"});
    if (!message) {
        ++refused_;
        return;
    }
    std::visit([&](const auto& m) { take(peer, m, now); }, *message);
}

void Witnessing::take(const Address& peer, const WitnessRequest& request, Instant now) {
    const auto parsed = ledger::AddCheckpoint::parse(request.text);
    const auto note = parsed ? ledger::Note::parse(parsed->checkpoint) : Result<ledger::Note>(parsed.error());
    const auto about = note ? ledger::Checkpoint::parse(note->text) : Result<ledger::Checkpoint>(note.error());
    const uint64_t size = about ? about->size : 0;
    const auto answer = [this, peer, size](const ledger::WitnessAnswer& given) {
        ++served_[index_of(given.status)];
        const bool conflict = given.status == ledger::WitnessStatus::kConflict;
        send(peer, WitnessReply{services_.signer.credential(), size, static_cast<uint16_t>(given.status),
                                conflict ? given.cosigned : std::nullopt, given.body});
    };
    if (!about) return answer({ledger::WitnessStatus::kMalformed, about.error().text, {}, {}});
    if (quarantined(peer) || quarantined(claimed_node(verifier_, request.credential)))
        return answer({ledger::WitnessStatus::kBadSignature, "quarantined: this log was rewritten", {}, {}});
    if (serving_ >= kServingMax) {
        ++refused_;
        return;
    }
    ++serving_;
    submit(
        services_.storage,
        [&witness = *witness_, asked = *parsed, credential = request.credential, wall = services_.clock.wall()] {
            return witness.add_checkpoint(asked, credential, wall);
        },
        [this, answer, now](const Result<ledger::WitnessAnswer>& given) {
            --serving_;
            if (!given) return services_.host.fatal(given.error());
            answer(*given);
            if (given->caught) return on_fork(*given->caught, now);
            if (given->cosigned) learn(*given->cosigned, now);
        });
}

void Witnessing::saw(const ledger::EntryProof& proof, Instant now) {
    const auto owner = verifier_.credential(proof.credential, services_.clock.wall());
    if (!owner) return;
    const auto head = ledger::SignedHead::from(proof.checkpoint, ledger::log_key(*owner));
    if (head) learn({proof.credential, *head}, now);
}

void Witnessing::take(const Address& peer, const Heads& heads, Instant now) {
    const auto owner = verifier_.credential(heads.credential, services_.clock.wall());
    if (!owner) {
        ++refused_;
        return;
    }
    const auto fork = forks_.find(owner->address);
    if (fork != forks_.end()) {  // the peer has not heard of it
        const bool durable = std::find(found_.begin(), found_.end(), fork->first) != found_.end();
        if (durable && reminders_.take(now)) send(peer, fork->second);
        return;
    }
    for (const ledger::SignedHead& head : heads.heads) learn({heads.credential, head}, now);
}

void Witnessing::learn(const ledger::CertifiedHead& head, Instant now) {
    const auto owner = verifier_.credential(head.credential, services_.clock.wall());
    if (!owner || owner->address == services_.self() || quarantined(owner->address)) return;
    const auto learned = book_.learn(*owner, head);
    if (!learned)
        ++refused_;
    else if (learned->fork)
        on_fork(*learned->fork, now);
}

void Witnessing::take(const Address&, const ledger::Contradiction& fork, Instant now) {
    if (!quarantined(claimed_node(verifier_, fork.older.credential))) on_fork(fork, now);
}

// Acts only on keys that are valid now: an old key that leaked must not be enough to put a node away.
void Witnessing::on_fork(const ledger::Contradiction& what, Instant now) {
    const ledger::ForkProof proof{what};
    const auto verdict = ledger::verify(proof, verifier_.root());
    const WallTime wall = services_.clock.wall();
    if (!verdict || wall < verdict->validity.not_before || verdict->validity.not_after < wall ||
        forks_.size() >= limits::kForksMax) {
        ++refused_;
        return;
    }
    const Address offender = verdict->offender;
    if (!forks_.emplace(offender, what).second) return;
    book_.forget(offender);
    services_.host.log("QUARANTINED " + offender.text() + ": it has signed two histories of its ledger at size " +
                       std::to_string(what.older.head.size) + "; see 'aipctl ledger forks'");
    submit(
        services_.storage,
        [&state = services_.state, offender, value = std::string(as_text(encode_contradiction(what)))] {
            KvBatch batch;
            batch.put(kPrefix + to_hex(offender.view()), value);
            return state.write(batch, true);
        },
        [this, offender, now](const Result<void>& kept) {
            if (!kept) return services_.host.fatal(kept.error());
            found_.push_back(offender);
            gossip_at_ = now;  // this cannot wait for the next round
            keep_file(offender);
        });
}

void Witnessing::keep_file(const Address& offender) {
    submit(
        services_.storage,
        [&host = services_.host, name = file_name(offender),
         text = ledger::ForkProof{forks_.at(offender)}.text(verifier_.root())] { return host.keep_file(name, text); },
        [&host = services_.host](const Result<void>& written) {
            if (!written) host.log(written.error().text);
        });
}

size_t Witnessing::gossip(Instant now) {
    gossip_at_ = now + kGossipEvery;
    const std::vector<Address> neighbours = neighbours_();
    std::erase_if(partners_, [&](const auto& item) {
        return std::find(neighbours.begin(), neighbours.end(), item.first) == neighbours.end();
    });
    size_t sent = 0;
    for (const Address& node : neighbours)
        if (!quarantined(node)) sent += tell(node, partners_[node]);
    if (rounds_.empty())
        start_round(
            services_.self(), now, [] {}, false);
    return sent;
}

// Proofs that the partner was not told of, then logs with news since it was told last, oldest news first.
size_t Witnessing::tell(const Address& to, Partner& partner) {
    size_t sent = 0;
    for (; partner.forks < found_.size() && sent < kForksPerRound; ++partner.forks, ++sent)
        send(to, forks_.at(found_[partner.forks]));
    std::vector<std::pair<uint64_t, const ledger::CheckpointBook::Entry*>> news;
    for (const auto& [node, log] : book_.logs())
        if (log.news > partner.told && node != to) news.emplace_back(log.news, &log);
    std::sort(news.begin(), news.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (news.size() > kLogsPerRound) news.resize(kLogsPerRound);
    for (const auto& [number, log] : news) {
        tell_log(to, *log);
        partner.told = number;
        ++sent;
    }
    const auto& logs = book_.logs();
    if (sent > 0 || logs.empty()) return sent;
    const auto again = std::next(logs.begin(), static_cast<std::ptrdiff_t>(partner.turn++ % logs.size()));
    if (again->first != to) tell_log(to, again->second);  // it may have been lost
    return sent;
}

void Witnessing::tell_log(const Address& to, const ledger::CheckpointBook::Entry& log) {
    Heads heads{log.credential, {}};
    for (const auto& [size, head] : log.heads)
        if (head.credential == log.credential) heads.heads.push_back(head.head);
    send(to, heads);
}

}  // namespace aip::node
