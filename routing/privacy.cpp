#include "routing/privacy.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

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
    Sketch out;
    uint64_t total = 0;
    for (size_t i = 0; i < sketch.labels.size(); ++i) {
        Bytes data;
        Writer(data).put(seed.view()).u64(i);
        const double noise = laplace(load_be64(crypto::sha256(data).bytes.data()), 1 / epsilon);
        const double noisy = std::round(static_cast<double>(sketch.labels[i]) + noise);
        out.labels.push_back(static_cast<uint64_t>(std::clamp(noisy, 0.0, static_cast<double>(kSketchCountMax))));
        total += out.labels.back();
    }
    if (total == 0) std::fill(out.labels.begin(), out.labels.end(), 1);  // noise has eaten all: no class stands out
    return out;
}

Digest privacy_secret(const crypto::Signer& signer) {
    // Ed25519 signs the same bytes the same way, and this signature is never sent.
    return crypto::sha256(signer.sign_raw(as_bytes("aipacket privacy v1")).view());
}

}  // namespace aip::routing
