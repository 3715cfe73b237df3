// SharedFib: the table in force, replaced without stopping anybody who reads it. One writer publishes; each reader (a
// thread that forwards packets) pins the table for one burst and sees that one throughout. An old table is freed by a
// later publish() once no reader has it pinned.
//
// Each reader says what it holds in a word of its own (a hazard pointer): pinning costs one fenced store a burst, a
// reader that sleeps holds nothing, and at most one old table per reader waits to be freed. Threads: publish() and
// current() belong to the writer, Pin to its reader; a reader pins once at a time.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/limits.hpp"
#include "dataplane/fib.hpp"

namespace aip::dataplane {

class SharedFib {
public:
    explicit SharedFib(std::unique_ptr<const Fib> first);
    ~SharedFib();
    SharedFib(const SharedFib&) = delete;
    SharedFib& operator=(const SharedFib&) = delete;

    void publish(std::unique_ptr<const Fib> fib);
    const Fib& current() const { return *current_.load(std::memory_order_relaxed); }
    size_t waiting() const { return retired_.size(); }  // old tables that were still pinned at the last publish()

    class Pin {
    public:
        Pin(SharedFib& shared, size_t reader);
        ~Pin() { held_.store(nullptr, std::memory_order_release); }
        Pin(const Pin&) = delete;
        Pin& operator=(const Pin&) = delete;

        const Fib& operator*() const { return *fib_; }
        const Fib* operator->() const { return fib_; }

    private:
        std::atomic<const Fib*>& held_;
        const Fib* fib_;
    };

private:
    struct alignas(64) Held {
        std::atomic<const Fib*> fib{nullptr};
    };
    bool is_held(const Fib* fib) const;

    std::atomic<const Fib*> current_;
    std::array<Held, limits::kFibReadersMax> held_;
    std::vector<std::unique_ptr<const Fib>> retired_;
};

}  // namespace aip::dataplane
