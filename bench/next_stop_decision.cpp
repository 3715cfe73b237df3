// How long one decision takes: 1,000 members, 10 classes, every one of which every member has (the dearest case).
#include <algorithm>
#include <chrono>

#include "bench/next_stop_walks.hpp"
#include "routing/next_stop.hpp"
#include "sim/scatter.hpp"

namespace aip::bench {
namespace {

constexpr size_t kMembers = 1000;
constexpr size_t kClasses = 10;
constexpr int kRounds = 501;

Address address_of(uint64_t i) { return Address::make(NetworkId{{1, 2, 3, 4, 5}}, InterfaceId{i + 1}); }

routing::InterestTable make_table(Rng& rng) {
    routing::InterestTable table(address_of(0).network());
    table.listen("task");
    for (size_t i = 0; i < kMembers; ++i) {
        routing::InterestRecord record;
        record.origin = address_of(i);
        record.task = routing::task_ref("task");
        record.sequence = 1;
        record.lifetime = Duration::seconds(600);
        record.samples = 600;
        record.samples_per_second = 600;
        for (size_t k = 0; k < kClasses; ++k)
            record.sketch.labels.push_back(1 + static_cast<uint64_t>(600 * sim::gamma_draw(rng, 0.1)));
        const Bytes body = routing::encode_interest(record);
        AIP_ASSERT(table.put(record, {{}, body, {}}, Instant{}) == routing::InterestTable::Put::kStored);
    }
    return table;
}

template <class Work>
double median_us(Work work) {
    std::vector<double> us;
    for (int i = 0; i < kRounds; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(us.begin(), us.begin() + kRounds / 2, us.end());
    return us[kRounds / 2];
}

}  // namespace

DecisionTimes time_decisions() {
    SeededRng rng(1);
    const routing::InterestTable table = make_table(rng);
    const Address here = address_of(0);
    auto journey = *routing::start_journey({1, "task", "coverage", here, 100, {}});
    routing::Stop stop;
    stop.node = here;
    stop.samples = 600;
    journey = *routing::add_stop(journey, stop, table.find("task", here)->record.sketch);
    const routing::PathTo path_to = [](const Address& node) {
        return routing::Path{static_cast<double>(1 + static_cast<uint64_t>(node.interface_id()) % 7), 0.01, false};
    };
    const auto policy = *routing::make_policy("coverage");
    std::vector<routing::Candidate> candidates;
    DecisionTimes times;
    times.gather = median_us([&] { candidates = routing::candidates_of(journey, table, path_to, here); });
    times.choose = median_us([&] {
        const auto choice = policy->choose(journey, here, candidates, rng);
        AIP_ASSERT(choice.has_value());
    });
    return times;
}

}  // namespace aip::bench
