#include "routing/outlook.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.hpp"
#include "routing/divergence.hpp"

namespace aip::routing {
namespace {

Sketch draw(Rng& rng, size_t labels) {
    Sketch sketch;
    for (size_t i = 0; i < labels; ++i) sketch.labels.push_back(rng.chance(0.4) ? rng.below(1000) : 0);
    return sketch;
}

// The quick way gives what the plain one does, whatever is empty, short or unlike.
TEST(Outlook, IsTheDivergenceAfterAStop) {
    SeededRng rng(3);
    for (int round = 0; round < 200; ++round) {
        std::vector<Sketch> members;
        for (int i = 0; i < 8; ++i) members.push_back(draw(rng, rng.below(12)));
        std::vector<const Sketch*> list;
        Sketch global;
        for (const Sketch& member : members) {
            list.push_back(&member);
            global = merged(global, member);
        }
        const Sketch seen = draw(rng, round % 3 == 0 ? 0 : 10);
        const uint64_t samples = round % 2 == 0 ? 0 : 1'000'000'000;
        const Outlook outlook(seen, list, samples);
        EXPECT_NEAR(outlook.now(), divergence(global, seen), 1e-9);
        for (const Sketch& member : members)
            EXPECT_NEAR(outlook.after(member), divergence(global, merged(seen, member, samples)), 1e-6);
    }
}

TEST(QuickLog, AgreesWithTheLibrary) {
    const QuickLog ln;
    for (double x = 1e-7; x < 3; x *= 1.001) EXPECT_NEAR(ln(x), std::log(x), 1e-11) << x;
    EXPECT_NEAR(ln(1), 0, 1e-11);
}

}  // namespace
}  // namespace aip::routing
