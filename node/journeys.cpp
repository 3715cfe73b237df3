#include "node/journeys.hpp"

#include <algorithm>

namespace aip::node {
namespace {

constexpr Duration kOthersSpeak = Duration::seconds(35);  // links come up, members are found, records repaired
constexpr Duration kProgressEvery = Duration::milliseconds(200);

}  // namespace

Journeys::Journeys(const Services& services, const Settings& settings, crypto::Verifier& verifier, Exchange& exchange,
                   Sessions& sessions, TaskBook& tasks, const routing::InterestTable& interest,
                   const routing::Routes& routes, Lookout& lookout, Newsbox& box, Witnessing& witnessing)
    : services_(services),
      ledger_(services.log, services.storage),
      settings_(settings),
      verifier_(verifier),
      exchange_(exchange),
      sessions_(sessions),
      tasks_(tasks),
      interest_(interest),
      routes_(routes),
      lookout_(lookout),
      box_(box),
      witnessing_(witnessing),
      best_(services),
      gate_(services) {}

Result<void> Journeys::load() {
    const Instant now = services_.clock.now();
    others_heard_by_ = now + kOthersSpeak;
    AIP_TRY(best_.load());
    AIP_TRY(gate_.load());
    AIP_TRY(load_departed());
    AIP_ASSIGN(const auto merged, services_.custody.load_merged());
    for (const MergedAway& away : merged) merged_away_[away.journey] = away;
    AIP_ASSIGN(auto records, services_.custody.load());
    for (Custody& custody : records) {
        Entry entry;
        if (!custody.journey.empty()) {
            // Checked when it came; a certificate that has expired since must not keep this node from starting.
            AIP_ASSIGN(const crypto::Claim claim, crypto::sealed_claim(custody.journey));
            AIP_ASSIGN(entry.record, routing::parse_journey(claim.body));
        }
        entry.since = now;
        entry.part = next_part_++;
        entry.doubtful = custody.state == CustodyState::kOutbound;  // who knows what was sent before
        entry.custody = std::move(custody);
        entries_.emplace(entry.custody.id, std::move(entry));
    }
    AIP_ASSIGN(const auto tombstones, services_.custody.load_tombstones());
    for (const Tombstone& tombstone : tombstones) {
        const Incoming incoming{tombstone.peer, tombstone.transfer};
        exchange_.remember(incoming, tombstone.receipt);
        tombstones_.push_back({incoming, tombstone.at});
    }
    std::sort(tombstones_.begin(), tombstones_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return {};
}

size_t Journeys::poll(Instant now) {
    size_t done = tell_retired();
    std::erase_if(joining_, [this](uint64_t id) { return !entries_.contains(id); });
    std::vector<uint64_t> ids;
    for (const auto& [id, entry] : entries_)
        if (!entry.busy) ids.push_back(id);
    for (uint64_t id : ids) {
        const auto it = entries_.find(id);
        if (it != entries_.end() && !it->second.busy) done += advance(id, it->second, now);
    }
    if (now >= progress_at_) {
        progress_at_ = now + kProgressEvery;
        tell_progress(now);
    }
    return done;
}

size_t Journeys::advance(uint64_t id, Entry& entry, Instant now) {
    if (entry.unwanted) {
        call_off(id, entry, now);
        return 1;
    }
    if (now >= entry.report_at) tell_origin(entry);
    if (is_to_retire(entry)) {
        retire(id, entry);
        return 1;
    }
    switch (entry.custody.state) {
        case CustodyState::kHeld:
            if (entry.delivery || now < entry.retry_at) return 0;
            if (out_of_time(entry)) {
                end_here(id, entry, now);
                return 1;
            }
            if (is_to_examine(entry)) return examine(id, entry, now);
            return go_on(id, entry, now);
        case CustodyState::kReady:
            if (now < entry.retry_at) return 0;
            if (!meet(id, entry)) choose(id, entry, now);
            return 1;
        case CustodyState::kOutbound:
            if (now < entry.retry_at || exchange_.sending(entry.custody.transfer)) return 0;
            start_transfer(id, entry, now);
            return 1;
        case CustodyState::kEnded: return 0;
    }
    return 0;
}

// Held, with nobody at it: together with others that wait here, to a program; or on, if none came for too long.
size_t Journeys::go_on(uint64_t id, Entry& entry, Instant now) {
    const bool waited = entry.record && now >= entry.since + settings_.trainer_patience;
    if (!waited && taker(entry) == 0) return 0;
    if (meet(id, entry) || deliver(id, entry, now)) return 1;
    if (!waited) return 0;
    relay(id, entry);
    return 1;
}

Instant Journeys::next_wakeup() const {
    Instant soonest = retiring_.empty() ? Instant::never() : Instant();
    for (const auto& [id, entry] : entries_) {
        if (entry.waiter) soonest = std::min(soonest, progress_at_);
        if (!entry.busy) soonest = std::min({soonest, due(entry), entry.report_at});
    }
    if (!importing_.empty()) soonest = std::min(soonest, progress_at_);
    return soonest;
}

// When advance() would do something. What waits for a program or a packet is never due: its coming wakes the host.
Instant Journeys::due(const Entry& entry) const {
    if (entry.busy) return Instant::never();
    if (entry.unwanted || is_to_retire(entry)) return entry.since;
    switch (entry.custody.state) {
        case CustodyState::kHeld:
            if (entry.delivery) return Instant::never();
            if (is_to_examine(entry)) return entry.retry_at;
            if (taker(entry) != 0 || out_of_time(entry)) return entry.retry_at;
            return entry.record ? std::max(entry.retry_at, entry.since + settings_.trainer_patience) : Instant::never();
        case CustodyState::kReady: return entry.retry_at;
        case CustodyState::kOutbound:
            return exchange_.sending(entry.custody.transfer) ? Instant::never() : entry.retry_at;
        case CustodyState::kEnded: return Instant::never();
    }
    return Instant::never();
}

// Not while a program or a peer has it.
bool Journeys::is_to_retire(const Entry& entry) const {
    const CustodyState state = entry.custody.state;
    return entry.obsolete && !entry.delivery && (state == CustodyState::kHeld || state == CustodyState::kReady);
}

// While nobody trains it; a program that is at it may finish.
bool Journeys::out_of_time(const Entry& entry) const {
    return entry.record && !entry.record->spent(services_.clock.wall()).empty();
}

void Journeys::end_here(uint64_t id, Entry& entry, Instant now) {
    if (entry.custody.rounds > 0) static_cast<void>(close_stop(entry, now));
    if (!plan(entry, OnJourney{}, now)) reseal(entry);
    settle(id, entry, [](const Result<void>&) {});
}

SessionId Journeys::taker(const Entry& entry) const {
    if (entry.record && is_awaited(entry.custody.task)) return 0;
    return entry.record ? sessions_.idle_trainer(entry.custody.task) : sessions_.idle_receiver(entry.custody.task);
}

// Held, and somebody wants it.
bool Journeys::deliver(uint64_t id, Entry& entry, Instant now) {
    const SessionId session = taker(entry);
    if (session == 0) return false;
    Delivery delivery;
    delivery.version = entry.custody.version;
    if (entry.record) {
        delivery.journey = id;
        delivery.stop = entry.record->stops + 1;
        delivery.stops_left = entry.record->stops_left;
        delivery.labels_seen = entry.record->seen.labels;
        if (entry.record->next) delivery.why = entry.record->next->why;
        delivery.stay = tasks_.rules(entry.custody.task).stay;
        delivery.stay.steps -= std::min(delivery.stay.steps, entry.custody.work.steps);
    }
    return start_delivery(id, entry, session, std::move(delivery), now);
}

// Writes the file of delivery.version, then hands it over.
bool Journeys::start_delivery(uint64_t id, Entry& entry, SessionId session, Delivery delivery, Instant now) {
    auto file = services_.host.open_delivery();
    if (!file) {
        services_.host.log("cannot deliver " + delivery.version.short_hex() + ": " + file.error().text);
        entry.retry_at = now + kRetry;
        return false;
    }
    delivery.id = next_delivery_++;
    delivery.task = sessions_.said(session, entry.custody.task);
    delivery.name = entry.custody.name;
    delivery.from = entry.custody.from;
    sessions_.took(session, entry.record.has_value());
    entry.delivery = delivery.id;
    entry.session = session;
    struct Exported {
        Result<void> result;
        std::vector<VersionId> parents;
        uint64_t bytes = 0;
        std::unique_ptr<DeliveryFile> file;
    };
    submit(
        services_.storage,
        [services = services_, version = delivery.version, sink = std::move(*file)]() mutable {
            Exported exported{{}, {}, 0, std::move(sink)};
            auto stored = services.versions.get(version);
            if (!stored)
                exported.result = stored.error();
            else if (!*stored)
                exported.result =
                    Error{ErrorCode::kCorrupt, "version " + version.hex() + " is in custody but not in the store"};
            else {
                exported.parents = (*stored)->manifest.parents();
                exported.bytes = (*stored)->manifest.file_size();
                exported.result = model::export_model((*stored)->manifest, services.blocks, *exported.file);
            }
            return exported;
        },
        [this, id, part = entry.part, delivery](Exported exported) mutable {
            delivery.parents = std::move(exported.parents);
            delivery.bytes = exported.bytes;
            hand_over(id, part, std::move(delivery), std::move(exported.file), std::move(exported.result));
        });
    return true;
}

void Journeys::hand_over(uint64_t id, uint64_t part, Delivery delivery, std::unique_ptr<DeliveryFile> file,
                         Result<void> exported) {
    const auto it = entries_.find(id);
    if (it == entries_.end() || it->second.part != part || it->second.delivery != delivery.id)
        return;  // session closed
    Entry& entry = it->second;
    if (!exported) {
        services_.host.log("cannot deliver " + delivery.version.hex() + ": " + exported.error().text);
        sessions_.returned(entry.session);
        if (!entry.record) sessions_.expect(entry.session, entry.custody.task);  // it still waits
        entry.delivery.reset();
        entry.retry_at = services_.clock.now() + kRetry;
        return;
    }
    services_.host.deliver(entry.session, delivery, std::move(file));
}

// Writes entry.custody durably, then goes on. That a journey ends here stands in the ledger before.
void Journeys::settle(uint64_t id, Entry& entry, std::function<void(const Result<void>&)> then) {
    entry.busy = true;
    entry.retry_at = services_.clock.now();
    if (entry.custody.rounds == 0) entry.custody.since = services_.clock.wall();  // else the stop goes on
    if (entry.custody.state != CustodyState::kEnded) return write_custody(id, entry, std::move(then));
    append_passage(passage(entry, "ended"),
                   [this, id, part = entry.part, then = std::move(then)](const Result<Passage>& appended) {
                       if (!appended) services_.host.fatal(appended.error());
                       if (!appended) return then(appended.error());
                       Entry* here = find_part(id, part);
                       if (here == nullptr)
                           return then(Error{ErrorCode::kNotFound, "the model has moved on meanwhile"});
                       write_custody(id, *here, then);
                   });
}

void Journeys::write_custody(uint64_t id, const Entry& entry, std::function<void(const Result<void>&)> then) {
    submit(
        services_.storage, [&store = services_.custody, custody = entry.custody] { return store.put(custody); },
        [this, id, part = entry.part, then = std::move(then)](const Result<void>& written) {
            if (!written) services_.host.fatal(written.error());
            if (Entry* here = find_part(id, part)) {
                here->busy = false;
                tell_origin(*here);
            }
            then(written);
        });
}

std::vector<Journeys::View> Journeys::view() const {
    std::vector<View> all;
    for (const auto& [id, entry] : entries_)
        all.push_back({entry.custody, entry.record ? &*entry.record : nullptr, entry.delivery.has_value()});
    return all;
}

bool Journeys::has_letter(const std::string& task) const {
    for (const auto& [id, entry] : entries_)
        if (!entry.record && !entry.delivery && entry.custody.state == CustodyState::kHeld &&
            (task.empty() || task == entry.custody.task))
            return true;
    return false;
}

// After a storage job: the same entry, not a later one of its id.
Journeys::Entry* Journeys::find_part(uint64_t id, uint64_t part) {
    const auto it = entries_.find(id);
    return it != entries_.end() && it->second.part == part ? &it->second : nullptr;
}

Journeys::Entry* Journeys::find_delivery(SessionId session, uint64_t delivery) {
    for (auto& [id, entry] : entries_)
        if (entry.delivery == delivery && entry.session == session) return &entry;
    return nullptr;
}

Journeys::Entry* Journeys::find_transfer(uint64_t transfer) {
    for (auto& [id, entry] : entries_)
        if (entry.custody.state == CustodyState::kOutbound && entry.custody.transfer == transfer) return &entry;
    return nullptr;
}

void Journeys::close_session(SessionId session) {
    for (auto& [id, entry] : entries_) {
        if (entry.delivery && entry.session == session) {
            entry.delivery.reset();
            entry.since = services_.clock.now();
            services_.host.log("the program that held " + entry.custody.version.short_hex() +
                               " is gone; the model waits for another");
        }
        if (!entry.waiter || entry.waiter->session != session) continue;
        entry.waiter.reset();
        entry.unwanted = !entry.record;  // a journey that has begun goes on without the program that began it
    }
    for (auto& [id, importing] : importing_)
        if (importing->session == session) importing->cancelled.store(true);
}

}  // namespace aip::node
