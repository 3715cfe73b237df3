// A task goes back to a version: what went on from there is given up (rfc/0008 section 8).
#include "node/journeys.hpp"

namespace aip::node {

void Journeys::rollback(Rollback order, std::function<void(Result<RolledBack>)> done) {
    ledger::HopStatement statement;
    statement.what = "rolled-back";
    statement.version = order.version;
    statement.node = services_.self();
    statement.software = settings_.software;
    statement.time = services_.clock.wall();
    statement.parameters["tag"] = order.tag;
    submit(
        services_.storage,
        [services = services_, statement = std::move(statement)] { return make_passage(services, statement); },
        [this, order = std::move(order), done = std::move(done)](Result<Passage> made) {
            if (!made) return done(made.error());
            OnJourney budget;
            budget.stops = order.stops;
            const auto begun = begin(services_.rng.next() | 1, SendOrder{made->task, order.tag, budget});
            if (!begun) return done(begun.error());  // and the ledger says nothing
            ledger_.append(std::move(made->leaf.bytes), made->leaf.version,
                           [this, order, done, record = **begun](const Result<uint64_t>& index) {
                               if (!index) return done(index.error());
                               restart(record, order, done);
                           });
        });
}

// The journeys of the task that began here, and for each a number above all its walkers.
std::map<uint64_t, uint32_t> Journeys::supersede(const std::string& task) {
    std::map<uint64_t, uint32_t> walkers;
    const auto above = [&](const routing::JourneyRecord& record) {
        if (record.task != task || record.origin != services_.self()) return;
        uint32_t& walker = walkers[record.id];
        walker = std::max(walker, record.walker + 1);
    };
    for (const auto& [id, record] : passed_) above(record);
    for (const auto& [id, entry] : entries_)
        if (entry.record && entry.custody.state != CustodyState::kEnded) above(*entry.record);
    for (const auto& [id, walker] : lookout_.supersede(task)) walkers[id] = std::max(walkers[id], walker);
    return walkers;
}

// Every member of the task is told; what the box has no room for now, at the next poll.
size_t Journeys::tell_retired() {
    size_t told = 0;
    for (; !retiring_.empty(); retiring_.pop_front()) {
        Retirement& next = retiring_.front();
        for (const routing::InterestEntry& member : interest_.entries(next.task)) {
            const Address& origin = member.record.origin;
            if (origin <= next.told || origin == services_.self()) continue;
            if (!box_.has_room()) return told;
            box_.put(origin, next.news);
            next.told = origin;
            ++told;
        }
    }
    return told;
}

// Whoever has one of them ends it; the version sets out anew.
void Journeys::restart(const routing::JourneyRecord& record, const Rollback& order,
                       const std::function<void(Result<RolledBack>)>& done) {
    const uint64_t id = record.id;
    const std::string& task = record.task;
    const std::map<uint64_t, uint32_t> walkers = supersede(task);
    for (const auto& [journey, walker] : walkers) {
        const News retire{NewsKind::kRetire, journey, walker, 0, order.version, {}, services_.clock.wall()};
        const auto here = entries_.find(journey);
        if (here != entries_.end()) here->second.obsolete = true;
        retiring_.push_back({task, retire, {}});
    }
    const Instant now = services_.clock.now();
    Entry entry;
    entry.custody.id = id;
    entry.custody.version = order.version;
    entry.custody.task = task;
    entry.custody.name = order.tag;
    entry.record = record;
    entry.part = next_part_++;
    Entry& placed = entries_.emplace(id, std::move(entry)).first->second;
    lookout_.watch(id, task, now);
    if (plan(placed, OnJourney{}, now) && placed.record->next) {
        const std::string why = "rolled back to " + order.tag + "; " + placed.record->next->why;
        placed.record->next->why = why.substr(0, limits::kJourneyWhyMax);
    }
    reseal(placed);
    settle(id, placed, [done, answer = RolledBack{id, walkers.size()}](const Result<void>& written) {
        if (written)
            done(answer);
        else
            done(written.error());
    });
}

}  // namespace aip::node
