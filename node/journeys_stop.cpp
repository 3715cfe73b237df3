// What programs do with models, second part: hand a trained one back, let one go; and when a stop is over.
#include "model/text.hpp"
#include "node/journeys.hpp"
#include "node/new_version.hpp"

namespace aip::node {
namespace {

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

// What was done at a stop, this round included: losses are those before the first and after the last.
WorkDone sum(const Custody& custody, WorkDone round) {
    if (custody.rounds == 0) return round;
    round.samples += custody.work.samples;
    round.steps += custody.work.steps;
    if (custody.work.loss_before) round.loss_before = custody.work.loss_before;
    return round;
}

}  // namespace

void Journeys::finish(SessionId session, uint64_t delivery, WorkDone work, NextDestination next,
                      std::unique_ptr<model::Source> file, std::function<void(Result<FinishedStop>)> done) {
    Entry* entry = find_delivery(session, delivery);
    if (entry == nullptr || entry->busy)
        return done(Error{ErrorCode::kNotFound, "delivery " + std::to_string(delivery) + " is not with this program"});
    if (entry->exam) return done(Error{ErrorCode::kInvalid, "this delivery is to be measured, not trained"});
    if (!entry->record)
        return done(Error{ErrorCode::kInvalid, "this model has no journey; release it and send yours as a new one"});
    // Before anything is signed into the ledger.
    const auto own_word = routing::add_stop(*entry->record, stop_of(sum(entry->custody, work), services_.self()), {});
    if (!own_word) return done(own_word.error());
    entry->busy = true;
    ++landing_;
    ledger::HopStatement statement = describe(work);
    statement.task = entry->custody.task;
    const bool came = entry->custody.rounds == 0 && !entry->custody.from.is_zero();  // else its parent was made here
    if (came) {
        statement.received_from = entry->custody.from;
        statement.custody = entry->custody.giver;
    }
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.journey = entry->custody.id;
    statement.stop = entry->record->stops + 1;
    ledger_.record<NewVersion>(
        [services = services_, source = std::shared_ptr<model::Source>(std::move(file)), statement,
         fields = model::ManifestFields{{entry->custody.version}, entry->custody.task, {}}] {
            return make_version(services, *source, fields, statement, {});
        },
        [this, id = entry->custody.id, part = entry->part, work = std::move(work), next = std::move(next),
         done = std::move(done)](const Result<NewVersion>& child) mutable {
            finished(id, part, child, work, next, std::move(done));
        });
}

void Journeys::finished(uint64_t id, uint64_t part, const Result<NewVersion>& child, const WorkDone& work,
                        const NextDestination& next, std::function<void(Result<FinishedStop>)> done) {
    --landing_;
    const auto it = entries_.find(id);
    if (it == entries_.end() || it->second.part != part)
        return done(Error{ErrorCode::kNotFound, "the model has moved on meanwhile"});
    Entry& entry = it->second;
    entry.busy = false;
    if (!child) return done(child.error());  // still delivered: the program may try again or release
    const Instant now = services_.clock.now();
    entry.custody.work = sum(entry.custody, work);
    ++entry.custody.rounds;
    const VersionId parent = std::exchange(entry.custody.version, child->manifest.id());
    note_made(entry.custody, parent);
    entry.delivery.reset();
    sessions_.returned(entry.session);
    best_.consider(entry.custody.task, child->manifest.id(), work);
    FinishedStop answer{child->manifest.id(), services_.self(), {}};
    if (std::holds_alternative<OnJourney>(next)) answer.why = to_be_done(entry, work);
    if (answer.why.empty()) {
        if (auto closed = close_stop(entry, now); !closed) return done(closed.error());
        const bool joins =
            std::holds_alternative<OnJourney>(next) && can_meet(entry) && company(entry.custody.task).size() > 1;
        if (entry.obsolete || joins || !plan(entry, next, now)) wait_here(entry);
        answer = {child->manifest.id(), {}, "nobody can be reached now; it waits here"};
        if (joins) joining_.insert(id);
        if (joins)
            answer = {child->manifest.id(), services_.self(),
                      "it is merged with other models of its task that wait here"};
        else if (entry.obsolete)
            answer.why = "a newer walker of this journey is under way; this one ends here";
        else if (entry.record->next)
            answer = {child->manifest.id(), entry.record->next->node, entry.record->next->why};
        else if (entry.custody.state == CustodyState::kEnded)
            answer.why = "the journey's budget is spent; it ends here";
    }
    settle(id, entry, [done = std::move(done), answer](const Result<void>& written) {
        if (written)
            done(answer);
        else
            done(written.error());
    });
}

// What the task still asks of this stop, of a version that has just been made; nothing if the stop is over. A program
// that makes no steps, or never gets there, does not hold a model for ever.
std::string Journeys::to_be_done(const Entry& entry, const WorkDone& round) const {
    const routing::StayRules stay = tasks_.rules(entry.custody.task).stay;
    const WorkDone& work = entry.custody.work;
    if (round.steps == 0 || entry.custody.rounds >= limits::kStayRoundsMax || out_of_time(entry)) return {};
    if (stay.steps > 0 && work.steps >= stay.steps) return {};
    std::string left;
    if (stay.accuracy) {
        const auto accuracy = work.metrics.find("accuracy");
        if (accuracy != work.metrics.end() && accuracy->second >= *stay.accuracy) return {};
        left += ", until its accuracy is " + model::decimal(*stay.accuracy);
    }
    if (stay.loss) {
        if (work.loss_after && *work.loss_after <= *stay.loss) return {};
        left += ", until its loss is " + model::decimal(*stay.loss);
    }
    if (stay.steps > 0) left += ", at most " + std::to_string(stay.steps - work.steps) + " steps";
    return left.empty() ? left : "the task asks for more here" + left;
}

// What was trained here is written into the journey record as one stop.
Result<void> Journeys::close_stop(Entry& entry, Instant now) {
    Custody& custody = entry.custody;
    routing::Stop stop = stop_of(custody.work, services_.self());
    stop.version = custody.version;
    stop.wire_bytes = custody.wire_bytes;
    stop.hops = custody.hops;
    stop.arrived = custody.since;
    stop.trained = now - entry.since;
    const auto own = interest_.find(custody.task, services_.self());
    AIP_ASSIGN(entry.record,
               routing::add_stop(*entry.record, std::move(stop), own ? own->record.sketch : routing::Sketch{}));
    custody.rounds = 0;
    custody.work = {};
    ++stops_trained_;
    return {};
}

void Journeys::release(SessionId session, uint64_t delivery, std::function<void(Result<void>)> done) {
    Entry* entry = find_delivery(session, delivery);
    if (entry == nullptr || entry->busy)
        return done(Error{ErrorCode::kNotFound, "delivery " + std::to_string(delivery) + " is not with this program"});
    if (entry->exam) return done(measured(session, delivery, {}));
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

// The model moves on as it is; the ledger says that it was here. What was trained here meanwhile is a stop.
void Journeys::relay(uint64_t id, Entry& entry) {
    const bool trained = entry.custody.rounds > 0;
    if (trained) static_cast<void>(close_stop(entry, services_.clock.now()));
    entry.busy = true;
    ledger_.record<Passage>(
        [services = services_, statement = passage(entry, "relayed")]() -> Result<Passage> {
            AIP_ASSIGN(const auto known, services.log.find(statement.version));
            if (known) return Passage{};  // made or relayed here before
            return make_passage(services, statement);
        },
        [this, id, trained, part = entry.part](const Result<Passage>& appended) {
            if (!appended) return services_.host.fatal(appended.error());
            Entry* here = find_part(id, part);
            if (here == nullptr) return;
            here->busy = false;
            here->avoid[services_.self()] = services_.clock.now() + settings_.trainer_patience;
            if (!trained) here->record = routing::pay(std::move(*here->record), here->custody.wire_bytes);
            if (!plan(*here, OnJourney{}, services_.clock.now())) reseal(*here);
            settle(id, *here, [](const Result<void>&) {});
        });
}

ledger::HopStatement Journeys::passage(const Entry& entry, std::string_view what) const {
    ledger::HopStatement statement;
    statement.what = what;
    statement.version = entry.custody.version;
    if (!entry.custody.from.is_zero()) {
        statement.received_from = entry.custody.from;
        statement.custody = entry.custody.giver;
    }
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.journey = entry.custody.id;
    statement.stop = entry.record->stops;
    return statement;
}

Result<Journeys::Passage> Journeys::make_passage(const Services& services, ledger::HopStatement statement) {
    AIP_ASSIGN(const auto stored, services.versions.get(statement.version));
    if (!stored) return Error{ErrorCode::kNotFound, "version " + statement.version.hex() + " is not on this node"};
    statement.task = stored->manifest.task();
    statement.content = stored->manifest.content();
    statement.parents = stored->manifest.parents();
    AIP_ASSIGN(Bytes leaf, ledger::make_leaf(statement, services.signer));
    return Passage{{statement.version, std::move(leaf)}, statement.task};
}

void Journeys::append_passage(ledger::HopStatement statement, std::function<void(Result<Passage>)> then) {
    ledger_.record<Passage>(
        [services = services_, statement = std::move(statement)] { return make_passage(services, statement); },
        std::move(then));
}

}  // namespace aip::node
