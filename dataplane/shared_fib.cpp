#include "dataplane/shared_fib.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace aip::dataplane {

SharedFib::SharedFib(std::unique_ptr<const Fib> first) : current_(first.release()) {
    AIP_ASSERT(current_.load() != nullptr);
}

SharedFib::~SharedFib() {
    for (const Held& held : held_) AIP_ASSERT(held.fib.load() == nullptr);
    delete current_.load();
}

// The store of what is held and the second look at what is current are one order for all threads, and so are the
// writer's exchange and its look at what is held: whichever comes first, either the reader sees the new table or the
// writer sees that the old one is held.
SharedFib::Pin::Pin(SharedFib& shared, size_t reader) : held_(shared.held_[reader].fib) {
    AIP_ASSERT(reader < limits::kFibReadersMax && held_.load(std::memory_order_relaxed) == nullptr);
    do {
        fib_ = shared.current_.load();
        held_.store(fib_);
    } while (shared.current_.load() != fib_);
}

void SharedFib::publish(std::unique_ptr<const Fib> fib) {
    AIP_ASSERT(fib != nullptr);
    retired_.emplace_back(current_.exchange(fib.release()));
    std::erase_if(retired_, [this](const auto& old) { return !is_held(old.get()); });
}

bool SharedFib::is_held(const Fib* fib) const {
    return std::any_of(held_.begin(), held_.end(), [fib](const Held& held) { return held.fib.load() == fib; });
}

}  // namespace aip::dataplane
