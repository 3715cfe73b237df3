// An Executor whose jobs wait until the test lets them run.
#pragma once

#include <deque>

#include "base/executor.hpp"

namespace aip::ledger {

class ManualExecutor final : public Executor {
public:
    void run(std::function<void()> work, std::function<void()> done) override {
        jobs_.push_back({std::move(work), std::move(done)});
    }
    size_t jobs() const { return jobs_.size(); }
    void run_one() {
        const auto [work, done] = std::move(jobs_.front());
        jobs_.pop_front();
        work();
        done();
    }
    void run_all() {
        while (!jobs_.empty()) run_one();
    }

private:
    std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs_;
};

}  // namespace aip::ledger
