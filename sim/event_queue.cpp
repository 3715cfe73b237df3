#include "sim/event_queue.hpp"

#include <algorithm>

namespace aip::sim {

void EventQueue::at(Instant when, std::function<void()> action) {
    events_.push_back({when < now_ ? now_ : when, next_++, std::move(action)});
    std::push_heap(events_.begin(), events_.end());
}

bool EventQueue::run_one() {
    if (events_.empty()) return false;
    std::pop_heap(events_.begin(), events_.end());
    const Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.when;
    ++count_;
    event.action();
    return true;
}

}  // namespace aip::sim
