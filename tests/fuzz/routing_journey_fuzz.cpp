// A journey record from whoever held the model: what is accepted comes back equal, takes a stop, and can be decided on.
#include "routing/journey.hpp"
#include "routing/policies.hpp"
#include "tests/routing/fixture.hpp"

using namespace aip;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto record = routing::parse_journey(ByteView(data, size));
    if (!record) return 0;
    const auto again = routing::parse_journey(routing::encode_journey(*record));
    AIP_ASSERT(again && *again == *record);
    const std::vector<uint64_t> labels = {1, 0, 5};
    routing::Stop stop;
    stop.node = routing::test::plain_address(1);
    stop.samples = 100;
    const auto next = routing::add_stop(*record, stop, {labels, {}});
    if (!next || next->over()) return 0;
    std::vector<routing::Candidate> members(2);
    for (uint64_t i = 0; i < 2; ++i) {
        members[i].node = routing::test::plain_address(i + 1);
        members[i].sketch.labels = labels;
        members[i].samples = 6;
        members[i].reachable = true;
        members[i].last_lap = next->visit(members[i].node).lap;
    }
    SeededRng rng(1);
    const auto choice = routing::CoveragePolicy().choose(*next, stop.node, members, rng);
    AIP_ASSERT(choice && choice->node == members[1].node);
    AIP_ASSERT(routing::depart(*next, choice->plan()));
    return 0;
}
