// BabelChaos: everything that can happen to a network of Babel speakers, at random, from one seed: links lose up to
// 30 % of packets, reorder and duplicate them; they die silently, one way or both, go down and come up; nodes lose
// power with their feasibility distances, some with their sequence numbers; nodes move from one set of neighbours to
// another. The world checks for loops after every event (babel_world.hpp).
#pragma once

#include "sim/babel_world.hpp"

namespace aip::sim {

struct BabelChaosOptions {
    uint64_t seed = 1;
    uint64_t events = 50'000;
    bool check_feasibility = true;
};

struct BabelChaosResult {
    uint64_t events = 0;
    uint64_t loops = 0;
    std::string first_loop;
};

BabelChaosResult run_babel_chaos(const BabelChaosOptions& options);

}  // namespace aip::sim
