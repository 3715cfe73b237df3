// What is due when: a heap of (time, what, which). An object keeps its earliest entry in an Instant of its own
// (`armed`), so arming for later costs nothing and entries that were overtaken are skipped when they surface. An object
// that is gone leaves an entry behind, which finds nobody. Loop thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.hpp"

namespace aip::routing::babel {

class Agenda {
public:
    enum class What : uint8_t { kInterface, kNeighbour, kDestination, kTriggered, kSettled };
    struct Entry {
        Instant at;
        What what;
        uint64_t key;
    };

    void arm(Instant& armed, Instant at, What what, uint64_t key) {
        if (at >= armed) return;
        armed = at;
        heap_.push_back({at, what, key});
        std::push_heap(heap_.begin(), heap_.end(), later);
    }
    std::optional<Entry> take_due(Instant now) {
        if (heap_.empty() || heap_.front().at > now) return std::nullopt;
        std::pop_heap(heap_.begin(), heap_.end(), later);
        const Entry due = heap_.back();
        heap_.pop_back();
        return due;
    }
    Instant next() const { return heap_.empty() ? Instant::never() : heap_.front().at; }

private:
    static bool later(const Entry& a, const Entry& b) { return a.at > b.at; }
    std::vector<Entry> heap_;
};

}  // namespace aip::routing::babel
