#include "sim/event_queue.hpp"

namespace aip::sim {

bool EventQueue::run_one() {
    if (events_.empty()) return false;
    Event event = events_.top();
    events_.pop();
    now_ = event.when;
    ++count_;
    event.action();
    return true;
}

}  // namespace aip::sim
