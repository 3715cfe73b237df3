#include "node/auditor.hpp"

#include <algorithm>

#include "node/cosignatures.hpp"
#include "node/head.hpp"

namespace aip::node {
namespace {

constexpr Duration kAskAgain = Duration::milliseconds(500);
constexpr Duration kAnswerOnce = Duration::seconds(2);
constexpr uint32_t kTriesMax = 10;

// Storage thread.
Result<Bytes> prove(const ledger::Log& log, KvStore& state, const EntryQuery& query) {
    uint64_t index = 0;
    if (const auto* version = std::get_if<VersionId>(&query.which)) {
        AIP_ASSIGN(const auto found, log.find(*version));
        if (!found) return Error{ErrorCode::kNotFound, "no entry about version " + version->hex() + " in this ledger"};
        index = *found;
    } else {
        index = std::get<uint64_t>(query.which);
        if (index >= log.size())
            return Error{ErrorCode::kNotFound,
                         "no entry " + std::to_string(index) + ": the ledger has " + std::to_string(log.size())};
    }
    AIP_ASSIGN(const ledger::EntryProof proof,
               query.tree_size == 0 ? prove_cosigned(log, state, index) : log.prove(index, query.tree_size));
    return proof.encode();
}

}  // namespace

Auditor::Auditor(const Services& services, Outbox& outbox, Exchange& exchange)
    : services_(services), outbox_(outbox), exchange_(exchange) {}

void Auditor::local(const EntryQuery& query, std::function<void(Result<Bytes>)> done) {
    submit(
        services_.storage, [&log = services_.log, &state = services_.state, query] { return prove(log, state, query); },
        std::move(done));
}

void Auditor::entry(const EntryQuery& query, std::optional<Address> at, std::function<void(Result<Bytes>)> done) {
    if (!at || *at == services_.self()) return local(query, std::move(done));
    const auto* version = std::get_if<VersionId>(&query.which);
    if (version == nullptr) return done(Error{ErrorCode::kInvalid, "ask another node by version, not by index"});
    ask(*at, *version, std::move(done));
}

void Auditor::ask(const Address& at, const VersionId& version, std::function<void(Result<Bytes>)> done) {
    if (queries_.size() >= kQueriesMax) return done(Error{ErrorCode::kBusy, "too many questions are open; try again"});
    queries_[services_.rng.next() | 1] = Query{at, version, services_.clock.now(), 0, std::move(done)};
}

size_t Auditor::poll(Instant now) {
    size_t done = 0;
    std::vector<uint64_t> silent;
    for (auto& [id, query] : queries_) {
        if (now < query.due) continue;
        query.due = now + kAskAgain;
        if (++query.tries > kTriesMax) {
            silent.push_back(id);
            continue;
        }
        Bytes payload;
        Writer(payload).u64(id).put(query.version.view());
        aipacket::Header header;
        header.kind = aipacket::Kind::kQuery;
        static_cast<void>(outbox_.send(query.at, header, payload));
        ++done;
    }
    for (uint64_t id : silent) {
        Query query = std::move(queries_.extract(id).mapped());
        query.done(Error{ErrorCode::kUnreachable, query.at.text() + " does not answer"});
    }
    std::erase_if(answering_, [now](const auto& item) { return item.second <= now; });
    return done;
}

Instant Auditor::next_wakeup() const {
    Instant soonest = Instant::never();
    for (const auto& [id, query] : queries_) soonest = std::min(soonest, query.due);
    return soonest;
}

void Auditor::on_query(const aipacket::PacketView& packet) {
    Reader r(packet.payload);
    const uint64_t query = r.u64();
    VersionId version;
    static_cast<void>(r.copy(version.bytes));
    if (!r.done() || answering_.size() >= kQueriesMax || answering_.contains({packet.source, query})) return;
    answering_[{packet.source, query}] = services_.clock.now() + kAnswerOnce;
    local({version}, [this, query, to = packet.source](Result<Bytes> proof) {
        Answer answer{query, {}, {}};
        if (proof)
            answer.proof = std::move(*proof);
        else
            answer.text = proof.error().text;
        Outgoing outgoing;
        outgoing.transfer = services_.rng.next() | 1;
        outgoing.to = to;
        outgoing.purpose = aipacket::Purpose::kMessage;
        outgoing.head = answer.encode();
        static_cast<void>(exchange_.send(std::move(outgoing), services_.clock.now()));  // it will ask again
    });
}

void Auditor::on_answer(const Address& peer, ByteView head) {
    auto answer = Answer::parse(head);
    if (!answer) return;
    const auto it = queries_.find(answer->query);
    if (it == queries_.end() || it->second.at != peer) return;
    Query query = std::move(queries_.extract(it).mapped());
    if (answer->proof.empty())
        query.done(Error{ErrorCode::kNotFound, answer->text});
    else
        query.done(std::move(answer->proof));
}

void Auditor::audit(const VersionId& version, std::vector<Address> others,
                    std::function<void(std::vector<AuditStep>)> done) {
    auto walk = std::make_shared<Walk>();
    walk->visit(version, services_.self());
    walk->others.assign(others.rbegin(), others.rend());
    walk->done = std::move(done);
    step(walk);
}

void Auditor::step(std::shared_ptr<Walk> walk) {
    if (walk->open.empty() || walk->steps.size() >= kStepsMax || walk->bytes >= kBytesMax)
        return walk->done(std::move(walk->steps));
    const auto [version, at] = walk->open.back();
    walk->open.pop_back();
    local({version}, [this, walk, version = version, at = at](Result<Bytes> proof) {
        if (proof || at == services_.self()) return took_step(walk, version, services_.self(), std::move(proof));
        ask(at, version,
            [this, walk, version, at](Result<Bytes> remote) { took_step(walk, version, at, std::move(remote)); });
    });
}

void Auditor::took_step(std::shared_ptr<Walk> walk, const VersionId& version, const Address& at, Result<Bytes> proof) {
    if (!proof && walk->steps.empty() && !walk->others.empty()) {
        walk->visit(version, walk->others.back());
        walk->others.pop_back();
        return step(std::move(walk));
    }
    if (!proof) {
        walk->steps.push_back({version, {}, {}, proof.error().text});
        return step(std::move(walk));
    }
    walk->steps.push_back({version, at, *proof, {}});
    walk->bytes += proof->size();
    const auto parsed = ledger::EntryProof::parse(*proof);
    const auto statement = parsed ? ledger::read_leaf(parsed->leaf) : Result<ledger::HopStatement>(parsed.error());
    if (!statement) {
        walk->steps.back().note = statement.error().text;
    } else if (ledger::is_passage(*statement) && statement->received_from && *statement->received_from != at) {
        walk->visit(version, *statement->received_from);  // made elsewhere
    } else {
        for (const VersionId& parent : statement->parents)
            walk->visit(parent, statement->received_from.value_or(statement->node));
    }
    step(std::move(walk));
}

}  // namespace aip::node
