// Scrubber: reads the whole ledger again once a day, a little at a time (LogCheck), so that damage is found before
// somebody needs the entry. A step reads kStepEntries, more only in a log too large for one step a second; the pause
// between steps spreads a round over the day. What it finds is said and counted; nothing is repaired, and a damaged
// entry is refused when it is asked for anyway.
// Timer: next_wakeup(). poll() and `say` belong to the loop, reading to the storage executor, one step at a time.
#pragma once

#include <functional>

#include "base/executor.hpp"
#include "base/time.hpp"
#include "ledger/log_check.hpp"

namespace aip::ledger {

class Scrubber {
public:
    static constexpr uint64_t kStepEntries = 64;
    static constexpr Duration kRound = Duration::seconds(24 * 3600);
    static constexpr Duration kFirst = Duration::seconds(600);  // after start

    Scrubber(LogCheck check, Executor& storage, Instant now, std::function<void(std::string_view)> say);

    size_t poll(Instant now);  // 1 if it began a step
    Instant next_wakeup() const { return next_; }
    uint64_t rounds() const { return rounds_; }
    uint64_t damaged() const { return damaged_; }  // places, in the last whole round

private:
    struct Step {
        bool over = false;
        uint64_t size = 0;
        uint64_t problems = 0;
        std::vector<std::string> first_problems;
    };
    void took(const Step& step, Instant began);

    std::shared_ptr<LogCheck> check_;  // also of a step that is under way
    Executor& storage_;
    std::function<void(std::string_view)> say_;
    Instant next_;
    uint64_t step_entries_ = kStepEntries;
    uint64_t rounds_ = 0;
    uint64_t damaged_ = 0;
};

}  // namespace aip::ledger
