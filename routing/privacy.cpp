#include "routing/privacy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

#include "crypto/sha256.hpp"

namespace aip::routing {
namespace {

// Uniform in (0, 1) from 53 bits.
double unit(uint64_t bits) { return (static_cast<double>(bits >> 11) + 0.5) / 9007199254740992.0; }

double laplace(uint64_t bits, double scale) {
    const double u = unit(bits) - 0.5;
    return (u < 0 ? 1 : -1) * scale * std::log(1 - 2 * std::abs(u));
}

Digest seed_of(const Sketch& sketch, double epsilon, const Digest& secret, std::string_view task) {
    Bytes data;
    Writer out(data);
    out.put(secret.view()).u64(task.size()).put(task).u64(std::bit_cast<uint64_t>(epsilon));
    for (const uint64_t count : sketch.labels) out.u64(count);
    return crypto::sha256(data);
}

// What to take off every count so that those above it add up to what all of them do, and to 1 at least: with nothing
// left below zero, the nearest counts that are not negative and have the same sum.
double level_of(const std::vector<double>& counts) {
    const double sum = std::max(std::accumulate(counts.begin(), counts.end(), 0.0), 1.0);
    std::vector<double> sorted = counts;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    double level = 0, upper = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
        upper += sorted[i];
        const double next = (upper - sum) / static_cast<double>(i + 1);
        if (sorted[i] > next) level = next;
    }
    return level;
}

}  // namespace

Result<void> check_private(const Sketch& sketch, double epsilon) {
    if (epsilon > 0 && !sketch.moments.sum.empty())
        return Error{
            ErrorCode::kInvalid,
            "moments cannot be published while privacy_epsilon is set: nothing bounds what one sample changes; "
            "publish label counts"};
    return {};
}

Sketch private_sketch(const Sketch& sketch, double epsilon, const Digest& secret, std::string_view task) {
    const Digest seed = seed_of(sketch, epsilon, secret, task);
    std::vector<double> noisy;
    for (size_t i = 0; i < sketch.labels.size(); ++i) {
        Bytes data;
        Writer(data).put(seed.view()).u64(i);
        const double noise = laplace(load_be64(crypto::sha256(data).bytes.data()), 1 / epsilon);
        noisy.push_back(static_cast<double>(sketch.labels[i]) + noise);
    }
    const double level = level_of(noisy);
    Sketch out;
    for (const double value : noisy) {
        const double count = std::round(value - level);
        out.labels.push_back(static_cast<uint64_t>(std::clamp(count, 0.0, static_cast<double>(kSketchCountMax))));
    }
    if (out.samples() == 0) std::fill(out.labels.begin(), out.labels.end(), 1);  // noise has eaten all
    return out;
}

bool release_holds(const Sketch& released_from, const Sketch& data, double epsilon) {
    if (released_from.labels.size() != data.labels.size() || data.labels.empty()) return false;
    uint64_t changed = 0;
    for (size_t i = 0; i < data.labels.size(); ++i) {
        const auto [less, more] = std::minmax(released_from.labels[i], data.labels[i]);
        changed += more - less;
    }
    const double noise = static_cast<double>(data.labels.size()) / epsilon;  // on all counts together, on average
    return static_cast<double>(changed) <= std::max(noise, static_cast<double>(released_from.samples()) / 10);
}

Digest privacy_secret(const crypto::Signer& signer) {
    // Ed25519 signs the same bytes the same way, and this signature is never sent.
    return crypto::sha256(signer.sign_raw(as_bytes("aipacket privacy v1")).view());
}

}  // namespace aip::routing
