#include "node/cosignatures.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace aip::node {
namespace {

Address witness(uint8_t n) { return Address::make(NetworkId{{1}}, InterfaceId{n}); }

TEST(Cosignatures, OfTheNewestSizesAreKeptInWhateverOrderTheyCome) {
    MemoryKvStore store;
    const uint64_t first = 10, end = first + limits::kCosignedSizesKept;
    for (uint64_t size = first; size < end; ++size) ASSERT_TRUE(keep_cosignature(store, size, witness(1), "line\n"));
    for (uint64_t late = 1; late < first; ++late) ASSERT_TRUE(keep_cosignature(store, late, witness(2), "late\n"));
    EXPECT_EQ(store.scan("")->size(), limits::kCosignedSizesKept);
    EXPECT_EQ(*cosignatures(store, 1), "") << "older than all that are kept";
    ASSERT_TRUE(keep_cosignature(store, first, witness(2), "late\n"));
    EXPECT_EQ(*cosignatures(store, first), "line\nlate\n");
    ASSERT_TRUE(keep_cosignature(store, end, witness(1), "line\n"));
    EXPECT_EQ(*cosignatures(store, first), "") << "it made room";
    EXPECT_EQ(store.scan("")->size(), limits::kCosignedSizesKept);
}

}  // namespace
}  // namespace aip::node
