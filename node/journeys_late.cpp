// What a holder, and a node that has handed a model on, do for whoever looks after the journey (rfc/0008 section 6).
#include <algorithm>

#include "node/journeys.hpp"

namespace aip::node {
namespace {

constexpr Duration kAvoid = Duration::seconds(30);  // where it was lost

News news_of(NewsKind kind, const routing::JourneyRecord& record, const Custody& custody, WallTime at) {
    return {kind, record.id, record.walker, record.stops, custody.version, custody.to, at};
}

}  // namespace

bool Journeys::is_looked_after(const routing::JourneyRecord& record) const {
    return tasks_.rules(record.task).late_after > Duration{};
}

void Journeys::tell_origin(Entry& entry) {
    entry.report_at = Instant::never();
    if (!entry.record) return;
    const Duration late = tasks_.rules(entry.record->task).late_after;
    if (late <= Duration{}) return;
    const bool ended = entry.custody.state == CustodyState::kEnded;
    if (!ended) entry.report_at = services_.clock.now() + Duration::nanoseconds(late.count_ns() / 2);
    const NewsKind kind = ended ? NewsKind::kEnded : NewsKind::kHere;
    box_.put(entry.record->origin, news_of(kind, *entry.record, entry.custody, services_.clock.wall()));
}

// Who asks is the origin of what it asks about, or learns nothing.
void Journeys::on_news(const Address& from, const News& news) {
    const auto entry = entries_.find(news.journey);
    const bool here = entry != entries_.end() && entry->second.record && entry->second.record->origin == from;
    const auto passed = passed_.find(news.journey);
    const bool was_here = passed != passed_.end() && passed->second.origin == from;
    switch (news.kind) {
        case NewsKind::kWhere:
            if (here) return tell_origin(entry->second);
            if (tell_merged(from, news.journey)) return;
            if (was_here && departed_.contains(news.journey))
                return box_.put(from, news_of(NewsKind::kPassedOn, passed->second, departed_.at(news.journey),
                                              services_.clock.wall()));
            return box_.put(from, {NewsKind::kUnknown, news.journey, 0, 0, {}, {}, services_.clock.wall()});
        case NewsKind::kRevive:
            if (here) return tell_origin(entry->second);
            if (tell_merged(from, news.journey)) return;
            if (was_here && departed_.contains(news.journey) && passed->second.walker < news.walker)
                return revive(news.journey, news.walker);
            return box_.put(from, {NewsKind::kUnknown, news.journey, 0, 0, {}, {}, services_.clock.wall()});
        case NewsKind::kRetire:
            if (here && entry->second.record->walker < news.walker) entry->second.obsolete = true;
            if (was_here)
                passed->second.walker = std::max(passed->second.walker, news.walker);  // none older comes back
            return;
        case NewsKind::kWanted: return send_reference(from, news.version);
        default: return;
    }
}

// The version that left here goes on as another walker, if the store still has it. The ledger says so first.
void Journeys::revive(uint64_t id, uint32_t walker) {
    Entry entry;
    entry.custody = departed_.at(id);
    entry.record = passed_.at(id);
    entry.record->walker = walker;
    entry.record->next.reset();
    entry.avoid[entry.custody.to] = services_.clock.now() + kAvoid;
    entry.custody.state = CustodyState::kReady;
    entry.custody.to = {};
    entry.custody.transfer = 0;
    entry.since = services_.clock.now();
    entry.part = next_part_++;
    Entry& placed = entries_.emplace(id, std::move(entry)).first->second;
    reseal(placed);
    placed.busy = true;
    append_passage(passage(placed, "recreated"), [this, id, part = placed.part](const Result<Passage>& appended) {
        const bool forgotten = !appended && appended.error().code == ErrorCode::kNotFound;
        if (!appended && !forgotten) return services_.host.fatal(appended.error());
        Entry* here = find_part(id, part);
        if (here == nullptr) return;
        if (!forgotten) return write_custody(id, *here, [](const Result<void>&) {});
        box_.put(here->record->origin, {NewsKind::kUnknown, id, 0, 0, {}, {}, services_.clock.wall()});
        entries_.erase(id);
    });
}

// A newer walker of this journey lives; this one ends, and the ledger says so.
void Journeys::retire(uint64_t id, Entry& entry) {
    services_.host.log("journey " + entry.custody.version.short_hex() + " ends here: a newer walker is under way");
    if (entry.custody.rounds > 0) static_cast<void>(close_stop(entry, services_.clock.now()));
    entry.busy = true;
    append_passage(passage(entry, "retired"), [this, id, part = entry.part](const Result<Passage>& appended) {
        if (!appended) return services_.host.fatal(appended.error());
        if (find_part(id, part) == nullptr) return;
        submit(
            services_.storage, [&store = services_.custody, id] { return store.erase(id); },
            [this, id, part](const Result<void>& erased) {
                if (!erased) return services_.host.fatal(erased.error());
                if (find_part(id, part) != nullptr) entries_.erase(id);
            });
    });
}

// A model has left: what is needed to send it on again is kept, for the last kDepartedMax of them.
void Journeys::departed(uint64_t id, Entry& entry) {
    if (!entry.record) return;
    if (is_looked_after(*entry.record)) {
        departed_[id] = entry.custody;
        while (departed_.size() > limits::kDepartedMax) {
            const auto oldest = std::min_element(departed_.begin(), departed_.end(), [](const auto& a, const auto& b) {
                return a.second.since < b.second.since;
            });
            services_.storage.run(
                [&store = services_.custody, old = oldest->first] {
                    static_cast<void>(store.erase_departed(old));  // else it is kept a little longer
                },
                [] {});
            departed_.erase(oldest);
        }
    }
    note_passed(std::move(*entry.record));
}

void Journeys::note_passed(routing::JourneyRecord record) {
    const uint64_t id = record.id;
    passed_[id] = std::move(record);
    if (passed_.size() > limits::kTransfersMax) passed_.erase(passed_.begin());
}

Result<void> Journeys::load_departed() {
    AIP_ASSIGN(auto records, services_.custody.load_departed());
    for (Custody& custody : records) {
        AIP_ASSIGN(const crypto::Claim claim, crypto::sealed_claim(custody.journey));
        AIP_ASSIGN(passed_[custody.id], routing::parse_journey(claim.body));
        departed_[custody.id] = std::move(custody);
    }
    return {};
}

}  // namespace aip::node
