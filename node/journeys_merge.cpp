// Walkers of a task that meet here become one (rfc/0008 section 7).
#include <algorithm>

#include "node/journeys.hpp"
#include "node/merge_versions.hpp"

namespace aip::node {
namespace {

News news_of(const MergedAway& merged, WallTime at) {
    News news{NewsKind::kMerged, merged.journey, merged.walker, merged.stop, merged.version, {}, at};
    news.into = merged.into;
    return news;
}

}  // namespace

// It waits, here, between two stops, and has something left to spend.
bool Journeys::can_meet(const Entry& entry) const {
    const CustodyState state = entry.custody.state;
    return entry.record && (state == CustodyState::kHeld || state == CustodyState::kReady) && !entry.busy &&
           !entry.delivery && !entry.obsolete && !entry.apart && entry.custody.rounds == 0 && !out_of_time(entry) &&
           !is_to_examine(entry);
}

// The walkers of the task that could become one now, the one that goes on first. Fewer than two: none.
std::vector<uint64_t> Journeys::company(const std::string& task) const {
    std::vector<uint64_t> ids;
    for (const auto& [id, entry] : entries_)
        if (entry.custody.task == task && can_meet(entry) && ids.size() < limits::kParentsMax) ids.push_back(id);
    return ids;
}

// A walker whose stop has just ended joins those that wait: they do not begin without it.
bool Journeys::is_awaited(const std::string& task) const {
    return std::any_of(joining_.begin(), joining_.end(), [&](uint64_t id) {
        const auto it = entries_.find(id);
        return it != entries_.end() && it->second.custody.task == task;
    });
}

// Before a model goes on from here, to a program or to the next stop. False: it is alone.
bool Journeys::meet(uint64_t id, Entry& entry) {
    joining_.erase(id);
    if (!can_meet(entry)) return false;
    const std::vector<uint64_t> ids = company(entry.custody.task);
    if (ids.size() < 2) return false;
    std::vector<Walker> walkers;
    uint32_t stops = 0;
    for (const uint64_t other : ids) {
        Entry& met = entries_.at(other);
        met.busy = true;
        walkers.push_back({other, met.custody.version, met.record->seen.samples()});
        if (stops == 0) stops = met.record->stops + 1;
    }
    ledger::HopStatement statement;
    statement.task = entry.custody.task;
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.stop = stops;
    ++landing_;
    ledger_.record<MergedVersions>(
        [services = services_, walkers, statement, order = tasks_.rules(entry.custody.task).merge] {
            return merge_versions(services, walkers, order, statement);
        },
        [this, ids](const Result<MergedVersions>& merged) { met(ids, merged); });
    return true;
}

// While they are busy nothing else touches them: all of `ids` are still here.
void Journeys::met(const std::vector<uint64_t>& ids, const Result<MergedVersions>& merged) {
    --landing_;
    const auto keep_apart = [this](uint64_t id, const std::string& why) {
        Entry& entry = entries_.at(id);
        entry.apart = true;
        services_.host.log("journey " + entry.custody.version.short_hex() + " goes on by itself: " + why);
    };
    for (const uint64_t id : ids) {
        entries_.at(id).busy = false;
        if (!merged) keep_apart(id, merged.error().text);
    }
    if (!merged) return;
    for (const auto& [id, why] : merged->left_out) keep_apart(id, why);
    if (merged->journeys.empty() || entries_.at(merged->journeys.front()).obsolete) return;
    if (!merged->instead.empty()) services_.host.log("merging: " + merged->instead);
    const auto joined = join(merged->journeys, *merged->manifest);
    for (const uint64_t id : merged->journeys)
        if (!joined) keep_apart(id, joined.error().text);
}

// The first goes on with the merged version; the others end here, durably in one write.
Result<void> Journeys::join(const std::vector<uint64_t>& ids, const model::Manifest& version) {
    std::vector<routing::JourneyRecord> records;
    routing::Stop stop;
    stop.node = services_.self();
    stop.version = version.id();
    stop.arrived = services_.clock.wall();
    for (const uint64_t id : ids) {
        const Entry& entry = entries_.at(id);
        records.push_back(routing::pay(*entry.record, entry.custody.wire_bytes));
        stop.wire_bytes += entry.custody.wire_bytes;
        stop.hops = std::max(stop.hops, entry.custody.hops);
    }
    AIP_ASSIGN(auto record, routing::merge_journeys(records, std::move(stop)));
    std::vector<MergedAway> others;
    for (const uint64_t id : ids) {
        Entry& entry = entries_.at(id);
        entry.busy = true;
        if (id == ids.front()) continue;
        others.push_back({id, ids.front(), entry.record->walker, entry.record->stops, version.id(),
                          entry.record->origin, services_.clock.wall()});
    }
    Entry& first = entries_.at(ids.front());
    Custody custody;  // as of a model that was made here
    custody.id = ids.front();
    custody.version = version.id();
    custody.task = first.custody.task;
    custody.name = first.custody.name;
    custody.since = services_.clock.wall();
    first.custody = std::move(custody);
    first.record = std::move(record);
    reseal(first);
    submit(
        services_.storage,
        [&store = services_.custody, custody = first.custody, others] { return store.put_merged(custody, others); },
        [this, id = ids.front(), others](const Result<void>& written) {
            if (!written) return services_.host.fatal(written.error());
            joined(id, others);
        });
    return {};
}

void Journeys::joined(uint64_t id, const std::vector<MergedAway>& others) {
    Entry& entry = entries_.at(id);
    entry.busy = false;
    entry.since = entry.retry_at = services_.clock.now();
    services_.host.log(std::to_string(others.size() + 1) + " models of task " + entry.custody.task +
                       " met here and are one: " + entry.custody.version.short_hex());
    tell_origin(entry);
    for (const MergedAway& other : others) {
        const auto it = entries_.find(other.journey);
        Entry gone = std::move(it->second);
        entries_.erase(it);
        departed_.erase(other.journey);
        remember_merged(other);
        if (is_looked_after(*gone.record)) box_.put(other.origin, news_of(other, services_.clock.wall()));
        note_passed(std::move(*gone.record));
        sent_to_waiter(gone, services_.self(), {}, 0, services_.clock.now());
    }
}

// The oldest are forgotten: who asks for one of those is told that nothing is known.
void Journeys::remember_merged(const MergedAway& merged) {
    merged_away_[merged.journey] = merged;
    if (merged_away_.size() <= limits::kMergedAwayMax) return;
    const auto oldest = std::min_element(merged_away_.begin(), merged_away_.end(),
                                         [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
    services_.storage.run(
        [&store = services_.custody, old = oldest->first] {
            static_cast<void>(store.erase_merged(old));  // else it is kept a little longer
        },
        [] {});
    merged_away_.erase(oldest);
}

// Of a newer walker of that journey, which was here since, it says nothing.
const MergedAway* Journeys::merged_away(uint64_t journey) const {
    const auto it = merged_away_.find(journey);
    if (it == merged_away_.end()) return nullptr;
    const auto passed = passed_.find(journey);
    return passed != passed_.end() && passed->second.walker > it->second.walker ? nullptr : &it->second;
}

bool Journeys::tell_merged(const Address& origin, uint64_t journey) {
    const MergedAway* merged = merged_away(journey);
    if (merged == nullptr || merged->origin != origin) return false;
    box_.put(origin, news_of(*merged, services_.clock.wall()));
    return true;
}

}  // namespace aip::node
