// Randomness is injected. SeededRng is xoshiro256** seeded by splitmix64: the same seed gives the same run on every
// machine; it decides events in the simulator and jitter in the node, never key material (crypto/ has its own).
#pragma once

#include <array>
#include <cstdint>

namespace aip {

class Rng {
public:
    virtual ~Rng() = default;
    virtual uint64_t next() = 0;

    uint64_t below(uint64_t bound);  // uniform in [0, bound), bound > 0
    double unit();                   // uniform in [0, 1)
    bool chance(double p) { return unit() < p; }
};

class SeededRng final : public Rng {
public:
    explicit SeededRng(uint64_t seed);
    uint64_t next() override;

private:
    std::array<uint64_t, 4> state_;
};

}  // namespace aip
