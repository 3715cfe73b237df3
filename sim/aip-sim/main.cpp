// aip-sim: runs the journey scenario for many seeds, or replays one.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/journey_scenario.hpp"

namespace {

int usage() {
    std::fprintf(stderr,
                 "usage: aip-sim [--seeds N] [--first SEED] [--seed SEED]\n"
                 "  --seeds N     how many seeds to run (default 100)\n"
                 "  --first SEED  the first of them (default 1)\n"
                 "  --seed SEED   replay this one and say what happened\n");
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
    uint64_t seeds = 100;
    uint64_t first = 1;
    bool replay = false;
    for (int i = 1; i < argc; i += 2) {
        char* end = nullptr;
        const uint64_t value = i + 1 < argc ? std::strtoull(argv[i + 1], &end, 10) : 0;
        if (end == nullptr || *end != '\0' || end == argv[i + 1]) return usage();
        if (std::strcmp(argv[i], "--seeds") == 0)
            seeds = value;
        else if (std::strcmp(argv[i], "--first") == 0)
            first = value;
        else if (std::strcmp(argv[i], "--seed") == 0)
            first = value, seeds = 1, replay = true;
        else
            return usage();
    }
    uint64_t failed = 0;
    for (uint64_t seed = first; seed < first + seeds; ++seed) {
        const auto outcome = aip::sim::run_journey(seed, {});
        if (replay || !outcome.ok) print(seed, outcome);
        if (!outcome.ok) {
            ++failed;
            std::printf("  replay: aip-sim --seed %llu\n", static_cast<unsigned long long>(seed));
        }
    }
    std::printf("simulator: %llu passed, %llu failed\n", static_cast<unsigned long long>(seeds - failed),
                static_cast<unsigned long long>(failed));
    return failed == 0 ? 0 : 1;
}
