#include "routing/interest_record.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/limits.hpp"
#include "crypto/sha256.hpp"
#include "routing/canonical.hpp"
#include "routing/interest.capnp.h"

namespace aip::routing {
namespace {

constexpr double kSpeedMax = 1e12;  // samples per second: more is a mistake or a lie
constexpr double kEpsilonMax = 1e6;
constexpr uint64_t kMib = 1 << 20;
constexpr uint8_t kShiftMax = 31;

Error invalid(const char* why) { return {ErrorCode::kInvalid, std::string("interest record ") + why}; }

// Counts are sent in units of 2^shift, so that the largest fits 32 bits.
uint8_t shift_of(const std::vector<uint64_t>& counts) {
    const uint64_t largest = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
    return static_cast<uint8_t>(std::max(0, static_cast<int>(std::bit_width(largest)) - 32));
}

void write_sketch(const Sketch& sketch, schema::Interest::Sketch::Builder out) {
    if (!sketch.labels.empty()) {
        auto labels = out.initLabels();
        const uint8_t shift = shift_of(sketch.labels);
        labels.setShift(shift);
        auto counts = labels.initCounts(static_cast<uint32_t>(sketch.labels.size()));
        for (uint32_t i = 0; i < counts.size(); ++i) counts.set(i, static_cast<uint32_t>(sketch.labels[i] >> shift));
        return;
    }
    const Moments& from = sketch.moments;
    if (from.sum.empty()) return out.setNone();
    auto moments = out.initMoments();
    moments.setCount(from.count);
    auto means = moments.initMeans(static_cast<uint32_t>(from.sum.size()));
    auto variances = moments.initVariances(static_cast<uint32_t>(from.sum.size()));
    const double n = std::max<double>(static_cast<double>(from.count), 1);
    for (uint32_t i = 0; i < means.size(); ++i) {
        const double mean = from.sum[i] / n;
        means.set(i, static_cast<float>(mean));
        variances.set(i, static_cast<float>(std::max(from.squares[i] / n - mean * mean, 0.0)));
    }
}

Sketch read_sketch(schema::Interest::Sketch::Reader in) {
    Sketch sketch;
    if (in.isLabels()) {
        const auto counts = in.getLabels().getCounts();
        sketch.labels.reserve(counts.size());
        for (const uint32_t count : counts) sketch.labels.push_back(uint64_t{count} << in.getLabels().getShift());
    } else if (in.isMoments()) {
        const auto means = in.getMoments().getMeans();
        const auto variances = in.getMoments().getVariances();
        sketch.moments.count = in.getMoments().getCount();
        const auto n = static_cast<double>(sketch.moments.count);
        for (const double mean : means) sketch.moments.sum.push_back(n * mean);
        for (uint32_t i = 0; i < variances.size(); ++i) {
            const double mean = i < means.size() ? means[i] : 0;
            sketch.moments.squares.push_back(n * (variances[i] + mean * mean));
        }
    }
    return sketch;
}

InterestRecord read(schema::Interest::Reader in, const NetworkId& network) {
    InterestRecord record;
    record.origin = Address::make(network, InterfaceId{in.getOrigin()});
    store_be64(record.task.bytes.data(), in.getTaskHigh());
    store_be64(record.task.bytes.data() + 8, in.getTaskLow());
    record.sequence = in.getSequence();
    record.issued = WallTime::from_unix_ms(in.getIssuedMs());
    record.lifetime = Duration::seconds(in.getLifetimeS());
    record.samples = in.getSamples();
    record.samples_per_second = in.getSamplesPerSecond();
    record.memory_bytes = in.getMemoryMib() * kMib;
    record.queue = in.getQueue();
    record.degree = in.getDegree();
    record.last_version = in.getLastVersion();
    record.epsilon = in.getEpsilon();
    record.sketch = read_sketch(in.getSketch());
    return record;
}

schema::Interest::Reader unchecked(const uint64_t* words) {
    return capnp::readMessageUnchecked<schema::Interest>(reinterpret_cast<const capnp::word*>(words));
}

// What must hold before the lists of a message are read at all.
Result<void> check_lists(schema::Interest::Sketch::Reader in) {
    if (in.isLabels()) {
        if (in.getLabels().getCounts().size() > limits::kSketchBinsMax) return invalid("has more than 64 label counts");
        if (in.getLabels().getCounts().size() == 0) return invalid("has no label counts");
        if (in.getLabels().getShift() > kShiftMax) return invalid("counts in units over 2^31");
    } else if (in.isMoments()) {
        const auto moments = in.getMoments();
        if (moments.getMeans().size() == 0 || moments.getMeans().size() > limits::kSketchBinsMax ||
            moments.getMeans().size() != moments.getVariances().size())
            return invalid("needs 1 to 64 means and as many variances");
        for (const float variance : moments.getVariances())
            if (!(variance >= 0)) return invalid("has a variance below 0");
    } else if (!in.isNone()) {
        return invalid("has a sketch of an unknown kind");
    }
    return {};
}

}  // namespace

TaskRef task_ref(std::string_view key) {
    const Digest digest = crypto::sha256(as_bytes(key));
    return *TaskRef::from(digest.view().first(TaskRef::kSize));
}

Result<void> check_interest(const InterestRecord& record) {
    if (!record.origin.is_node()) return invalid("has an origin that is no node address");
    if (record.sequence == 0) return invalid("has sequence 0");
    if (record.issued.unix_ms() < 0) return invalid("was issued before 1970");
    if (record.lifetime < Duration::seconds(1) || record.lifetime > kInterestLifetimeMax)
        return invalid("lives less than a second or longer than a day");
    AIP_TRY(check_sketch(record.sketch));
    if (record.samples > kCountMax) return invalid("has a count above 2^48");
    if (!record.withdrawn() && record.sketch.samples() == 0)
        return invalid("counts no sample at all; withdraw from the task instead");
    if (!(record.samples_per_second >= 0 && record.samples_per_second <= kSpeedMax))
        return invalid("has a training speed out of range");
    if (!(record.epsilon >= 0 && record.epsilon <= kEpsilonMax)) return invalid("has an epsilon out of range");
    return {};
}

Bytes encode_interest(const InterestRecord& record) {
    AIP_ASSERT(check_interest(record));
    return encode_canonical<schema::Interest>([&](schema::Interest::Builder out) {
        out.setOrigin(low_half(record.origin));
        out.setTaskHigh(load_be64(record.task.bytes.data()));
        out.setTaskLow(load_be64(record.task.bytes.data() + 8));
        out.setSequence(record.sequence);
        out.setIssuedMs(record.issued.unix_ms());
        out.setLifetimeS(static_cast<uint32_t>(record.lifetime.count_ns() / 1'000'000'000));
        out.setSamples(record.samples);
        out.setSamplesPerSecond(static_cast<float>(record.samples_per_second));
        out.setMemoryMib(static_cast<uint32_t>(std::min<uint64_t>(record.memory_bytes / kMib, UINT32_MAX)));
        out.setQueue(static_cast<uint16_t>(std::min<uint32_t>(record.queue, UINT16_MAX)));
        out.setDegree(static_cast<uint16_t>(std::min<uint32_t>(record.degree, UINT16_MAX)));
        out.setLastVersion(record.last_version);
        out.setEpsilon(static_cast<float>(record.epsilon));
        write_sketch(record.sketch, out.getSketch());
    });
}

Result<InterestRecord> parse_interest(ByteView body, const NetworkId& network) {
    return parse_canonical<schema::Interest, InterestRecord>(
        body, limits::kInterestBodyMax, "interest record", [&](schema::Interest::Reader in) -> Result<InterestRecord> {
            AIP_TRY(check_lists(in.getSketch()));
            InterestRecord record = read(in, network);
            AIP_TRY(check_interest(record));
            return record;
        });
}

InterestRecord read_interest(const uint64_t* words, const NetworkId& network) {
    return read(unchecked(words), network);
}

InterestKey read_interest_key(const uint64_t* words) {
    const auto in = unchecked(words);
    return {InterfaceId{in.getOrigin()}, in.getSequence(), Duration::seconds(in.getLifetimeS())};
}

}  // namespace aip::routing
