#include "ledger/scrubber.hpp"

#include <algorithm>

namespace aip::ledger {
namespace {

constexpr Duration kPauseMin = Duration::seconds(1);
constexpr int64_t kStepsMax = Scrubber::kRound.count_ns() / kPauseMin.count_ns();

}  // namespace

Scrubber::Scrubber(LogCheck check, Executor& storage, Instant now, std::function<void(std::string_view)> say)
    : check_(std::make_shared<LogCheck>(std::move(check))),
      storage_(storage),
      say_(std::move(say)),
      next_(now + kFirst) {}

size_t Scrubber::poll(Instant now) {
    if (now < next_) return 0;
    next_ = now + kRound;  // until the step is done
    submit(
        storage_,
        [check = check_, entries = step_entries_] {
            const bool over = check->step(entries);
            return Step{over, check->size(), check->problems(), check->first_problems()};
        },
        [this, now](const Step& step) { took(step, now); });
    return 1;
}

void Scrubber::took(const Step& step, Instant began) {
    step_entries_ = std::max(kStepEntries, step.size / kStepsMax + 1);
    const auto steps = static_cast<int64_t>(step.size / step_entries_) + 1;
    next_ = began + std::max(kPauseMin, kRound / steps);
    if (!step.over) return;
    ++rounds_;
    damaged_ = step.problems;
    if (damaged_ == 0) return;
    for (const std::string& problem : step.first_problems) say_("ledger is damaged: " + problem);
    say_("ledger: " + std::to_string(damaged_) + " damaged places; restore it from a backup: aipctl ledger restore");
}

}  // namespace aip::ledger
