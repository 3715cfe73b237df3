// What programs do with models: start one, hand a trained one back, let one go.
#include "base/task_key.hpp"
#include "crypto/sha256.hpp"
#include "node/journeys.hpp"

namespace aip::node {

namespace {

// The part of a statement that does not depend on the file.
ledger::HopStatement describe(const WorkDone& work) {
    ledger::HopStatement s;
    s.what = work.what.empty() ? "trained" : work.what;
    s.samples = work.samples;
    s.steps = work.steps;
    s.loss_before = work.loss_before;
    s.loss_after = work.loss_after;
    s.metrics = work.metrics;
    return s;
}

Error cancelled() { return {ErrorCode::kCancelled, "the transfer was cancelled"}; }

// A file that ends with an error once its sender no longer wants it sent.
class CancellableSource final : public model::Source {
public:
    CancellableSource(std::unique_ptr<model::Source> file, const std::atomic<bool>& stop)
        : file_(std::move(file)), stop_(stop) {}
    uint64_t size() const override { return file_->size(); }
    Result<void> read(uint64_t offset, MutableBytes out) override {
        if (stop_.load()) return cancelled();
        return file_->read(offset, out);
    }

private:
    std::unique_ptr<model::Source> file_;
    const std::atomic<bool>& stop_;
};

// The part of a stop that is the program's word.
routing::Stop stop_of(const WorkDone& work, const Address& node) {
    routing::Stop stop;
    stop.node = node;
    stop.samples = work.samples;
    stop.steps = work.steps;
    if (work.loss_before && work.loss_after) stop.loss = routing::Loss{*work.loss_before, *work.loss_after};
    stop.metrics = work.metrics;
    return stop;
}

// Storage thread: file -> blocks -> signed manifest -> ledger entry, all durable when it returns.
Result<model::Manifest> record_version(const Services& services, model::Source& file,
                                       const model::ManifestFields& fields, ledger::HopStatement statement,
                                       const model::Progress& progress) {
    AIP_ASSIGN(model::Manifest manifest, model::import_model(file, services.blocks, fields, progress));
    const Bytes sealed = services.signer.seal(kManifestDomain, manifest.bytes());
    AIP_TRY(services.versions.put(manifest, sealed, services.clock.wall(), true));
    statement.version = manifest.id();
    statement.content = manifest.content();
    statement.parents = manifest.parents();
    AIP_ASSIGN(const Bytes leaf, ledger::make_leaf(statement, services.signer));
    AIP_TRY(services.log.append(std::span(&leaf, 1), std::span(&statement.version, 1)));
    return manifest;
}

}  // namespace

void Journeys::send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
                    std::function<void(Result<SentModel>)> done) {
    if (!is_task_key(order.task))
        return done(
            Error{ErrorCode::kInvalid, "task name '" + order.task + "' is not 1 to 64 characters of a-z 0-9 . _ -"});
    const auto* on_journey = std::get_if<OnJourney>(&order.to);
    const uint64_t id = services_.rng.next() | 1;
    std::optional<routing::JourneyRecord> record;
    if (on_journey != nullptr) {
        auto started = routing::start_journey({id,
                                               order.task,
                                               on_journey->policy.empty() ? "coverage" : on_journey->policy,
                                               services_.self(),
                                               on_journey->stops,
                                               {}});
        if (!started) return done(started.error());
        if (const auto policy = routing::make_policy(started->policy); !policy) return done(policy.error());
        if (interest_.count(order.task) == 0)
            return done(
                Error{ErrorCode::kNotFound, "nobody we know of serves task '" + order.task +
                                                "'; start a trainer program on a node, then see 'aipctl interest'"});
        record = std::move(*started);
    } else if (routes_.to(std::get<Address>(order.to)) == nullptr) {
        return done(Error{ErrorCode::kUnreachable,
                          "no route to " + std::get<Address>(order.to).text() + "; see 'aipctl routes'"});
    }
    auto importing = std::make_shared<Importing>();
    importing->total = file->size();
    importing->session = session;
    importing->progress = progress;
    importing_[id] = importing;
    if (progress) progress(0, importing->total, id, "reading the file");  // from now on it can be cancelled

    ledger::HopStatement statement = describe({"imported", 0, 0, {}, {}, {}});
    statement.task = order.task;
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.journey = on_journey != nullptr ? id : 0;
    model::ManifestFields fields{{}, order.task, {}};
    ++landing_;
    Waiter waiter{session, std::move(progress), std::move(done), services_.clock.now(), file->size()};
    submit(
        services_.storage,
        [services = services_, importing, statement, fields,
         source = std::make_shared<CancellableSource>(std::move(file), importing->cancelled)] {
            return record_version(services, *source, fields, statement,
                                  [&](uint64_t bytes, uint64_t) { importing->done.store(bytes); });
        },
        [this, id, importing, order = std::move(order), record = std::move(record),
         waiter = std::move(waiter)](Result<model::Manifest> manifest) mutable {
            importing_.erase(id);
            --landing_;
            if (!manifest) return waiter.done(manifest.error());
            if (importing->cancelled.load()) return waiter.done(cancelled());
            Entry entry;
            entry.custody.id = id;
            entry.custody.version = manifest->id();
            entry.custody.task = order.task;
            entry.custody.name = order.name;
            entry.record = std::move(record);
            entry.waiter = std::move(waiter);
            entry.part = next_part_++;
            imported(id, std::move(entry), order.to);
        });
}

void Journeys::imported(uint64_t id, Entry entry, const NextDestination& to) {
    const Instant now = services_.clock.now();
    Entry& placed = entries_.emplace(id, std::move(entry)).first->second;
    if (placed.record) {
        if (!plan(placed, to, now)) reseal(placed);
    } else {
        placed.custody.state = CustodyState::kOutbound;
        placed.custody.to = std::get<Address>(to);
        placed.custody.transfer = id;
    }
    settle(id, placed, [](const Result<void>&) {});
}

void Journeys::finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                      std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done) {
    Entry* entry = find_delivery(session, delivery);
    if (entry == nullptr || entry->busy)
        return done(Error{ErrorCode::kNotFound, "delivery " + std::to_string(delivery) + " is not with this program"});
    if (!entry->record)
        return done(Error{ErrorCode::kInvalid, "this model has no journey; release it and send yours as a new one"});
    // Before anything is signed into the ledger.
    const auto own_word = routing::add_stop(*entry->record, stop_of(work, services_.self()), {});
    if (!own_word) return done(own_word.error());
    entry->busy = true;
    ++landing_;
    ledger::HopStatement statement = describe(work);
    statement.task = entry->custody.task;
    if (!entry->custody.from.is_zero()) statement.received_from = entry->custody.from;
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.journey = entry->custody.id;
    statement.stop = entry->record->stops + 1;
    submit(
        services_.storage,
        [services = services_, source = std::shared_ptr<model::Source>(std::move(file)), statement,
         fields = model::ManifestFields{{entry->custody.version}, entry->custody.task, {}}] {
            return record_version(services, *source, fields, statement, {});
        },
        [this, id = entry->custody.id, part = entry->part, work = std::move(work), next = std::move(next),
         done = std::move(done)](Result<model::Manifest> manifest) mutable {
            finished(id, part, std::move(manifest), work, next, std::move(done));
        });
}

void Journeys::finished(uint64_t id, uint64_t part, Result<model::Manifest> child, const WorkDone& work,
                        const NextDestination& next, std::function<void(Result<FinishedStop>)> done) {
    --landing_;
    const auto it = entries_.find(id);
    if (it == entries_.end() || it->second.part != part)
        return done(Error{ErrorCode::kNotFound, "the model has moved on meanwhile"});
    Entry& entry = it->second;
    entry.busy = false;
    if (!child) return done(child.error());  // still delivered: the program may try again or release
    const Instant now = services_.clock.now();
    routing::Stop stop = stop_of(work, services_.self());
    stop.version = child->id();
    stop.wire_bytes = entry.custody.wire_bytes;
    stop.hops = entry.custody.hops;
    stop.arrived = entry.custody.since;
    stop.trained = now - entry.since;
    const auto own = interest_.find(entry.custody.task, services_.self());
    auto record = routing::add_stop(*entry.record, std::move(stop), own ? own->record.sketch : routing::Sketch{});
    if (!record) return done(record.error());
    entry.record = std::move(*record);
    entry.custody.version = child->id();
    entry.delivery.reset();
    sessions_.returned(entry.session);
    ++stops_trained_;
    if (!plan(entry, next, now)) reseal(entry);
    FinishedStop answer{child->id(), {}, "nobody can be reached now; it waits here"};
    if (entry.record->next)
        answer = {child->id(), entry.record->next->node, entry.record->next->why};
    else if (entry.record->over())
        answer.why = "the journey's budget is spent; it ends here";
    settle(id, entry, [done = std::move(done), answer](const Result<void>& written) {
        if (written)
            done(answer);
        else
            done(written.error());
    });
}

void Journeys::release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done) {
    Entry* entry = find_delivery(session, delivery);
    if (entry == nullptr || entry->busy)
        return done(Error{ErrorCode::kNotFound, "delivery " + std::to_string(delivery) + " is not with this program"});
    sessions_.returned(session);
    entry->delivery.reset();
    if (entry->record) {
        relay(entry->custody.id, *entry);
        return done({});
    }
    entry->busy = true;
    submit(
        services_.storage, [&store = services_.custody, id = entry->custody.id] { return store.erase(id); },
        [this, id = entry->custody.id, done = std::move(done)](Result<void> erased) {
            if (!erased) services_.host.fatal(erased.error());
            entries_.erase(id);
            done(std::move(erased));
        });
}

// The model moves on as it is; the ledger says that it was here.
void Journeys::relay(uint64_t id, Entry& entry) {
    entry.busy = true;
    ledger::HopStatement statement = describe({"relayed", 0, 0, {}, {}, {}});
    statement.version = entry.custody.version;
    statement.task = entry.custody.task;
    if (!entry.custody.from.is_zero()) statement.received_from = entry.custody.from;
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.journey = id;
    statement.stop = entry.record->stops;
    submit(
        services_.storage,
        [services = services_, statement]() mutable -> Result<void> {
            AIP_ASSIGN(const auto stored, services.versions.get(statement.version));
            if (!stored)
                return Error{ErrorCode::kCorrupt,
                             "version " + statement.version.hex() + " is in custody but not in the store"};
            AIP_ASSIGN(const auto known, services.log.find(statement.version));
            if (known) return {};  // made or relayed here before
            statement.content = stored->manifest.content();
            statement.parents = stored->manifest.parents();
            AIP_ASSIGN(const Bytes leaf, ledger::make_leaf(statement, services.signer));
            AIP_TRY(services.log.append(std::span(&leaf, 1), std::span(&statement.version, 1)));
            return {};
        },
        [this, id, part = entry.part](const Result<void>& appended) {
            if (!appended) return services_.host.fatal(appended.error());
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part) return;
            it->second.busy = false;
            it->second.avoid[services_.self()] = services_.clock.now() + settings_.trainer_patience;
            if (!plan(it->second, OnJourney{}, services_.clock.now())) reseal(it->second);
            settle(id, it->second, [](const Result<void>&) {});
        });
}

void Journeys::tell_progress(Instant now) {
    for (const auto& [id, importing] : importing_)
        if (importing->progress) importing->progress(importing->done.load(), importing->total, id, "reading the file");
    for (const auto& [id, entry] : entries_) {
        if (!entry.waiter || !entry.waiter->progress || now < entry.waiter->started) continue;
        const auto progress = exchange_.progress(entry.custody.transfer);
        if (!progress || progress->bytes_total == 0) continue;
        const SendProgress tell = entry.waiter->progress;  // whom it tells may close its session, and so end the waiter
        tell(progress->bytes_done, progress->bytes_total, entry.custody.transfer, "sending");
    }
}

}  // namespace aip::node
