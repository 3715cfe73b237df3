// Executor: where slow work (hashing, files, fsync) goes. `work` runs elsewhere and must touch nothing of the
// loop's; `done` runs later on the loop. Jobs of one executor run in the order given. The daemon has a storage
// thread, the simulator an event; a crash between the two means `done` never runs although `work` may have.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace aip {

class Executor {
public:
    virtual ~Executor() = default;
    virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

// Runs work() on the executor and hands what it returns to done() on the loop. Both may own move-only things.
template <class Work, class Done>
void submit(Executor& executor, Work work, Done done) {
    using Value = std::invoke_result_t<Work>;
    struct Job {
        Work work;
        Done done;
        std::optional<Value> value;
    };
    auto job = std::make_shared<Job>(Job{std::move(work), std::move(done), std::nullopt});
    executor.run([job] { job->value.emplace(job->work()); }, [job] { job->done(std::move(*job->value)); });
}

}  // namespace aip
