#include "aipacket/reassembly.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace aip::aipacket {
namespace {

constexpr uint32_t kSize = limits::kSymbolBytesMin;

TEST(SymbolLayout, NumbersTheSymbolsOfAllPiecesInARow) {
    const SymbolLayout layout(kSize, {1, kSize, kSize + 1, 3 * kSize});
    EXPECT_EQ(layout.symbols(), 1u + 1 + 2 + 3);
    EXPECT_EQ(layout.place(0).length, 1u);
    EXPECT_EQ(layout.place(3).piece, 2u);
    EXPECT_EQ(layout.place(3).offset, kSize);
    EXPECT_EQ(layout.place(3).length, 1u);
    for (uint32_t symbol : {6u, 0u, 5u, 2u, 4u, 1u}) EXPECT_EQ(layout.place(symbol).piece, layout.piece_of(symbol));
    EXPECT_EQ(SymbolLayout(kSize, {}).symbols(), 0u);
}

TEST(SymbolLayout, CutsTheHeadIntoPiecesOfABlock) {
    const auto layout = SymbolLayout::of_head(1000, limits::kBlockBytes + 1);
    EXPECT_EQ(layout.pieces(), 2u);
    EXPECT_EQ(layout.piece_size(1), 1u);
}

class ReassemblyTest : public ::testing::Test {
protected:
    void begin(std::vector<uint32_t> sizes) {
        pieces.begin(SymbolLayout(kSize, sizes));
        pieces.set_grant(pieces.layout().symbols());
        for (uint32_t size : sizes) {
            expected.emplace_back(size);
            for (auto& b : expected.back()) b = static_cast<uint8_t>(rng.next());
        }
    }
    ByteView symbol(uint32_t i) const {
        const auto place = pieces.layout().place(i);
        return ByteView(expected[place.piece]).subspan(place.offset, place.length);
    }
    SeededRng rng{7};
    Reassembly pieces;
    std::vector<Bytes> expected;
};

TEST_F(ReassemblyTest, HandsOutEveryPieceOnceInAnyOrder) {
    for (int round = 0; round < 50; ++round) {
        expected.clear();
        std::vector<uint32_t> sizes(20);
        for (auto& size : sizes) size = 1 + static_cast<uint32_t>(rng.below(10 * kSize));
        begin(sizes);
        std::vector<uint32_t> order(pieces.layout().symbols());
        for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
        for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
        std::vector<int> seen(sizes.size());
        for (uint32_t i : order) {
            ASSERT_EQ(pieces.put(i, symbol(i)), Reassembly::Verdict::kNew);
            ASSERT_EQ(pieces.put(i, symbol(i)), Reassembly::Verdict::kDuplicate);
            while (auto piece = pieces.take()) {
                ++seen[piece->index];
                ASSERT_EQ(piece->bytes, expected[piece->index]);
            }
        }
        EXPECT_TRUE(pieces.complete());
        EXPECT_EQ(seen, std::vector<int>(sizes.size(), 1));
    }
}

TEST_F(ReassemblyTest, RefusesWhatIsNotGrantedOrOfTheWrongLength) {
    begin({3 * kSize, 10});
    pieces.set_grant(3);
    EXPECT_EQ(pieces.put(3, symbol(3)), Reassembly::Verdict::kOutOfRange);
    EXPECT_EQ(pieces.put(UINT32_MAX, symbol(3)), Reassembly::Verdict::kOutOfRange);
    EXPECT_EQ(pieces.put(0, symbol(3)), Reassembly::Verdict::kWrongLength);
    EXPECT_EQ(pieces.put(0, {}), Reassembly::Verdict::kWrongLength);
    pieces.set_grant(100);
    EXPECT_EQ(pieces.put(4, symbol(3)), Reassembly::Verdict::kOutOfRange);
    EXPECT_EQ(pieces.put(3, symbol(3)), Reassembly::Verdict::kNew);
}

}  // namespace
}  // namespace aip::aipacket
