// Executor: where slow work (hashing, files, fsync) goes. `work` runs elsewhere and must touch nothing of the
// loop's; `done` runs later on the loop. Jobs of one executor run in the order given. The daemon has a storage
// thread, the simulator an event; a crash between the two means `done` never runs although `work` may have.
#pragma once

#include <functional>

namespace aip {

class Executor {
public:
    virtual ~Executor() = default;
    virtual void run(std::function<void()> work, std::function<void()> done) = 0;
};

}  // namespace aip
