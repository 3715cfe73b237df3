// How a model leaves: the transfer, the receipt, and what happens when there is none.
#include <utility>

#include "node/cosignatures.hpp"
#include "node/journeys.hpp"
#include "node/tags.hpp"

namespace aip::node {
namespace {

constexpr Duration kAvoid = Duration::seconds(30);   // a stop that did not answer
constexpr Duration kDoubt = Duration::seconds(600);  // after this a second copy is the smaller evil
constexpr uint64_t kPruneEvery = 16;                 // models sent

}  // namespace

// What is sent of a version that has an entry in this node's ledger.
Result<Outgoing> Journeys::pack(const Services& services, const Custody& custody, const Bytes& task) {
    AIP_ASSIGN(const auto stored, services.versions.get(custody.version));
    if (!stored)
        return Error{ErrorCode::kCorrupt, "version " + custody.version.hex() + " is in custody but not in the store"};
    AIP_ASSIGN(const auto index, services.log.find(custody.version));
    if (!index) return Error{ErrorCode::kCorrupt, "version " + custody.version.hex() + " has no entry in the ledger"};
    AIP_ASSIGN(const ledger::EntryProof proof, prove_cosigned(services.log, services.state, *index));
    Outgoing outgoing;
    outgoing.transfer = custody.transfer;
    outgoing.to = custody.to;
    outgoing.task = stored->manifest.task();
    outgoing.head = ModelHead{stored->sealed, custody.journey, proof.encode(), custody.name, task}.encode();
    outgoing.blocks = stored->manifest.blocks();
    return outgoing;
}

void Journeys::start_transfer(uint64_t id, Entry& entry, Instant now) {
    if (witnessing_.quarantined(entry.custody.to))
        return transfer_failed(id, entry,
                               Error{ErrorCode::kDenied,
                                     "it is quarantined, for it has rewritten its ledger; see "
                                     "'aipctl ledger forks'"},
                               Heard::kRefused, now);
    entry.retry_at = now + kRetry;
    entry.busy = true;
    witnessing_.gather(entry.custody.to, now, [this, id, part = entry.part] { send_proven(id, part); });
}

// With the cosignatures that came in time.
void Journeys::send_proven(uint64_t id, uint64_t part) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.part != part || found->second.superseded) return;
    const Custody& leaving = found->second.custody;
    const KnownTask* known = tasks_.find(leaving.task);
    submit(
        services_.storage,
        [services = services_, custody = leaving, task = known != nullptr ? known->task.sealed : Bytes()] {
            return pack(services, custody, task);
        },
        [this, id, part](Result<Outgoing> outgoing) {
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part || it->second.superseded) return;
            it->second.busy = false;
            const Instant then = services_.clock.now();
            const Result<void> sent =
                outgoing ? exchange_.send(std::move(*outgoing), then) : Result<void>(outgoing.error());
            if (!sent) transfer_failed(id, it->second, sent.error(), Heard::kNothing, then);
        });
}

void Journeys::on_sent(uint64_t transfer, const Address& peer, Bytes receipt, const aipacket::Progress& progress) {
    Entry* entry = find_transfer(transfer);
    if (entry == nullptr || entry->superseded) return;
    const Instant now = services_.clock.now();
    const uint64_t id = entry->custody.id;
    const auto opened = verifier_.open(kReceiptDomain, receipt, services_.clock.wall());
    const auto body = opened ? Receipt::parse(opened->body) : Result<Receipt>(opened.error());
    if (!body || opened->signer.address != peer || body->transfer != transfer ||
        body->version != entry->custody.version)
        return transfer_failed(id, *entry,
                               Error{ErrorCode::kDenied, peer.text() + " sent a receipt that is not for this model"},
                               Heard::kServed, now);
    entry->busy = true;
    submit(
        services_.storage,
        [&store = services_.custody, custody = entry->custody,
         keep = entry->record && is_looked_after(*entry->record)] {
            return keep ? store.put_departed(custody) : store.erase(custody.id);
        },
        [this, id, part = entry->part, peer, receipt = std::move(receipt),
         wire = progress.wire_bytes_sent + progress.wire_bytes_received](const Result<void>& erased) mutable {
            if (!erased) return services_.host.fatal(erased.error());
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part) return;
            sent_to_waiter(it->second, peer, std::move(receipt), wire, services_.clock.now());
            departed(id, it->second);
            entries_.erase(it);
            if (++sent_since_prune_ >= kPruneEvery)
                prune(settings_.keep_versions, [this](const Result<size_t>& pruned) {
                    if (!pruned && pruned.error().code != ErrorCode::kBusy)  // else the next receipt tries again
                        services_.host.log("could not forget old versions: " + pruned.error().text);
                });
        });
}

void Journeys::sent_to_waiter(Entry& entry, const Address& peer, Bytes receipt, uint64_t wire_bytes, Instant now) {
    if (!entry.waiter) return;
    const Waiter waiter = *std::exchange(entry.waiter, std::nullopt);  // done() may come back to us
    SentModel sent;
    sent.version = entry.custody.version;
    sent.journey = entry.record ? entry.custody.id : 0;
    sent.peer = peer;
    sent.receipt = std::move(receipt);
    sent.bytes = waiter.bytes;
    sent.wire_bytes = wire_bytes;
    sent.elapsed = now - waiter.started;
    waiter.done(std::move(sent));
}

void Journeys::on_send_failed(uint64_t transfer, const Error& error, Heard heard) {
    Entry* entry = find_transfer(transfer);
    if (entry != nullptr && !entry->superseded)
        transfer_failed(entry->custody.id, *entry, error, heard, services_.clock.now());
}

// A journey goes elsewhere, unless the peer may already have the model: then it is asked again until it answers, since
// a second copy on its way would be worse than waiting. That it was silent this time takes no earlier doubt away; only
// its refusal does, or that it asks for more than it gets. A model for one node is the sending program's business.
void Journeys::transfer_failed(uint64_t id, Entry& entry, const Error& error, Heard heard, Instant now) {
    services_.host.log("sending " + entry.custody.version.short_hex() + " to " + entry.custody.to.text() + ": " +
                       error.text);
    entry.retry_at = now + kRetry;
    entry.doubtful = heard == Heard::kServed || (entry.doubtful && heard == Heard::kNothing);
    if (entry.doubtful && entry.record) {
        if (!entry.doubtful_since) entry.doubtful_since = now;
        if (now < *entry.doubtful_since + kDoubt) return;
        services_.host.log("giving up on " + entry.custody.to.text() +
                           "; the model goes elsewhere and may have a twin");
    }
    entry.doubtful = false;
    entry.doubtful_since.reset();
    if (entry.record) {
        entry.avoid[entry.custody.to] = now + kAvoid;
        entry.custody.state = CustodyState::kReady;
        entry.record->next.reset();
        return;
    }
    if (entry.waiter) return drop_letter(id, entry, error);
    if (heard == Heard::kRefused) entry.retry_at = now + kAvoid;  // nobody waits any more: keep trying
}

void Journeys::drop_letter(uint64_t id, Entry& entry, const Error& error) {
    entry.busy = true;
    submit(
        services_.storage, [&store = services_.custody, id] { return store.erase(id); },
        [this, id, part = entry.part, error](const Result<void>& erased) {
            if (!erased) return services_.host.fatal(erased.error());
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part) return;
            const auto waiter = std::move(it->second.waiter);
            entries_.erase(it);
            if (waiter) waiter->done(error);
        });
}

Result<void> Journeys::cancel(uint64_t transfer, Instant now) {
    if (const auto importing = importing_.find(transfer); importing != importing_.end()) {
        importing->second->cancelled.store(true);
        return {};
    }
    Entry* entry = find_transfer(transfer);
    if (entry == nullptr || (entry->busy && entry->record))
        return Error{ErrorCode::kNotFound, "no such transfer leaves this node; see 'aipctl transfers'"};
    if (!entry->record) {
        entry->unwanted = true;  // the next poll in which no job is at work on it
        return {};
    }
    exchange_.cancel(transfer, "cancelled by the sender", now);
    transfer_failed(entry->custody.id, *entry, Error{ErrorCode::kCancelled, "the transfer was cancelled"},
                    Heard::kRefused, now);
    return {};
}

void Journeys::call_off(uint64_t id, Entry& entry, Instant now) {
    exchange_.cancel(entry.custody.transfer, "cancelled by the sender", now);
    drop_letter(id, entry, Error{ErrorCode::kCancelled, "the transfer was cancelled"});
}

// Old versions go; what is in custody, and the blocks of what is arriving, stay.
void Journeys::prune(size_t recent, std::function<void(Result<size_t>)> done) {
    if (landing_ > 0)  // their versions are not among those to keep yet
        return done(Error{ErrorCode::kBusy, "a model is just being stored; try again"});
    sent_since_prune_ = 0;
    std::set<VersionId> keep = best_.versions();
    keep.merge(gate_.versions());
    for (const auto& [reference, until] : references_) keep.insert(reference.first);
    for (const auto& [id, entry] : entries_) {
        keep.insert(entry.custody.version);
        if (entry.exam && entry.exam->parent) keep.insert(*entry.exam->parent);
    }
    for (const auto& [id, custody] : departed_) keep.insert(custody.version);
    std::set<Digest> pinned;
    for (const auto& [incoming, admitted] : arriving_)
        for (const model::BlockRef& block : admitted.manifest.blocks()) pinned.insert(block.digest);
    submit(
        services_.storage,
        [services = services_, root = verifier_.root(), keep, pinned, recent]() mutable -> Result<size_t> {
            AIP_ASSIGN(const std::vector<Tag> tags, list_tags(services.state, root));
            for (const Tag& tag : tags) keep.insert(tag.version);
            return services.versions.prune(keep, recent, pinned);
        },
        std::move(done));
}

}  // namespace aip::node
