// What one node's data for one task looks like (rfc/0010 section 3): the value and its encoding. Signed by its origin
// under kInterestDomain. Pure functions: any thread.
//
// On the wire counts are whole multiples of a power of two that lets the largest fit 32 bits, moments are means and
// variances, and real numbers have 32 bits. Invariant: parse_interest accepts canonical single-segment Cap'n Proto
// within the limits and nothing else; read_interest* read again what parse_interest has accepted, without checks.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "routing/sketch.hpp"

namespace aip::routing {

inline constexpr std::string_view kInterestDomain = "interest";

using TaskRef = FixedBytes<struct TaskRefTag, 16>;  // of a task key
TaskRef task_ref(std::string_view key);

struct InterestRecord {
    Address origin;
    TaskRef task;
    uint64_t sequence = 0;
    WallTime issued;
    Duration lifetime;  // whole seconds, at most kInterestLifetimeMax
    Sketch sketch;      // empty: the origin has left the task
    uint64_t samples = 0;
    double samples_per_second = 0;  // measured training speed; 0: unknown
    uint64_t memory_bytes = 0;      // for models, whole MiB; 0: not said
    uint32_t queue = 0;             // models that wait there, 65,535 or more as 65,535
    uint32_t degree = 0;            // members that are its neighbours, as with the queue; 0: unknown
    uint64_t last_version = 0;      // first 8 bytes of the version it saw last; 0: none
    double epsilon = 0;             // the sketch is private with this budget; 0: exact

    bool withdrawn() const { return sketch.empty(); }
    WallTime expires() const { return issued + lifetime; }
    bool operator==(const InterestRecord&) const = default;
};
inline constexpr Duration kInterestLifetimeMax = Duration::seconds(24 * 3600);
inline constexpr uint64_t kCountMax = kSketchCountMax;

Result<void> check_interest(const InterestRecord& record);
Bytes encode_interest(const InterestRecord& record);  // of a record that passes check_interest
Result<InterestRecord> parse_interest(ByteView body, const NetworkId& network);
InterestRecord read_interest(const uint64_t* words, const NetworkId& network);
struct InterestKey {
    InterfaceId origin;
    uint64_t sequence;
    Duration lifetime;
};
InterestKey read_interest_key(const uint64_t* words);

}  // namespace aip::routing
