#include "sim/scatter.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "routing/divergence.hpp"
#include "routing/journey.hpp"

namespace aip::sim {
namespace {

double normal(Rng& rng) { return std::sqrt(2 * exponential(rng)) * std::cos(6.283185307179586 * rng.unit()); }

std::vector<double> dirichlet(Rng& rng, double alpha, size_t classes) {
    std::vector<double> shares(classes);
    for (double& share : shares) share = gamma_draw(rng, alpha);
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (double& share : shares) share /= sum;
    return shares;
}

std::vector<std::pair<size_t, size_t>> link_nearest(Rng& rng, size_t nodes, size_t degree) {
    std::vector<std::pair<double, double>> at(nodes);
    for (auto& [x, y] : at) x = rng.unit(), y = rng.unit();
    std::vector<std::tuple<double, size_t, size_t>> pairs;
    for (size_t i = 0; i < nodes; ++i)
        for (size_t j = 0; j < i; ++j)
            pairs.emplace_back(std::hypot(at[i].first - at[j].first, at[i].second - at[j].second), i, j);
    std::sort(pairs.begin(), pairs.end());
    std::vector<size_t> part(nodes);
    std::iota(part.begin(), part.end(), size_t{0});
    const auto find = [&](size_t i) {
        while (part[i] != i) i = part[i];
        return i;
    };
    std::vector<std::pair<size_t, size_t>> edges;
    for (const auto& [distance, i, j] : pairs) {
        if (edges.size() >= nodes * degree / 2 && find(i) == find(j)) continue;
        edges.emplace_back(i, j);
        part[find(i)] = find(j);
    }
    return edges;
}

std::vector<uint32_t> hops_from(const std::vector<std::vector<size_t>>& near, size_t from) {
    std::vector<uint32_t> hops(near.size(), UINT32_MAX);
    std::vector<size_t> queue = {from};
    hops[from] = 0;
    for (size_t head = 0; head < queue.size(); ++head) {
        for (const size_t next : near[queue[head]]) {
            if (hops[next] != UINT32_MAX) continue;
            hops[next] = hops[queue[head]] + 1;
            queue.push_back(next);
        }
    }
    return hops;
}

}  // namespace

double exponential(Rng& rng) { return -std::log(1 - rng.unit()); }

double laplace(Rng& rng, double scale) { return scale * (exponential(rng) - exponential(rng)); }

// Marsaglia and Tsang 2000; for shapes below 1 one more power of a uniform.
double gamma_draw(Rng& rng, double shape) {
    if (shape < 1) return gamma_draw(rng, shape + 1) * std::pow(1 - rng.unit(), 1 / shape);
    const double d = shape - 1.0 / 3;
    for (;;) {
        const double x = normal(rng);
        const double v = std::pow(1 + x / std::sqrt(9 * d), 3);
        if (v > 0 && std::log(1 - rng.unit()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
}

double Scatter::divergence(const std::vector<size_t>& stops) const {
    std::vector<double> global(shares.front().size());
    std::vector<double> seen(global.size());
    for (const auto& node : shares)
        for (size_t i = 0; i < node.size(); ++i) global[i] += node[i];
    for (const size_t stop : stops)
        for (size_t i = 0; i < seen.size(); ++i) seen[i] += shares[stop][i];
    return routing::smoothed_kl(std::span<const double>(global), seen);
}

std::vector<uint64_t> Scatter::counts(size_t node, uint64_t samples) const {
    std::vector<uint64_t> weights;
    for (const double share : shares[node]) weights.push_back(static_cast<uint64_t>(1e12 * share));
    return routing::spread(samples, weights);
}

Scatter make_scatter(uint64_t seed, const ScatterOptions& options) {
    SeededRng rng(seed);
    Scatter world;
    world.edges = link_nearest(rng, options.nodes, options.degree);
    world.near.resize(options.nodes);
    for (const auto& [a, b] : world.edges) {
        world.near[a].push_back(b);
        world.near[b].push_back(a);
    }
    for (size_t i = 0; i < options.nodes; ++i) world.hops.push_back(hops_from(world.near, i));
    for (size_t i = 0; i < options.nodes; ++i) world.shares.push_back(dirichlet(rng, options.alpha, options.classes));
    return world;
}

}  // namespace aip::sim
