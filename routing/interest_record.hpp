// What one node's data for one task looks like (rfc/0003 section 3): the value, its encoding, its acknowledgement.
// Sealed by its origin under kInterestDomain. Pure functions: any thread.
// Invariant: parse_interest accepts canonical single-segment Cap'n Proto within the limits and nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::routing {

inline constexpr std::string_view kInterestDomain = "interest";

struct InterestRecord {
    Address origin;
    std::string task;  // its key
    uint64_t sequence = 0;
    WallTime issued;
    WallTime expires;                    // after issued, by at most kInterestLifetimeMax
    std::vector<uint64_t> label_counts;  // at most limits::kSketchBinsMax; none: the origin has left the task
    uint64_t samples = 0;
    double samples_per_second = 0;  // measured training speed; 0: unknown

    bool withdrawn() const { return label_counts.empty(); }
    bool operator==(const InterestRecord&) const = default;
};
inline constexpr Duration kInterestLifetimeMax = Duration::seconds(24 * 3600);
inline constexpr uint64_t kCountMax = uint64_t{1} << 48;  // any count; sums of 4,096 records stay exact and in range

Result<void> check_interest(const InterestRecord& record);
Bytes encode_interest(const InterestRecord& record);  // of a record that passes check_interest
Result<InterestRecord> parse_interest(ByteView body);

// 32 bytes: origin, first 8 bytes of SHA-256(task), sequence. Says: I hold this record. Not signed: a forged one delays
// a record to one peer until the next refresh.
struct InterestAck {
    Address origin;
    uint64_t task_hash = 0;
    uint64_t sequence = 0;
    bool operator==(const InterestAck&) const = default;
};
inline constexpr size_t kInterestAckBytes = 32;
uint64_t task_hash(std::string_view task);
Bytes encode_interest_ack(const InterestAck& ack);
Result<InterestAck> parse_interest_ack(ByteView payload);

}  // namespace aip::routing
