#include "learning/hold_out.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/learning/samples.hpp"

namespace aip::learning {
namespace {

std::vector<uint32_t> labels_of(const std::vector<ClassMeasure>& measures) {
    std::vector<uint32_t> labels;
    for (const ClassMeasure& one : measures) labels.push_back(one.label);
    return labels;
}

Mlp some_model() {
    SeededRng rng(1);
    return Mlp::create(std::vector<size_t>{16, 12, 10}, rng);
}

TEST(HoldOut, WhatIsHeldBackIsATenthAndNotTrainedOn) {
    const Dataset data = bright_spots(500);
    Shard shard = everything(data);
    const Shard held = hold_back(shard);
    EXPECT_EQ(held.size(), 50u);
    EXPECT_EQ(shard.size(), 450u);
    for (const uint32_t row : held.rows) EXPECT_EQ(std::count(shard.rows.begin(), shard.rows.end(), row), 0);
}

TEST(HoldOut, OnlyClassesThatTheNodeHoldsAreMeasured) {
    const Dataset data = bright_spots(500);
    const uint8_t held[] = {2, 7};
    Mlp mlp = some_model();
    const auto measures = HoldOut(of_classes(data, held)).measure(mlp);
    ASSERT_TRUE(measures.has_value());
    EXPECT_THAT(labels_of(*measures), testing::ElementsAre(2, 7));
    EXPECT_EQ(measures->front().samples, 50u);
    EXPECT_GT(measures->front().loss, 0);
}

TEST(HoldOut, TheProbeStandsInForClassesOfWhichTooLittleIsHeld) {
    const Dataset data = bright_spots(500);
    const uint8_t held[] = {2, 7};
    Shard own = of_classes(data, held);
    own.rows.push_back(0);  // one of class 0: too few
    Mlp mlp = some_model();
    const auto measures = HoldOut(own, first_of_each_class(data, 6)).measure(mlp);
    ASSERT_TRUE(measures.has_value());
    EXPECT_EQ(measures->size(), kClasses);
    EXPECT_EQ(measures->at(0).samples, 6u);
    EXPECT_EQ(measures->at(2).samples, 50u);
}

TEST(HoldOut, RefusesAModelOfAnotherShape) {
    const Dataset data = bright_spots(500);
    SeededRng rng(1);
    Mlp wide = Mlp::create(std::vector<size_t>{20, 10}, rng), narrow = Mlp::create(std::vector<size_t>{16, 5}, rng);
    const HoldOut hold_out(everything(data));
    EXPECT_FALSE(hold_out.measure(wide).has_value());
    EXPECT_FALSE(hold_out.measure(narrow).has_value());
}

}  // namespace
}  // namespace aip::learning
