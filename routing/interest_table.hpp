// The newest interest record of every origin, by task (rfc/0003 section 3.4). Bounded in all, per origin and per task.
// Invariant: a record is replaced only by one with a higher sequence number; the sequence of an expired record is
// remembered while there is room, so that old records stay refused. Loop thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
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
    void expire(Instant now);  // drops what has expired
    Instant next_expiry() const;

    std::vector<const InterestEntry*> entries(std::string_view task) const;  // by origin; not the withdrawn ones
    const InterestEntry* find(std::string_view task, const Address& origin) const;
    uint64_t newest_sequence(std::string_view task, const Address& origin) const;  // 0: none known
    std::vector<std::string> tasks() const;                                        // that have entries
    size_t size() const { return size_; }
    uint64_t version() const { return version_; }  // rises with every change

private:
    using ByOrigin = std::map<Address, InterestEntry>;
    std::map<std::string, ByOrigin, std::less<>> tasks_;
    std::unordered_map<Address, std::map<std::string, uint64_t, std::less<>>> sequences_;
    size_t size_ = 0;
    uint64_t version_ = 0;
};

}  // namespace aip::routing
