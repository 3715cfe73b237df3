// Norms of known vectors: 3-4-5 and the like.
#include "model/distance.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/limits.hpp"
#include "tests/model/support.hpp"

namespace aip::model {
namespace {

using testing::HasSubstr;

struct Distance : testing::Test {
    // Tensor "w", and "b" of one number.
    Manifest floats(const std::vector<float>& w, float b) {
        Bytes raw(w.size() * sizeof(float)), one(sizeof b);
        std::memcpy(raw.data(), w.data(), raw.size());
        std::memcpy(one.data(), &b, sizeof b);
        const std::vector<TensorView> tensors{{"w", Dtype::kF32, {w.size()}, raw}, {"b", Dtype::kF32, {1}, one}};
        return test::import_bytes(*write_safetensors(tensors, {}), blocks).value();
    }
    Manifest bytes(Dtype dtype, const Bytes& data, size_t size) {
        return test::import_bytes(*write_safetensors(std::vector<TensorView>{{"w", dtype, {size}, data}}, {}), blocks)
            .value();
    }
    MemoryBlockStore blocks;
};

const TensorDistance& named(const std::vector<TensorDistance>& changes, std::string_view name) {
    for (const TensorDistance& change : changes)
        if (change.name == name) return change;
    static const TensorDistance none;
    ADD_FAILURE() << "no tensor " << name;
    return none;
}

TEST_F(Distance, MeasuresEachTensorAndTheWhole) {
    const auto changes = measure_distance(floats({3, 4}, 2), floats({0, 8}, -1), blocks);
    ASSERT_TRUE(changes.has_value()) << test::error_text(changes);
    ASSERT_EQ(changes->size(), 2u);
    const TensorDistance& w = named(*changes, "w");
    EXPECT_DOUBLE_EQ(w.norm, 5);
    EXPECT_DOUBLE_EQ(w.reference_norm, 8);
    EXPECT_DOUBLE_EQ(w.change, 5);
    EXPECT_DOUBLE_EQ(w.dot, 32);
    EXPECT_DOUBLE_EQ(named(*changes, "b").change, 3);
    const WholeDistance whole = whole_distance(*changes);
    EXPECT_DOUBLE_EQ(whole.norm, std::sqrt(29.0));
    EXPECT_DOUBLE_EQ(whole.reference_norm, std::sqrt(65.0));
    EXPECT_DOUBLE_EQ(whole.change, std::sqrt(34.0));
    EXPECT_DOUBLE_EQ(whole.cosine, 30 / std::sqrt(29.0 * 65.0));
}

TEST_F(Distance, EqualModelsDoNotDifferAndPointTheSameWay) {
    const Manifest model = floats({1, -2, 0.5f}, 7);
    const auto changes = measure_distance(model, model, blocks);
    ASSERT_TRUE(changes.has_value());
    EXPECT_EQ(whole_distance(*changes).change, 0);
    EXPECT_DOUBLE_EQ(whole_distance(*changes).cosine, 1);
}

TEST_F(Distance, TensorsThatSpanBlocksAreMeasuredWhole) {
    const size_t count = limits::kBlockBytes / sizeof(float) + 5;
    std::vector<float> before(count, 1), after(count, 1);
    after.front() = 4;  // in the first block
    after.back() = 5;   // in the second
    const auto changes = measure_distance(floats(after, 0), floats(before, 0), blocks);
    ASSERT_TRUE(changes.has_value());
    EXPECT_DOUBLE_EQ(named(*changes, "w").change, 5);
    EXPECT_DOUBLE_EQ(named(*changes, "w").reference_norm, std::sqrt(static_cast<double>(count)));
}

TEST_F(Distance, ANumberThatIsNoneIsRefusedByTheNameOfItsTensor) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
        const Manifest poisoned = floats({1, bad}, 0);
        EXPECT_THAT(test::error_text(measure_distance(poisoned, floats({1, 2}, 0), blocks)), HasSubstr("'w'"));
        EXPECT_THAT(test::error_text(measure_distance(poisoned, poisoned, blocks)), HasSubstr("NaN"));
    }
}

TEST_F(Distance, AnotherShapeOrTypeIsRefused) {
    EXPECT_THAT(test::error_text(measure_distance(floats({1, 2}, 0), floats({1, 2, 3}, 0), blocks)),
                HasSubstr("shape"));
    EXPECT_THAT(
        test::error_text(measure_distance(bytes(Dtype::kF16, Bytes(4), 2), bytes(Dtype::kBF16, Bytes(4), 2), blocks)),
        HasSubstr("type"));
}

TEST_F(Distance, TypesWithoutNumbersAreEqualOrNotComparable) {
    const Manifest a = bytes(Dtype::kF8E4M3, {1, 2, 3, 4}, 4), b = bytes(Dtype::kF8E4M3, {1, 2, 3, 5}, 4);
    EXPECT_TRUE(measure_distance(a, a, blocks)->at(0).comparable);
    EXPECT_FALSE(measure_distance(a, b, blocks)->at(0).comparable);
}

TEST_F(Distance, ABlockThatIsNotThereIsAnErrorAndNoFigure) {
    const Manifest a = floats({1, 2}, 0), b = floats({2, 3}, 0);
    ASSERT_TRUE(blocks.erase(b.blocks().back().digest).has_value());
    EXPECT_EQ(measure_distance(a, b, blocks).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace aip::model
