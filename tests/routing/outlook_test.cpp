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
        members.push_back({});  // and nobody has eight times what the median has
        for (int i = 0; i < 7; ++i) members.push_back(draw(rng, 6 + rng.below(6)));
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

double share_of_first(const std::vector<Sketch>& members) {  // of the global mix, seen through what remains after it
    std::vector<const Sketch*> list;
    for (const Sketch& member : members) list.push_back(&member);
    double best = 0, least = 1e9;
    for (double share = 0; share <= 1; share += 0.001) {  // the mix that has no divergence is the global one
        const auto first = static_cast<uint64_t>(1e6 * share);
        const double d = Outlook({{first, 1'000'000 - first}, {}}, list, 0).now();
        if (d < least) least = d, best = share;
    }
    return best;
}

TEST(Outlook, NobodysWordCountsForMoreThanEightMedians) {
    const Sketch honest{{0, 100}, {}};
    EXPECT_NEAR(share_of_first({honest, honest, honest, {{300, 0}, {}}}), 0.5, 0.002) << "three times is believed";
    EXPECT_NEAR(share_of_first({honest, honest, honest, {{kSketchCountMax, 0}, {}}}), 8.0 / 11, 0.002);
}

TEST(Outlook, SketchesThatAreNotOfTheUsualKindCountForNothing) {
    const Sketch labels{{0, 100}, {}}, moments{{}, {100, {5}, {900}}}, wider{{}, {100, {5, 5}, {900, 900}}};
    EXPECT_NEAR(share_of_first({moments, labels, labels, {{50, 0}, {}}}), 0.2, 0.002);
    const std::vector<const Sketch*> list = {&labels, &wider, &moments, &moments};
    const Outlook outlook({}, list, 0);
    EXPECT_DOUBLE_EQ(outlook.now(), divergence(moments, {}));
    EXPECT_DOUBLE_EQ(outlook.after(labels), outlook.now());
    EXPECT_DOUBLE_EQ(outlook.after(wider), outlook.now());
    EXPECT_NEAR(outlook.after(moments), 0, 1e-9);
}

TEST(QuickLog, AgreesWithTheLibrary) {
    const QuickLog ln;
    for (double x = 1e-7; x < 3; x *= 1.001) EXPECT_NEAR(ln(x), std::log(x), 1e-11) << x;
    EXPECT_NEAR(ln(1), 0, 1e-11);
}

}  // namespace
}  // namespace aip::routing
