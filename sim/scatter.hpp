// The graphs and data on which next-stop policies are compared: nodes scattered in a unit square, the nearest pairs
// linked until the mean degree is reached, then parts joined by their shortest bridges; of every node's data the shares
// of the classes, drawn from a symmetric Dirichlet. The construction of research/next_stop_sim.py. One seed, one world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace aip::sim {

struct ScatterOptions {
    size_t nodes = 50;
    size_t degree = 6;  // mean
    size_t classes = 10;
    double alpha = 0.1;
};

struct Scatter {
    std::vector<std::pair<size_t, size_t>> edges;
    std::vector<std::vector<size_t>> near;    // neighbours of each node
    std::vector<std::vector<uint32_t>> hops;  // shortest path between any two
    std::vector<std::vector<double>> shares;  // of each node, adding up to 1

    // D(mean of all shares || mean of those of `stops`), smoothed (rfc/0003 section 5.1).
    double divergence(const std::vector<size_t>& stops) const;
    // `samples` whole samples of a node by its shares.
    std::vector<uint64_t> counts(size_t node, uint64_t samples) const;
};
Scatter make_scatter(uint64_t seed, const ScatterOptions& options = {});

double exponential(Rng& rng);               // mean 1
double laplace(Rng& rng, double scale);     // mean 0
double gamma_draw(Rng& rng, double shape);  // scale 1

}  // namespace aip::sim
