// aip-sim: runs the journey scenario for many seeds, or replays one.
#include <cstdio>
#include <cstring>

#include "sim/journey_scenario.hpp"

namespace {

int usage() {
    std::fprintf(stderr,
                 "usage: aip-sim [--seeds FIRST-LAST | --seed SEED]\n"
                 "  --seeds FIRST-LAST  run these (default 1-100), say what failed\n"
                 "  --seed SEED         replay one and say what happened\n");
    return 2;
}

void print(uint64_t seed, const aip::sim::JourneyOutcome& outcome) {
    std::printf(
        "seed %llu: %s, loss %.0f %%, %u kills, %u programs killed, %llu events, %llu packets, %.1f simulated "
        "seconds\n",
        static_cast<unsigned long long>(seed), outcome.ok ? "journey complete" : outcome.complaint.c_str(),
        outcome.loss * 100, outcome.kills, outcome.program_kills, static_cast<unsigned long long>(outcome.events),
        static_cast<unsigned long long>(outcome.packets), outcome.simulated.count_s());
}

}  // namespace

int main(int argc, char** argv) {
    unsigned long long first = 1;
    unsigned long long last = 100;
    const bool range =
        argc == 3 && std::strcmp(argv[1], "--seeds") == 0 && std::sscanf(argv[2], "%llu-%llu", &first, &last) == 2;
    const bool replay = argc == 3 && std::strcmp(argv[1], "--seed") == 0 && std::sscanf(argv[2], "%llu", &first) == 1;
    if (replay) last = first;
    if ((argc != 1 && !range && !replay) || last < first) return usage();
    uint64_t failed = 0;
    for (uint64_t seed = first; seed <= last; ++seed) {
        const auto outcome = aip::sim::run_journey(seed, {});
        if (replay || !outcome.ok) print(seed, outcome);
        if (replay)
            for (const std::string& line : outcome.lines) std::printf("  %s\n", line.c_str());
        if (outcome.ok) continue;
        ++failed;
        std::printf("  replay: aip-sim --seed %llu\n", static_cast<unsigned long long>(seed));
    }
    std::printf("simulator: %llu passed, %llu failed\n", static_cast<unsigned long long>(last - first + 1 - failed),
                static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
}
