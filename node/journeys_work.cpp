// What programs do with models, first part: start one.
#include "base/task_key.hpp"
#include "node/journeys.hpp"
#include "node/new_version.hpp"

namespace aip::node {
namespace {

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

}  // namespace

// The record of the journey that is ordered, none for a model that goes to one node; an error if it cannot begin. What
// the sender asks for lowers the budget of the task.
Result<std::optional<routing::JourneyRecord>> Journeys::begin(uint64_t id, const SendOrder& order) const {
    if (const auto* to = std::get_if<Address>(&order.to)) {
        if (routes_.to(*to) != nullptr) return std::optional<routing::JourneyRecord>();
        return Error{ErrorCode::kUnreachable, "no route to " + to->text() + "; see 'aipctl routes'"};
    }
    const auto& asked = std::get<OnJourney>(order.to);
    const routing::TaskRecord rules = tasks_.rules(order.task);
    const auto least = [](auto a, auto b) { return b == decltype(b){} ? a : a == decltype(a){} ? b : std::min(a, b); };
    routing::JourneyStart start{id, order.task, asked.policy, services_.self(), 0, {}};
    if (start.policy.empty()) start.policy = asked.itinerary.empty() ? rules.weights.policy : "itinerary";
    if (asked.itinerary.empty() != (start.policy != "itinerary"))
        return Error{ErrorCode::kInvalid,
                     "policy itinerary and a list of stops need each other: --itinerary NODE,NODE"};
    start.itinerary = asked.itinerary;
    start.stops = least(rules.budget.stops, asked.stops);
    if (start.stops == 0) start.stops = static_cast<uint32_t>(asked.itinerary.size());
    start.wire_bytes = least(rules.budget.wire_bytes, asked.wire_bytes);
    start.time = least(rules.budget.time, asked.time);
    start.created = services_.clock.wall();
    if (start.stops == 0 && (start.wire_bytes > 0 || start.time > Duration{})) start.stops = routing::kStopsUnlimited;
    if (start.stops == 0)
        return Error{ErrorCode::kInvalid, "task '" + order.task + "' sets no budget: say --stops, --bytes or --time"};
    AIP_ASSIGN(auto record, routing::start_journey(std::move(start)));
    AIP_TRY(routing::make_policy(record.policy));
    if (interest_.count(order.task) == 0)
        return Error{ErrorCode::kNotFound, "nobody we know of serves task '" + order.task +
                                               "'; start a trainer program on a node, then see 'aipctl interest'"};
    return std::optional(std::move(record));
}

void Journeys::send(SessionId session, SendOrder order, std::unique_ptr<model::Source> file, SendProgress progress,
                    std::function<void(Result<SentModel>)> done) {
    if (!is_task_key(order.task))
        return done(
            Error{ErrorCode::kInvalid, "task name '" + order.task + "' is not 1 to 64 characters of a-z 0-9 . _ -"});
    const uint64_t id = services_.rng.next() | 1;
    auto record = begin(id, order);
    if (!record) return done(record.error());
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
    statement.journey = *record ? id : 0;
    model::ManifestFields fields{{}, order.task, {}};
    ++landing_;
    Waiter waiter{session, std::move(progress), std::move(done), services_.clock.now(), file->size()};
    ledger_.record<NewVersion>(
        [services = services_, importing, statement, fields,
         source = std::make_shared<CancellableSource>(std::move(file), importing->cancelled)] {
            return make_version(services, *source, fields, statement,
                                [&](uint64_t bytes, uint64_t) { importing->done.store(bytes); });
        },
        [this, id, importing, order = std::move(order), record = std::move(*record),
         waiter = std::move(waiter)](const Result<NewVersion>& made) mutable {
            importing_.erase(id);
            --landing_;
            if (!made) return waiter.done(made.error());
            if (importing->cancelled.load()) return waiter.done(cancelled());
            Entry entry;
            entry.custody.id = id;
            entry.custody.version = made->manifest.id();
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
        lookout_.watch(id, placed.custody.task, now);
        if (!plan(placed, to, now)) reseal(placed);
    } else {
        placed.custody.state = CustodyState::kOutbound;
        placed.custody.to = std::get<Address>(to);
        placed.custody.transfer = id;
    }
    settle(id, placed, [](const Result<void>&) {});
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
