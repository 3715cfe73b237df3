#include "node/tasks.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "routing/next_stop.hpp"

namespace aip::node {
namespace {

constexpr uint8_t kFormat = 1;
const std::string kPrefix = "task/";

std::string key_of(const routing::TaskTag& tag) { return kPrefix + tag.hex(); }

std::string encode(const KnownTask& known) {
    Bytes out;
    Writer(out)
        .u8(kFormat)
        .u8(static_cast<uint8_t>(known.membership))
        .u64(static_cast<uint64_t>(known.learnt.unix_ms()))
        .u64(static_cast<uint64_t>(known.since.unix_ms()))
        .put(known.task.sealed);
    return std::string(as_text(out));
}

Error no_task(std::string_view text) {
    return {ErrorCode::kNotFound, "no task '" + std::string(text) + "' is known here; see 'aipctl task list'"};
}

Error ambiguous(std::string_view text, const std::vector<const KnownTask*>& tasks) {
    std::string list;
    for (const KnownTask* known : tasks)
        list += (list.empty() ? "" : ", ") + known->task.key.substr(0, known->task.key.find('@') + 9) + " by " +
                known->task.creator.address.text();
    return {ErrorCode::kInvalid, "task '" + std::string(text) + "' is ambiguous; say which: " + list};
}

Error no_name(std::string_view text) {
    return {ErrorCode::kInvalid, "task '" + std::string(text) +
                                     "': say a name of 1 to 64 characters of a-z 0-9 . _ -, or NAME@ and digits of a "
                                     "created task"};
}

}  // namespace

bool KnownTask::lists(const Address& node) const {
    const auto& members = task.record.admission.members;
    return members.empty() || std::binary_search(members.begin(), members.end(), node);
}

TaskBook::TaskBook(const Services& services, crypto::Verifier& verifier, const routing::TaskRecord& open,
                   Changed changed)
    : services_(services), verifier_(verifier), open_(open), changed_(std::move(changed)) {}

Result<void> TaskBook::load() {
    AIP_ASSIGN(const auto pairs, services_.state.scan(kPrefix));
    for (const auto& [name, value] : pairs) {
        Reader in(as_bytes(value));
        const uint8_t format = in.u8();
        const uint8_t membership = in.u8();
        const auto learnt = WallTime::from_unix_ms(static_cast<int64_t>(in.u64()));
        const auto since = WallTime::from_unix_ms(static_cast<int64_t>(in.u64()));
        // Checked when it came; a certificate that has expired since must not keep this node from starting.
        auto task = routing::open_task(in.view(in.remaining()), verifier_, learnt);
        if (format != kFormat || in.failed() || membership > 2 || !task)
            return Error{ErrorCode::kCorrupt, "state database: " + name + " is damaged; restore it from a backup"};
        if (task->creator.address == services_.self()) {  // under the certificate of now, so that others can check it
            AIP_ASSIGN(*task, routing::seal_task(task->record, services_.signer));
        }
        const routing::TaskTag tag = routing::task_tag(task->id);
        known_.emplace(tag, KnownTask{std::move(*task), static_cast<Membership>(membership), learnt, since});
    }
    return {};
}

void TaskBook::create(routing::TaskRecord rules, std::function<void(Result<std::string>)> done) {
    rules.created = services_.clock.wall();
    auto task = routing::seal_task(rules, services_.signer);
    if (!task) return done(task.error());
    if (const auto policy = routing::make_policy(rules.weights.policy); !policy) return done(policy.error());
    if (known_.size() + saving_ >= limits::kTasksMax)
        return done(Error{ErrorCode::kNoSpace, "this node knows 256 tasks and has no room for another"});
    save({std::move(*task), Membership::kJoined, rules.created, rules.created}, std::move(done));
}

void TaskBook::join(const std::string& text, std::function<void(Result<std::string>)> done) {
    set_membership(text, Membership::kJoined, std::move(done));
}

void TaskBook::leave(const std::string& text, std::function<void(Result<std::string>)> done) {
    set_membership(text, Membership::kLeft, std::move(done));
}

void TaskBook::set_membership(const std::string& text, Membership membership,
                              std::function<void(Result<std::string>)> done) {
    const auto found = find_created(text);
    if (!found) return done(found.error());
    const KnownTask& known = **found;
    const bool joins = membership == Membership::kJoined;
    if (known.joined() == joins) {
        if (joins) return done(known.task.key);
        return done(Error{ErrorCode::kInvalid, "this node has not joined task '" + known.task.key + "'"});
    }
    if (joins && !known.lists(services_.self()))
        return done(Error{ErrorCode::kDenied, "task '" + known.task.key +
                                                  "' is for the members its record lists, and " +
                                                  services_.self().text() + " is none of them"});
    KnownTask next = known;
    next.membership = membership;
    next.since = services_.clock.wall();
    save(std::move(next), std::move(done));
}

// Durable first, then in the book.
void TaskBook::save(KnownTask next, std::function<void(Result<std::string>)> done) {
    ++saving_;
    KvBatch batch;
    batch.put(key_of(routing::task_tag(next.task.id)), encode(next));
    submit(
        services_.storage, [&state = services_.state, batch] { return state.write(batch, true); },
        [this, next = std::move(next), done = std::move(done)](const Result<void>& written) mutable {
            --saving_;
            if (!written) {
                services_.host.fatal(written.error());
                return done(written.error());
            }
            KnownTask& known = known_[routing::task_tag(next.task.id)];
            known = std::move(next);
            changed_(known);
            done(known.task.key);
        });
}

void TaskBook::learn(ByteView sealed, std::string_view key) {
    if (find(key) != nullptr) return;
    const WallTime wall = services_.clock.wall();
    auto task = routing::open_task(sealed, verifier_, wall);
    if (!task || task->key != key || !has_room(task->record, task->creator.address)) return;
    put(std::move(*task), services_.clock.now(), wall);
}

std::vector<routing::TaskTag> TaskBook::tags() const {
    std::vector<routing::TaskTag> tags;
    for (const auto& [tag, known] : known_) tags.push_back(tag);
    return tags;
}

const routing::SignedTask* TaskBook::record(const routing::TaskTag& tag) const {
    const auto it = known_.find(tag);
    return it == known_.end() ? nullptr : &it->second.task;
}

size_t TaskBook::strangers_of(const Address& creator) const {
    return static_cast<size_t>(std::count_if(known_.begin(), known_.end(), [&](const auto& item) {
        return item.second.membership == Membership::kNone && item.second.task.creator.address == creator;
    }));
}

const KnownTask* TaskBook::oldest_of(const Address& creator) const {
    const KnownTask* oldest = nullptr;
    for (const auto& [tag, known] : known_) {
        if (known.membership != Membership::kNone || known.task.creator.address != creator) continue;
        if (oldest == nullptr || known.task.record.created < oldest->task.record.created) oldest = &known;
    }
    return oldest;
}

// A creator's share is full: its newest tasks stay, wherever and in whatever order they came.
bool TaskBook::has_room(const routing::TaskRecord& record, const Address& creator) const {
    if (strangers_of(creator) >= limits::kTasksOfCreatorMax)
        return record.created > oldest_of(creator)->task.record.created;
    return known_.size() + saving_ < limits::kTasksMax;
}

void TaskBook::put(routing::SignedTask task, Instant, WallTime wall) {
    KvBatch batch;
    if (strangers_of(task.creator.address) >= limits::kTasksOfCreatorMax) {
        const routing::TaskTag old = routing::task_tag(oldest_of(task.creator.address)->task.id);
        batch.erase(key_of(old));
        known_.erase(old);
    }
    const routing::TaskTag tag = routing::task_tag(task.id);
    KnownTask& known = known_[tag];
    known = {std::move(task), Membership::kNone, wall, {}};
    batch.put(key_of(tag), encode(known));
    services_.storage.run([&state = services_.state, batch] { static_cast<void>(state.write(batch, false)); }, [] {});
    changed_(known);
}

std::vector<const KnownTask*> TaskBook::named(std::string_view text) const {
    std::vector<const KnownTask*> found;
    const std::string_view name = task_name(text);
    const std::string_view digits = task_digits(text);
    for (const auto& [tag, known] : known_)
        if (known.task.record.name == name && task_digits(known.task.key).starts_with(digits)) found.push_back(&known);
    return found;
}

Result<std::string> TaskBook::resolve(std::string_view text) const {
    const std::string_view name = task_name(text);
    if (!is_task_name(name)) return no_name(text);
    auto found = named(text);
    if (found.empty()) {
        if (name.size() == text.size()) return std::string(text);
        return no_task(text);
    }
    const auto joined = [](const KnownTask* known) { return known->joined(); };
    if (std::count_if(found.begin(), found.end(), joined) == 1)
        return (*std::find_if(found.begin(), found.end(), joined))->task.key;
    if (found.size() > 1) return ambiguous(text, found);
    return found.front()->task.key;
}

Result<std::string> TaskBook::resolve_for_program(std::string_view text) const {
    const std::string_view name = task_name(text);
    if (name.size() != text.size()) return resolve(text);
    if (!is_task_name(name)) return no_name(text);
    std::vector<const KnownTask*> joined;
    const KnownTask* left = nullptr;
    for (const KnownTask* known : named(text)) {
        if (known->joined()) joined.push_back(known);
        if (known->membership == Membership::kLeft && (left == nullptr || known->since > left->since)) left = known;
    }
    if (joined.size() > 1) return ambiguous(text, joined);
    if (joined.size() == 1) return joined.front()->task.key;
    return left != nullptr ? left->task.key : std::string(text);
}

Result<const KnownTask*> TaskBook::find_created(const std::string& text) const {
    AIP_ASSIGN(const std::string key, resolve(text));
    const KnownTask* known = find(key);
    if (known != nullptr) return known;
    return Error{ErrorCode::kNotFound,
                 "nobody we know of has created a task '" + text +
                     "'; see 'aipctl task list'. An open task needs no joining: programs bind to it"};
}

const KnownTask* TaskBook::find(std::string_view key) const {
    const auto tag = routing::TaskTag::parse_hex(task_digits(key));
    if (!tag) return nullptr;
    const auto it = known_.find(*tag);
    return it != known_.end() && it->second.task.key == key ? &it->second : nullptr;
}

bool TaskBook::takes_part(std::string_view key) const {
    if (task_digits(key).empty()) return true;
    const KnownTask* known = find(key);
    return known != nullptr && known->joined();
}

routing::TaskRecord TaskBook::rules(std::string_view key) const {
    const KnownTask* known = find(key);
    if (known != nullptr) return known->task.record;
    routing::TaskRecord rules = open_;
    rules.name = task_name(key);
    return rules;
}

Result<void> TaskBook::fits(std::string_view key, const routing::Sketch& sketch) const {
    const KnownTask* known = find(key);
    if (known == nullptr || known->task.record.sketch.size == 0) return {};
    const routing::SketchShape& shape = known->task.record.sketch;
    const bool labels = shape.kind == routing::SketchShape::Kind::kLabels;
    const size_t has = labels ? sketch.labels.size() : sketch.moments.sum.size();
    if (has == shape.size) return {};
    return Error{ErrorCode::kInvalid, "task '" + std::string(key) + "' is about " + std::to_string(shape.size) +
                                          (labels ? " classes" : " features") + ", and this data says " +
                                          std::to_string(has)};
}

Result<void> TaskBook::admit(std::string_view key, uint64_t bytes, bool journey) const {
    const auto denied = [&](const std::string& why) {
        return Error{ErrorCode::kDenied, "task '" + std::string(key) + "' " + why};
    };
    if (journey && !takes_part(key)) return denied("is not joined here; see 'aipctl task join'");
    const KnownTask* known = find(key);
    if (known == nullptr) return {};
    if (journey && !known->lists(services_.self())) return denied("does not list this node as a member");
    const uint64_t most = known->task.record.admission.model_bytes_max;
    if (most != 0 && bytes > most)
        return denied("takes models of up to " + std::to_string(most) + " bytes, this one has " +
                      std::to_string(bytes));
    return {};
}

}  // namespace aip::node
