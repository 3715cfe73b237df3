#include "base/random.hpp"

#include "base/assert.hpp"

namespace aip {
namespace {

uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

uint64_t Rng::below(uint64_t bound) {
    AIP_ASSERT(bound > 0);
    const uint64_t reject_above = UINT64_MAX - UINT64_MAX % bound;
    for (;;) {
        const uint64_t x = next();
        if (x < reject_above) return x % bound;
    }
}

double Rng::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

SeededRng::SeededRng(uint64_t seed) {
    for (uint64_t& word : state_) {
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        word = z ^ (z >> 31);
    }
}

uint64_t SeededRng::next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
}

}  // namespace aip
