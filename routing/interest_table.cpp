#include "routing/interest_table.hpp"

#include <algorithm>
#include <cstring>

#include "routing/token_bucket.hpp"

namespace aip::routing {
namespace {

constexpr size_t kSlotsMax = 2 * size_t{limits::kInterestRecordsMax};
constexpr Duration kTick = Duration::milliseconds(100);
// Signature checks: each origin 8 a second, 32 at once; strangers together 200 a second, 200 at once.
constexpr Duration kCheckEvery = Duration::milliseconds(125);
constexpr int64_t kCheckBurst = 32;
constexpr Duration kStrangerEvery = Duration::milliseconds(5);
constexpr int64_t kStrangerBurst = 200;

uint64_t spread(uint64_t x) {  // the finalizer of splitmix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

}  // namespace

std::optional<InterestTable::Task> InterestTable::listen(std::string_view key) {
    if (const auto known = task_of(key)) return known;
    for (Task task = 0; task < tasks_.size(); ++task) {
        if ((listened_ >> task & 1) != 0) continue;
        tasks_[task] = {std::string(key), task_ref(key), 0, 0};
        listened_ |= uint64_t{1} << task;
        return task;
    }
    return std::nullopt;
}

void InterestTable::forget(Task task) {
    for (Index i = oldest_; i != kNone;) {
        const Index after = slots_[i].newer;
        if (slots_[i].task == task) drop(i);
        i = after;
    }
    tasks_[task] = {};
    listened_ &= ~(uint64_t{1} << task);
    ++version_;
}

std::optional<InterestTable::Task> InterestTable::task_of(std::string_view key) const {
    for (Task task = 0; task < tasks_.size(); ++task)
        if ((listened_ >> task & 1) != 0 && tasks_[task].key == key) return task;
    return std::nullopt;
}

std::optional<InterestTable::Task> InterestTable::task_of(const TaskRef& ref) const {
    for (Task task = 0; task < tasks_.size(); ++task)
        if ((listened_ >> task & 1) != 0 && tasks_[task].ref == ref) return task;
    return std::nullopt;
}

std::optional<InterestTable::Task> InterestTable::task_of_short(uint64_t short_ref) const {
    for (Task task = 0; task < tasks_.size(); ++task)
        if ((listened_ >> task & 1) != 0 && this->short_ref(task) == short_ref) return task;
    return std::nullopt;
}

InterestTable::Put InterestTable::put(const InterestRecord& record, const Signed& as_it_came, Instant now) {
    const auto task = task_of(record.task);
    if (!task) return Put::kFull;
    if (slots_.empty()) epoch_ = now;
    const InterfaceId origin = record.origin.interface_id();
    Index index = slot(*task, origin);
    if (index != kNone && record.sequence <= sequence(index)) return Put::kStale;
    const bool was_live = index != kNone && slots_[index].live;
    const bool full = live_ >= limits::kInterestRecordsMax || tasks_[*task].live >= limits::kInterestMembersMax;
    if (!was_live && !record.withdrawn() && full) return Put::kFull;
    if (index == kNone) {
        if (!make_room(origin)) return Put::kFull;
        index = take_slot(*task, origin);
    } else {
        unlink(index);
    }
    renew(origins_[origin], as_it_came.credential);
    Slot& stored = slots_[index];
    fill(stored, as_it_came);
    stored.heard = static_cast<uint32_t>((now - epoch_).count_ns() / kTick.count_ns());
    stored.expired = false;
    set_live(stored, !record.withdrawn());
    append(index);
    next_expiry_ = std::min(next_expiry_, expires(stored));
    return Put::kStored;
}

// An origin has one credential. What it signed with another key cannot be passed on beside it, and is out of date: the
// node has started anew since.
void InterestTable::renew(Origin& origin, const crypto::CredentialBytes& credential) {
    if (origin.credential && *origin.credential == credential) return;
    for (Index i = origin.credential ? origin.first : kNone; i != kNone; i = slots_[i].next) {
        slots_[i].expired = true;
        set_live(slots_[i], false);
    }
    origin.credential = std::make_unique<crypto::CredentialBytes>(credential);
}

void InterestTable::fill(Slot& stored, const Signed& as_it_came) {
    constexpr size_t kSignatureWords = crypto::Signature::kSize / sizeof(uint64_t);
    stored.body_words = static_cast<uint16_t>(as_it_came.body.size() / sizeof(uint64_t));
    stored.words.reset(new uint64_t[stored.body_words + kSignatureWords]);
    std::memcpy(stored.words.get(), as_it_came.body.data(), as_it_came.body.size());
    std::memcpy(stored.words.get() + stored.body_words, as_it_came.signature.bytes.data(), crypto::Signature::kSize);
}

void InterestTable::set_live(Slot& stored, bool live) {
    const auto step = static_cast<uint32_t>(live) - static_cast<uint32_t>(stored.live);
    live_ += static_cast<size_t>(static_cast<int32_t>(step));
    tasks_[stored.task].live += step;
    if (step != 0) tasks_[stored.task].members ^= spread(static_cast<uint64_t>(stored.key().origin));
    stored.live = live;
}

// Room for one more slot of this origin; those that are only remembered make way, the longest unchanged first.
bool InterestTable::make_room(InterfaceId origin) {
    const auto known = origins_.find(origin);
    size_t of_origin = 0;
    if (known != origins_.end())
        for (Index i = known->second.first; i != kNone; i = slots_[i].next) ++of_origin;
    if (of_origin >= limits::kInterestTasksMax) return false;
    if (slots_.size() - free_.size() < kSlotsMax) return true;
    for (Index i = oldest_; i != kNone;) {
        const Index after = slots_[i].newer;
        if (!slots_[i].live) drop(i);
        i = after;
    }
    return slots_.size() - free_.size() < kSlotsMax;
}

InterestTable::Index InterestTable::take_slot(Task task, InterfaceId origin) {
    Index index = static_cast<Index>(slots_.size());
    if (free_.empty()) {
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
        slots_[index] = Slot{};
    }
    slots_[index].task = task;
    slots_[index].live = false;
    slots_[index].next = std::exchange(origins_[origin].first, index);
    return index;
}

void InterestTable::drop(Index index) {
    Slot& gone = slots_[index];
    unlink(index);
    set_live(gone, false);
    const auto origin = origins_.find(gone.key().origin);
    Index* link = &origin->second.first;
    while (*link != index) link = &slots_[*link].next;
    *link = gone.next;
    if (origin->second.first == kNone) origins_.erase(origin);
    gone.words.reset();
    gone.version = 0;
    free_.push_back(index);
}

void InterestTable::append(Index index) {
    Slot& last = slots_[index];
    last.version = ++version_;
    last.older = newest_;
    last.newer = kNone;
    (newest_ == kNone ? oldest_ : slots_[newest_].newer) = index;
    newest_ = index;
}

void InterestTable::unlink(Index index) {
    const Slot& gone = slots_[index];
    (gone.older == kNone ? oldest_ : slots_[gone.older].newer) = gone.newer;
    (gone.newer == kNone ? newest_ : slots_[gone.newer].older) = gone.older;
}

void InterestTable::expire(Instant now) {
    if (now < next_expiry_) return;
    next_expiry_ = Instant::never();
    for (Index i = oldest_; i != kNone; i = slots_[i].newer) {
        Slot& held = slots_[i];
        if (held.expired) continue;
        if (const Instant at = expires(held); at > now) {
            next_expiry_ = std::min(next_expiry_, at);
            continue;
        }
        held.expired = true;
        if (held.live) ++version_;
        set_live(held, false);
    }
}

InterestTable::Index InterestTable::slot(Task task, InterfaceId origin) const {
    const auto known = origins_.find(origin);
    if (known == origins_.end()) return kNone;
    Index i = known->second.first;
    while (i != kNone && slots_[i].task != task) i = slots_[i].next;
    return i;
}

InterestTable::Signed InterestTable::as_it_came(Index index) const {
    const Slot& held = slots_[index];
    const auto* bytes = reinterpret_cast<const uint8_t*>(held.words.get());
    const size_t body = held.body_words * sizeof(uint64_t);
    return {*credential(held.key().origin),
            {bytes, body},
            *crypto::Signature::from({bytes + body, crypto::Signature::kSize})};
}

const crypto::CredentialBytes* InterestTable::credential(InterfaceId origin) const {
    const auto known = origins_.find(origin);
    return known == origins_.end() ? nullptr : known->second.credential.get();
}

bool InterestTable::take_check(InterfaceId origin, Instant now) {
    const auto known = origins_.find(origin);
    if (known == origins_.end()) return take_token(strangers_until_, now, kStrangerEvery, kStrangerBurst);
    return take_token(known->second.checks_until, now, kCheckEvery, kCheckBurst);
}

Instant InterestTable::expires(const Slot& held) const { return heard(held) + held.key().lifetime; }

InterestEntry InterestTable::entry(const Slot& held) const {
    InterestEntry out{read_interest(held.words.get(), network_), heard(held), {}};
    out.expires = out.heard + out.record.lifetime;
    return out;
}

std::vector<InterestEntry> InterestTable::entries(std::string_view key) const {
    std::vector<InterestEntry> out;
    const auto task = task_of(key);
    if (!task) return out;
    std::vector<std::pair<InterfaceId, const Slot*>> found;
    found.reserve(tasks_[*task].live);
    for (const Slot& held : slots_)
        if (held.live && held.task == *task) found.emplace_back(held.key().origin, &held);
    std::sort(found.begin(), found.end());
    out.reserve(found.size());
    for (const auto& [origin, held] : found) out.push_back(entry(*held));
    return out;
}

std::optional<InterestEntry> InterestTable::find(std::string_view key, const Address& origin) const {
    const auto task = task_of(key);
    const Index index = task ? slot(*task, origin.interface_id()) : kNone;
    if (index == kNone || !slots_[index].live) return std::nullopt;
    return entry(slots_[index]);
}

uint64_t InterestTable::members_digest(uint64_t tasks) const {
    uint64_t digest = 0;
    for (Task task = 0; task < tasks_.size(); ++task)
        if ((tasks & listened_) >> task & 1) digest ^= spread(tasks_[task].members ^ short_ref(task));
    return digest;
}

std::vector<std::string> InterestTable::tasks() const {
    std::vector<std::string> out;
    for (const TaskEntry& task : tasks_)
        if (task.live > 0) out.push_back(task.key);
    std::sort(out.begin(), out.end());
    return out;
}

size_t InterestTable::count(std::string_view key) const {
    const auto task = task_of(key);
    return task ? tasks_[*task].live : 0;
}

}  // namespace aip::routing
