#include "routing/interest_table.hpp"

#include <algorithm>

namespace aip::routing {
namespace {

constexpr size_t kSlotsMax = 2 * size_t{limits::kInterestRecordsMax};

bool live(const InterestEntry& entry) { return !entry.record.withdrawn(); }

}  // namespace

InterestTable::Put InterestTable::put(InterestRecord record, Instant now, Instant expires) {
    const InterestEntry* entry = slot(record.task, record.origin);
    if (entry != nullptr && record.sequence <= entry->record.sequence) return Put::kStale;
    const bool was_live = entry != nullptr && live(*entry);
    if (!was_live && !record.withdrawn() && live_ >= limits::kInterestRecordsMax) return Put::kFull;
    if (entry == nullptr) {
        if (slots_ >= kSlotsMax) forget_empty();
        if (slots_ >= kSlotsMax || !has_room(record.origin)) return Put::kFull;
        ++slots_;
    }
    const bool is_live = !record.withdrawn();
    live_ = live_ - (was_live ? 1 : 0) + (is_live ? 1 : 0);
    if (is_live) next_expiry_ = std::min(next_expiry_, expires);
    InterestEntry& stored = tasks_[record.task][record.origin];
    stored = {std::move(record), now, expires};
    ++version_;
    return Put::kStored;
}

const InterestEntry* InterestTable::slot(std::string_view task, const Address& origin) const {
    const auto by_origin = tasks_.find(task);
    if (by_origin == tasks_.end()) return nullptr;
    const auto it = by_origin->second.find(origin);
    return it == by_origin->second.end() ? nullptr : &it->second;
}

bool InterestTable::has_room(const Address& origin) const {
    const auto of_origin =
        std::count_if(tasks_.begin(), tasks_.end(), [&](const auto& task) { return task.second.contains(origin); });
    return of_origin < static_cast<long>(limits::kInterestTasksMax);
}

void InterestTable::forget_empty() {
    for (auto& [task, by_origin] : tasks_)
        slots_ -= std::erase_if(by_origin, [](const auto& item) { return !live(item.second); });
    std::erase_if(tasks_, [](const auto& item) { return item.second.empty(); });
}

void InterestTable::expire(Instant now) {
    if (now < next_expiry_) return;
    next_expiry_ = Instant::never();
    for (auto& [task, by_origin] : tasks_) {
        for (auto& [origin, entry] : by_origin) {
            if (!live(entry)) continue;
            if (entry.expires > now) {
                next_expiry_ = std::min(next_expiry_, entry.expires);
                continue;
            }
            entry.record.label_counts = {};
            --live_;
            ++version_;
        }
    }
}

std::vector<const InterestEntry*> InterestTable::entries(std::string_view task) const {
    std::vector<const InterestEntry*> out;
    const auto by_origin = tasks_.find(task);
    if (by_origin == tasks_.end()) return out;
    for (const auto& [origin, entry] : by_origin->second) {
        if (live(entry)) out.push_back(&entry);
    }
    return out;
}

const InterestEntry* InterestTable::find(std::string_view task, const Address& origin) const {
    const InterestEntry* entry = slot(task, origin);
    return entry != nullptr && live(*entry) ? entry : nullptr;
}

const InterestRecord* InterestTable::last(std::string_view task, const Address& origin) const {
    const InterestEntry* entry = slot(task, origin);
    return entry != nullptr ? &entry->record : nullptr;
}

std::vector<std::string> InterestTable::tasks() const {
    std::vector<std::string> out;
    for (const auto& [task, by_origin] : tasks_) {
        if (std::any_of(by_origin.begin(), by_origin.end(), [](const auto& item) { return live(item.second); }))
            out.push_back(task);
    }
    return out;
}

}  // namespace aip::routing
