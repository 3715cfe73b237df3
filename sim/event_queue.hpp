// EventQueue: simulated time. Events run in order of time, and of being scheduled where times are equal, so one seed
// gives one run. An event may schedule others, also for now. Single thread; nothing here knows what an event does.
#pragma once

#include <functional>
#include <vector>

#include "base/time.hpp"

namespace aip::sim {

class EventQueue final : public Clock {
public:
    // 2026-01-01: certificates of simulated nodes are valid around it.
    static constexpr int64_t kWallStartMs = 1'767'225'600'000;

    void at(Instant when, std::function<void()> action);
    void after(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

    bool run_one();  // false: nothing is scheduled
    uint64_t count() const { return count_; }

    Instant now() const override { return now_; }
    WallTime wall() const override { return WallTime::from_unix_ms(kWallStartMs + now_.ns() / 1'000'000); }

private:
    struct Event {
        Instant when;
        uint64_t order = 0;
        std::function<void()> action;
        bool operator<(const Event& o) const { return when != o.when ? when > o.when : order > o.order; }
    };
    std::vector<Event> events_;  // a heap, the next event first; std::priority_queue would copy what it gives out
    Instant now_ = Instant::from_ns(1'000'000'000);
    uint64_t next_ = 0;
    uint64_t count_ = 0;
};

}  // namespace aip::sim
