// The newest interest record of every origin, by task (rfc/0003 section 3.4). Bounded in all and per origin.
// Invariants: a record is replaced only by one with a higher sequence number; a record that was withdrawn or has
// expired leaves an empty slot that remembers its sequence while there is room, so that older ones stay refused. Loop
// thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "routing/interest_record.hpp"

namespace aip::routing {

struct InterestEntry {
    InterestRecord record;
    Instant heard;
    Instant expires;  // on our own monotonic clock
};

class InterestTable {
public:
    enum class Put : uint8_t { kStored, kStale, kFull };

    Put put(InterestRecord record, Instant now, Instant expires);
    void expire(Instant now);
    Instant next_expiry() const { return next_expiry_; }  // never later than the true one

    std::vector<const InterestEntry*> entries(std::string_view task) const;  // by origin; not the withdrawn ones
    const InterestEntry* find(std::string_view task, const Address& origin) const;
    // The last record of this origin for this task, withdrawn and expired ones too: null if none is remembered.
    const InterestRecord* last(std::string_view task, const Address& origin) const;
    std::vector<std::string> tasks() const;  // that have entries
    size_t size() const { return live_; }
    uint64_t version() const { return version_; }  // rises with every change

private:
    using ByOrigin = std::map<Address, InterestEntry>;

    const InterestEntry* slot(std::string_view task, const Address& origin) const;
    bool has_room(const Address& origin) const;
    void forget_empty();

    std::map<std::string, ByOrigin, std::less<>> tasks_;
    size_t slots_ = 0;
    size_t live_ = 0;
    Instant next_expiry_ = Instant::never();
    uint64_t version_ = 0;
};

}  // namespace aip::routing
