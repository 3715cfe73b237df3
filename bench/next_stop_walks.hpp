// Many walks of every policy through sim/walk, and the means of what they saw. Worlds are dealt to a few threads, each
// with its own cast; figures do not depend on how many.
#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "routing/task.hpp"

namespace aip::bench {

inline constexpr uint32_t kTransmissions = 100;

struct Setting {
    double alpha = 0.1;
    uint64_t samples = 600;  // of each node
    double epsilon = 0;      // of the noise on what nodes publish; 0: none
    std::vector<std::string> policies;
    uint64_t seeds = 200;
    double theta = routing::RoutingWeights{}.theta;
};

// Means over the seeds, of the stops completed by then.
struct Means {
    std::vector<double> divergence = std::vector<double>(kTransmissions + 1);  // D(global || seen) by transmissions
    std::vector<double> visited = std::vector<double>(kTransmissions + 1);     // distinct nodes
    std::vector<double> stops = std::vector<double>(kTransmissions + 1);
};

// One JSON line per walk goes to `stops_file` if there is one: the graph, the shares, the policy and its stops as
// [node, transmissions so far].
std::map<std::string, Means> run(const Setting& setting, unsigned threads, std::FILE* stops_file);

struct DecisionTimes {  // medians, microseconds
    double choose = 0;  // of 1,000 candidates
    double gather = 0;  // of those from an interest table
};
DecisionTimes time_decisions();

// One curve per policy, the divergence on a logarithmic scale.
std::string plot_svg(const std::map<std::string, Means>& curves);

}  // namespace aip::bench
