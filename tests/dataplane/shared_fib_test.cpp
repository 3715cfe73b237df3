#include "dataplane/shared_fib.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/assert.hpp"

namespace aip::dataplane {
namespace {

constexpr uint64_t kIds = 64;

// Every id leads to port `version`: a reader that sees two versions in one burst reads a table that changed under it.
std::unique_ptr<const Fib> table(PortIndex version) {
    FibBuilder builder(version);
    for (uint64_t i = 0; i < kIds; ++i) AIP_ASSERT(builder.add(InterfaceId{i}, {version, 1400, {}}));
    return builder.build();
}

TEST(SharedFib, ReaderKeepsTheTableItPinned) {
    SharedFib shared(table(1));
    {
        const SharedFib::Pin pin(shared, 0);
        shared.publish(table(2));
        EXPECT_EQ(shared.current().find(InterfaceId{5})->port, 2);
        EXPECT_EQ(pin->find(InterfaceId{5})->port, 1);
    }
    const SharedFib::Pin pin(shared, 0);
    EXPECT_EQ(pin->find(InterfaceId{5})->port, 2);
}

TEST(SharedFib, FreesAnOldTableWhenNobodyHoldsIt) {
    SharedFib shared(table(1));
    shared.publish(table(2));
    EXPECT_EQ(shared.waiting(), 0u);
    {
        const SharedFib::Pin first(shared, 0), second(shared, 1);
        shared.publish(table(3));
        shared.publish(table(4));
        EXPECT_EQ(shared.waiting(), 1u);  // the one both hold, not the one nobody ever saw
    }
    shared.publish(table(5));
    EXPECT_EQ(shared.waiting(), 0u);
}

TEST(SharedFib, ReadersNeverSeeAMixOrAFreedTable) {
    SharedFib shared(table(0));
    std::atomic<bool> done{false};
    std::atomic<uint64_t> bursts{0}, mixed{0};
    const auto read = [&](size_t reader) {
        std::array<InterfaceId, kIds> ids;
        for (uint64_t i = 0; i < kIds; ++i) ids[i] = InterfaceId{i};
        std::array<const NextHop*, kIds> hops;
        do {
            const SharedFib::Pin pin(shared, reader);
            pin->find_bulk(ids, hops);
            for (const NextHop* hop : hops) mixed += hop == nullptr || hop->port != hops[0]->port;
            ++bursts;
        } while (!done);
    };
    std::thread first(read, 0), second(read, 1);
    for (PortIndex version = 1; version <= 2000; ++version) {
        shared.publish(table(version));
        EXPECT_LE(shared.waiting(), 2u);
    }
    done = true;
    first.join();
    second.join();
    EXPECT_EQ(mixed, 0u);
    EXPECT_GE(bursts, 2u);
}

}  // namespace
}  // namespace aip::dataplane
