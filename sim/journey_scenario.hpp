// The scenario every change must survive: one model journeys through ten nodes while links lose, delay, reorder and
// duplicate, nodes are killed at any event and restarted, and programs die with a model in their hands. From one seed.
//
//        0 -- 1 -- 2 -- 3 -- 4
//        |    |         |    |          2 classes of 10 on each node
//        5 -- 6 -- 7 -- 8 -- 9
//
// Checked after every event: the model is in somebody's durable custody, at most one node may work on it, every version
// in custody stands in its maker's ledger, every file a program gets is exactly the one some program made, and no
// packet passes its hop limit. At the end: the whole budget was spent. A box that loses power every twenty seconds
// behind four links that lose every third packet need not get a model through, so the kills end after a while; what
// they left behind must then sort itself out.
#pragma once

#include <string>

#include "sim/network.hpp"

namespace aip::sim {

struct JourneyOptions {
    uint32_t stops = 20;
    double loss_max = 0.30;  // each run draws its own loss, jitter and duplication
    double kills_per_second = 0.5;
    double holder_kills_per_event = 1.0 / 1500;
    double program_kills_per_second = 0.3;
    // With late_after the origin (node 0) looks after the journey. So many of the other nodes die for good while they
    // hold the model; it must go on without them, and two nodes may work on walkers of different numbers, never on one.
    Duration late_after;
    uint32_t deaths = 0;
    Duration kills_end = Duration::seconds(300);  // loss goes on; from now on the journey has to come to its end
    Duration time_limit = Duration::seconds(1200);
};

struct JourneyOutcome {
    bool ok = false;
    std::string complaint;  // if not ok
    uint64_t events = 0;
    uint64_t packets = 0;
    uint32_t kills = 0;
    uint32_t program_kills = 0;
    uint32_t deaths = 0;
    size_t walkers_max = 0;  // alive at once
    uint32_t walker = 0;     // the one that came to the end
    Duration simulated;
    double loss = 0;
    std::vector<std::string> lines;  // what the nodes said
};

JourneyOutcome run_journey(uint64_t seed, const JourneyOptions& options);

}  // namespace aip::sim
