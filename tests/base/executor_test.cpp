#include "base/executor.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace aip {
namespace {

// As the simulator's: `work` in one step, `done` in the next.
class StepExecutor final : public Executor {
public:
    void run(std::function<void()> work, std::function<void()> done) override {
        steps_.push_back(std::move(work));
        steps_.push_back(std::move(done));
    }
    void step() {
        steps_.front()();
        steps_.pop_front();
    }

private:
    std::deque<std::function<void()>> steps_;
};

TEST(Submit, CarriesMoveOnlyThingsThroughAJob) {
    StepExecutor executor;
    int seen = 0;
    submit(
        executor, [input = std::make_unique<int>(20)] { return std::make_unique<int>(*input + 1); },
        [&seen](std::unique_ptr<int> value) { seen = *value; });
    executor.step();
    EXPECT_EQ(seen, 0);
    executor.step();
    EXPECT_EQ(seen, 21);
}

}  // namespace
}  // namespace aip
