// The admission gate at a stop (rfc/0013): a version that somebody else made is compared with its parent and with this
// node's own before anybody trains it; what is rejected stays here, and the journey goes on from the parent.
#include <algorithm>
#include <cmath>

#include "base/limits.hpp"
#include "model/merge.hpp"
#include "node/journeys.hpp"

namespace aip::node {
namespace {

constexpr Duration kPatience = Duration::seconds(10);  // with whoever has the parent
constexpr Duration kAvoid = Duration::seconds(30);     // whose version was rejected
constexpr double kHeldShare = 0.1;                     // of its data: a class that a node holds

struct LookedUp {
    std::vector<VersionId> parents;
    bool in_ledger = false;  // the first parent is in the store, and this node has an entry about it
};

Result<LookedUp> look_up_parents(const Services& services, const VersionId& version) {
    AIP_ASSIGN(const auto stored, services.versions.get(version));
    if (!stored) return Error{ErrorCode::kCorrupt, "version " + version.hex() + " is in custody but not in the store"};
    LookedUp found{stored->manifest.parents(), false};
    if (found.parents.empty()) return found;
    AIP_ASSIGN(const auto parent, services.versions.get(found.parents.front()));
    AIP_ASSIGN(const auto entry, services.log.find(found.parents.front()));
    found.in_ledger = parent && entry;
    return found;
}

struct Compared {
    std::string fault;
    std::vector<model::TensorDistance> from_parent, from_own;
};

// Of a version that is not in the store any more nothing is said.
Result<std::vector<model::TensorDistance>> changes_from(const Services& services, const model::Manifest& manifest,
                                                        const std::optional<VersionId>& reference) {
    if (!reference) return std::vector<model::TensorDistance>();
    AIP_ASSIGN(const auto stored, services.versions.get(*reference));
    if (!stored) return std::vector<model::TensorDistance>();
    return model::measure_distance(manifest, stored->manifest, services.blocks);
}

Result<Compared> compare_versions(const Services& services, const VersionId& version,
                                  const std::optional<VersionId>& parent, const std::optional<VersionId>& own) {
    AIP_ASSIGN(const auto stored, services.versions.get(version));
    if (!stored) return Error{ErrorCode::kCorrupt, "version " + version.hex() + " is in custody but not in the store"};
    Compared out;
    const Result<void> finite =
        parent ? Result<void>() : model::check_finite(stored->manifest, services.blocks);  // else measured on the way
    auto from_parent = changes_from(services, stored->manifest, parent);
    for (const Error* error : {finite ? nullptr : &finite.error(), from_parent ? nullptr : &from_parent.error()}) {
        if (error == nullptr) continue;
        if (error->code != ErrorCode::kInvalid) return *error;
        out.fault = error->text;
    }
    if (!out.fault.empty()) return out;
    out.from_parent = std::move(*from_parent);
    if (auto from_own = changes_from(services, stored->manifest, own)) out.from_own = std::move(*from_own);
    return out;
}

std::set<uint32_t> classes_held(const std::vector<uint64_t>& labels) {
    double sum = 0;
    for (const uint64_t count : labels) sum += static_cast<double>(count);
    std::set<uint32_t> held;
    for (uint32_t i = 0; i < labels.size(); ++i)
        if (labels[i] > 0 && static_cast<double>(labels[i]) >= kHeldShare * sum) held.insert(i);
    return held;
}

}  // namespace

bool Journeys::is_to_examine(const Entry& entry) const {
    return entry.record && !entry.admitted && entry.custody.rounds == 0 && !entry.custody.from.is_zero() &&
           tasks_.rules(entry.custody.task).admission.gate.any();
}

// One step: find out about the parent, get it, compare, have a program measure.
size_t Journeys::examine(uint64_t id, Entry& entry, Instant now) {
    if (!entry.exam) entry.exam = Examination();  // emplace() of a nested class is beyond clang 14
    Examination& exam = *entry.exam;
    if (!exam.looked_up) {
        look_up(id, entry);
        return 1;
    }
    if (exam.parent && !exam.parent_here && await_parent(id, entry, now)) return 1;
    if (!exam.compared) {
        compare(id, entry);
        return 1;
    }
    return ask_program(id, entry, now);
}

// Asks for it, unless it is arriving: what arrives is waited for. False: there is no hope any more.
bool Journeys::await_parent(uint64_t id, Entry& entry, Instant now) {
    const Examination& exam = *entry.exam;
    const Address whom = entry.papers.parent_at.is_zero() ? entry.custody.from : entry.papers.parent_at;
    const Reference wanted{*exam.parent, whom};
    const bool arriving = std::any_of(arriving_.begin(), arriving_.end(), [&](const auto& item) {
        return item.first.peer == whom && !item.second.journey && item.second.manifest.id() == *exam.parent;
    });
    if (!arriving && now >= exam.until) return false;
    entry.retry_at = arriving ? now + kRetry : std::min(now + kRetry, exam.until);
    std::erase_if(references_, [now](const auto& asked) { return asked.second <= now; });
    if (!references_.contains(wanted) && references_.size() >= limits::kReferencesMax) return true;
    references_[wanted] = std::max(now, exam.until) + kPatience;
    if (!arriving) box_.put(whom, {NewsKind::kWanted, id, 0, 0, *exam.parent, {}, services_.clock.wall()});
    return true;
}

void Journeys::look_up(uint64_t id, Entry& entry) {
    entry.busy = true;
    submit(
        services_.storage,
        [services = services_, version = entry.custody.version] { return look_up_parents(services, version); },
        [this, id, part = entry.part](const Result<LookedUp>& found) {
            if (!found) return services_.host.fatal(found.error());
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part || it->second.superseded) return;
            Entry& here = it->second;
            here.busy = false;
            Examination& exam = *here.exam;
            exam.looked_up = true;
            exam.until = services_.clock.now() + kPatience;
            exam.evidence.merged = found->parents.size() > 1;
            if (!found->parents.empty()) exam.parent = found->parents.front();
            exam.parent_here = found->in_ledger;
        });
}

void Journeys::compare(uint64_t id, Entry& entry) {
    const bool alone = entry.exam->parent && !entry.exam->parent_here;
    if (alone)
        services_.host.log("the parent of " + entry.custody.version.short_hex() +
                           " is not to be had; it is judged without");
    std::optional<VersionId> own = entry.exam->parent_here ? std::nullopt : gate_.own(entry.custody.task);
    if (own && gate_.is_quarantined(*own)) own.reset();
    entry.busy = true;
    submit(
        services_.storage,
        [services = services_, version = entry.custody.version, own,
         parent = entry.exam->parent_here ? entry.exam->parent : std::nullopt] {
            return compare_versions(services, version, parent, own);
        },
        [this, id, part = entry.part](Result<Compared> compared) {
            if (!compared) return services_.host.fatal(compared.error());
            const auto it = entries_.find(id);
            if (it == entries_.end() || it->second.part != part || it->second.superseded) return;
            Entry& here = it->second;
            here.busy = false;
            Examination& exam = *here.exam;
            exam.compared = true;
            exam.until = services_.clock.now() + settings_.trainer_patience;
            Evidence& evidence = exam.evidence;
            evidence.fault = std::move(compared->fault);
            evidence.from_parent = std::move(compared->from_parent);
            evidence.from_own = std::move(compared->from_own);
            evidence.usual = gate_.usual(here.custody.task);
            const double stops = here.record->stops;
            if (here.record->stops_left < routing::kStopsUnlimited / 2)
                evidence.progress = stops / (stops + here.record->stops_left);
            const auto maker = interest_.find(here.custody.task, here.papers.maker);
            if (maker) evidence.held_by_maker = classes_held(maker->record.sketch.labels);
            static_cast<void>(judge(id, here));
        });
}

bool Journeys::judge(uint64_t id, Entry& entry) {
    auto objection = first_objection(tasks_.rules(entry.custody.task).admission.gate, entry.exam->evidence);
    if (!objection) return true;
    reject(id, entry, std::move(*objection));
    return false;
}

// The last rule: a program here measures the version and its parent on data it holds back. Where none can, or none has
// the time, the version is taken without.
size_t Journeys::ask_program(uint64_t id, Entry& entry, Instant now) {
    Examination& exam = *entry.exam;
    const bool wanted = tasks_.rules(entry.custody.task).admission.gate.loss > 0 && exam.parent_here &&
                        sessions_.anyone_measures(entry.custody.task) && now < exam.until;
    const bool done = !exam.evidence.of_version.empty() && !exam.evidence.of_parent.empty();
    if (!wanted || done) {
        if (!done && exam.parent_here && tasks_.rules(entry.custody.task).admission.gate.loss > 0)
            services_.host.log("no program here could measure " + entry.custody.version.short_hex() +
                               "; it is judged by the other rules alone");
        if (judge(id, entry)) admit_entry(entry);
        return 1;
    }
    const SessionId session = sessions_.idle_measurer(entry.custody.task);
    entry.retry_at = now + kRetry;
    if (session == 0) return 0;
    Delivery delivery;
    delivery.version = exam.measuring = exam.evidence.of_version.empty() ? entry.custody.version : *exam.parent;
    delivery.journey = id;
    delivery.stop = entry.record->stops + 1;
    delivery.measure = true;
    delivery.why = "to be measured on data held back";
    return start_delivery(id, entry, session, std::move(delivery), now) ? 1 : 0;
}

Result<void> Journeys::measured(SessionId session, uint64_t delivery, std::vector<ClassFigures> figures) {
    Entry* entry = find_delivery(session, delivery);
    if (entry == nullptr || !entry->exam)
        return Error{ErrorCode::kNotFound, "delivery " + std::to_string(delivery) + " is not to be measured here"};
    if (figures.size() > limits::kClassFiguresMax)
        return Error{ErrorCode::kInvalid, "figures of more than 1,024 classes"};
    sessions_.returned(session);
    entry->delivery.reset();
    entry->retry_at = services_.clock.now();
    if (figures.empty()) entry->exam->until = services_.clock.now();  // it holds no data of that kind: taken without
    const bool version = entry->exam->measuring == entry->custody.version;
    (version ? entry->exam->evidence.of_version : entry->exam->evidence.of_parent) = std::move(figures);
    return {};
}

void Journeys::admit_entry(Entry& entry) {
    const Address from = entry.custody.from;
    gate_.took(entry.custody.task, from,
               entry.exam->evidence.merged ? std::vector<model::TensorDistance>() : entry.exam->evidence.from_parent);
    entry.admitted = true;
    entry.exam.reset();
    entry.retry_at = entry.since = services_.clock.now();
}

// The ledger says so before anything else is done.
void Journeys::reject(uint64_t id, Entry& entry, Objection objection) {
    services_.host.log("rejected " + entry.custody.version.short_hex() + " from " + entry.custody.from.text() + ": " +
                       objection.rule + ": " + objection.why);
    ledger::HopStatement statement = passage(entry, "rejected");
    statement.parameters.emplace("rule", objection.rule);
    for (const auto& [name, value] : objection.figures)
        if (std::isfinite(value)) statement.parameters.emplace(name, value);
    entry.busy = true;
    append_passage(std::move(statement),
                   [this, id, part = entry.part, objection = std::move(objection)](const Result<Passage>& appended) {
                       if (!appended) return services_.host.fatal(appended.error());
                       Entry* here = find_part(id, part);
                       if (here == nullptr) return;
                       const Custody& custody = here->custody;
                       gate_.reject({custody.version, custody.task, custody.from, here->papers.maker, objection.rule,
                                     objection.why, services_.clock.wall()});
                       here->busy = false;
                       turn_back(id, *here);
                   });
}

// The journey goes on from the parent, which is examined in its turn unless it is this node's own; if the parent is
// not here, from the version this node made last; if there is none, the model stays here.
void Journeys::turn_back(uint64_t id, Entry& entry) {
    Custody& custody = entry.custody;
    const Instant now = services_.clock.now();
    const VersionId rejected = custody.version;
    const auto maker = interest_.find(custody.task, entry.papers.maker);
    entry.avoid[custody.from] = entry.avoid[entry.papers.maker] = now + kAvoid;
    const Examination exam = std::move(*entry.exam);
    entry.exam.reset();
    const auto own = gate_.own(custody.task);
    const bool good = exam.parent_here && !gate_.is_quarantined(*exam.parent);
    if (good && ++entry.rollbacks <= limits::kRollbacksMax) {
        custody.version = *exam.parent;
        entry.papers = exam.parent_papers;
        custody.from = entry.papers.holder;
        custody.giver = entry.papers.giver;
    } else if (own && !gate_.is_quarantined(*own)) {
        custody.version = *own;
        entry.papers = {};
        custody.from = {};
        custody.giver.reset();
    } else {
        services_.host.log("journey " + rejected.short_hex() + " stays here: there is no good version to go on from");
        custody.state = CustodyState::kEnded;
    }
    entry.record = routing::disown(std::move(*entry.record), rejected, custody.version,
                                   maker ? maker->record.sketch : routing::Sketch{});
    entry.since = now;
    reseal(entry);
    settle(id, entry, [](const Result<void>&) {});
}

// A node that examines a version asks for its parent: whoever may have the version may have that. It asks again while
// it waits, and gets one transfer.
void Journeys::send_reference(const Address& to, const VersionId& version) {
    if (witnessing_.quarantined(to) || gate_.is_quarantined(version)) return;
    const Reference wanted{version, to};
    std::erase_if(lending_, [this](const auto& lent) { return lent.second != 0 && !exchange_.sending(lent.second); });
    if (lending_.size() >= limits::kReferencesMax || !lending_.emplace(wanted, 0).second) return;
    Custody leaving;
    leaving.version = version;
    leaving.to = to;
    leaving.transfer = services_.rng.next() | 1;
    submit(
        services_.storage, [services = services_, leaving] { return pack(services, leaving, {}); },
        [this, wanted](Result<Outgoing> outgoing) {
            lending_.erase(wanted);
            if (!outgoing) return;  // not here any more: it is asked for elsewhere, or judged without
            const KnownTask* known = tasks_.find(outgoing->task);
            if (known != nullptr && !known->lists(wanted.second)) return;
            const uint64_t transfer = outgoing->transfer;
            if (exchange_.send(std::move(*outgoing), services_.clock.now())) lending_[wanted] = transfer;
        });
}

// A surplus copy gets its receipt, too.
void Journeys::on_reference_stored(const Incoming& incoming, Admitted admitted) {
    const VersionId version = admitted.manifest.id();
    const Papers papers{incoming.peer, admitted.maker, admitted.statement.received_from.value_or(Address{}),
                        admitted.giver};
    Bytes receipt =
        services_.signer.seal(kReceiptDomain, Receipt{incoming.transfer, version, services_.clock.wall()}.encode());
    ++landing_;
    submit(
        services_.storage,
        [services = services_, admitted = std::move(admitted)]() -> Result<void> {
            AIP_TRY(model::check_header(admitted.manifest, services.blocks));
            return services.versions.put(admitted.manifest, admitted.sealed_manifest, services.clock.wall(), true);
        },
        [this, incoming, version, papers, receipt = std::move(receipt)](const Result<void>& kept) mutable {
            --landing_;
            if (!kept) return turn_away(incoming, aipacket::CancelCode::kNoSpace, kept.error().text);
            exchange_.complete(incoming, std::move(receipt), services_.clock.now());
            for (auto& [id, entry] : entries_) {
                if (!entry.exam || entry.exam->parent != version || entry.exam->compared) continue;
                entry.exam->parent_here = true;
                entry.exam->parent_papers = papers;
                entry.retry_at = services_.clock.now();
            }
        });
}

// What this node makes is the measure of what others make.
void Journeys::note_made(const Custody& made, const VersionId& parent) {
    if (!tasks_.rules(made.task).admission.gate.any()) return;
    submit(
        services_.storage,
        [services = services_, version = made.version, parent] {
            return compare_versions(services, version, parent, std::nullopt);
        },
        [this, task = made.task, version = made.version](const Result<Compared>& compared) {
            if (compared && compared->fault.empty()) gate_.made(task, version, compared->from_parent);
        });
}

}  // namespace aip::node
