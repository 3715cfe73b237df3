#include "routing/interest_record.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/limits.hpp"
#include "base/task_key.hpp"
#include "crypto/sha256.hpp"
#include "routing/canonical.hpp"
#include "routing/interest.capnp.h"

namespace aip::routing {
namespace {

constexpr double kSpeedMax = 1e12;  // samples per second: more is a mistake or a lie

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("interest record ") + why}; }

Result<InterestRecord> read_interest(schema::Interest::Reader in) {
    InterestRecord record;
    record.origin = join_address(in.getOriginHigh(), in.getOriginLow());
    const auto task = in.getTask();
    const auto counts = in.getLabelCounts();
    if (task.size() > limits::kTaskKeyMax) return invalid("has a task key over 97 bytes");
    if (counts.size() > limits::kSketchBinsMax) return invalid("has more than 64 label counts");
    record.task.assign(task.begin(), task.end());
    record.sequence = in.getSequence();
    record.issued = WallTime::from_unix_ms(in.getIssuedMs());
    record.expires = WallTime::from_unix_ms(in.getExpiresMs());
    for (const uint64_t count : counts) record.label_counts.push_back(count);
    record.samples = in.getSamples();
    record.samples_per_second = in.getSamplesPerSecond();
    AIP_TRY(check_interest(record));
    return record;
}

}  // namespace

Result<void> check_interest(const InterestRecord& record) {
    const auto too_many = [](uint64_t count) { return count > kCountMax; };
    const auto& counts = record.label_counts;
    if (!record.origin.is_node()) return invalid("has an origin that is no node address");
    if (!is_task_key(record.task)) return invalid("needs a task key");
    if (record.sequence == 0) return invalid("has sequence 0");
    if (record.issued.unix_ms() < 0 || record.expires <= record.issued) return invalid("expires before it is issued");
    if (record.expires.unix_ms() - record.issued.unix_ms() > kInterestLifetimeMax.count_ms())
        return invalid("lives longer than a day");
    if (counts.size() > limits::kSketchBinsMax) return invalid("has more than 64 label counts");
    if (too_many(record.samples) || std::any_of(counts.begin(), counts.end(), too_many))
        return invalid("has a count above 2^48");
    if (!counts.empty() && std::accumulate(counts.begin(), counts.end(), uint64_t{0}) == 0)
        return invalid("counts no sample at all; withdraw from the task instead");
    if (!(record.samples_per_second >= 0 && record.samples_per_second <= kSpeedMax))
        return invalid("has a training speed out of range");
    return {};
}

Bytes encode_interest(const InterestRecord& record) {
    AIP_ASSERT(check_interest(record));
    return encode_canonical<schema::Interest>([&](schema::Interest::Builder out) {
        out.setOriginHigh(high_half(record.origin));
        out.setOriginLow(low_half(record.origin));
        out.setTask(record.task.c_str());
        out.setSequence(record.sequence);
        out.setIssuedMs(record.issued.unix_ms());
        out.setExpiresMs(record.expires.unix_ms());
        out.setLabelCounts(kj::arrayPtr(record.label_counts.data(), record.label_counts.size()));
        out.setSamples(record.samples);
        out.setSamplesPerSecond(record.samples_per_second);
    });
}

Result<InterestRecord> parse_interest(ByteView body) {
    return parse_canonical<schema::Interest, InterestRecord>(body, limits::kInterestRecordBytesMax, "interest record",
                                                             read_interest);
}

uint64_t task_hash(std::string_view task) { return load_be64(crypto::sha256(as_bytes(task)).bytes.data()); }

Bytes encode_interest_ack(const InterestAck& ack) {
    Bytes out;
    Writer(out).put(ack.origin.view()).u64(ack.task_hash).u64(ack.sequence);
    return out;
}

Result<InterestAck> parse_interest_ack(ByteView payload) {
    Reader in(payload);
    InterestAck ack;
    static_cast<void>(in.copy(ack.origin.bytes));
    ack.task_hash = in.u64();
    ack.sequence = in.u64();
    if (!in.done()) return Error{ErrorCode::kInvalid, "interest acknowledgement is not 32 bytes"};
    return ack;
}

}  // namespace aip::routing
