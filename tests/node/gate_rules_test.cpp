// Each rule of the gate on figures that are known.
#include "node/gate_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace aip::node {
namespace {

using testing::HasSubstr;

model::TensorDistance tensor(const std::string& name, double norm, double reference, double change, double dot = 0) {
    return {name, true, norm, reference, change, dot};
}

Evidence faulty(const std::string& fault) {
    Evidence evidence;
    evidence.fault = fault;
    return evidence;
}

TEST(GateRules, AGateThatAsksNothingHasNoRules) {
    EXPECT_TRUE(make_gate({}).empty());
    EXPECT_FALSE(first_objection({}, faulty("is broken")).has_value());
}

TEST(GateRules, RulesStandInTheOrderOfTheirCost) {
    std::vector<std::string_view> names;
    const auto gate = make_gate({true, 3, 1, 0, 0.5, 0.1, 1});
    for (const auto& rule : gate) names.push_back(rule->name());
    EXPECT_THAT(names, testing::ElementsAre("numbers", "norm", "distance", "loss"));
}

TEST(GateRules, AFaultIsAnObjectionWhateverElseIsAsked) {
    for (const routing::GateRules& rules : {routing::GateRules{.numbers = true}, routing::GateRules{.loss = 1}}) {
        const auto objection = first_objection(rules, faulty("tensor 'w' holds a NaN"));
        ASSERT_TRUE(objection.has_value());
        EXPECT_EQ(objection->rule, "numbers");
        EXPECT_THAT(objection->why, HasSubstr("NaN"));
    }
}

TEST(GateRules, NormIsHeldAgainstWhatIsUsualForThatTensor) {
    const routing::GateRules rules{.norm = 3};
    Evidence evidence;
    evidence.usual = {{"w", 2.0}, {"b", 0.1}};
    evidence.from_parent = {tensor("w", 9, 9, 6.0), tensor("b", 1, 1, 0.3), tensor("new", 1, 1, 100)};
    EXPECT_FALSE(first_objection(rules, evidence).has_value()) << "three times is allowed, an unknown tensor too";
    evidence.from_parent[1].change = 0.31;
    const auto objection = first_objection(rules, evidence);
    ASSERT_TRUE(objection.has_value());
    EXPECT_EQ(objection->rule, "norm");
    EXPECT_THAT(objection->why, HasSubstr("'b'"));
    EXPECT_EQ(objection->figures.at("tensor"), 1);
    EXPECT_EQ(objection->figures.at("change"), 0.31);
    EXPECT_EQ(objection->figures.at("usual"), 0.1);
    evidence.merged = true;
    EXPECT_FALSE(first_objection(rules, evidence).has_value()) << "a merge is no step of training";
}

TEST(GateRules, DistanceNarrowsWithTheJourney) {
    const routing::GateRules rules{.distance = 0.5, .narrowing = 1};
    Evidence evidence;
    evidence.from_parent = {tensor("w", 10, 10, 4.9)};
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
    evidence.progress = 1;  // 0.5 / e of 10 is 1.84
    const auto objection = first_objection(rules, evidence);
    ASSERT_TRUE(objection.has_value());
    EXPECT_EQ(objection->rule, "distance");
    EXPECT_NEAR(objection->figures.at("limit"), 5 / std::exp(1.0), 1e-12);
    evidence.from_parent[0].change = 1.8;
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
}

TEST(GateRules, TheOwnVersionStandsInForAMissingParent) {
    const routing::GateRules rules{.distance = 1};
    Evidence evidence;
    EXPECT_FALSE(first_objection(rules, evidence).has_value()) << "neither is here";
    evidence.from_own = {tensor("w", 30, 10, 25)};
    ASSERT_TRUE(first_objection(rules, evidence).has_value());
    EXPECT_THAT(first_objection(rules, evidence)->why, HasSubstr("own version"));
    evidence.from_parent = {tensor("w", 30, 30, 1)};
    EXPECT_FALSE(first_objection(rules, evidence).has_value()) << "an own version that is old proves nothing";
}

TEST(GateRules, AModelThatPointsElsewhereIsAnObjection) {
    const routing::GateRules rules{.cosine = 0.5};
    Evidence evidence;
    evidence.from_parent = {tensor("w", 3, 4, 5, 0), tensor("b", 4, 3, 5, 15)};  // cosine 15 / 25
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
    evidence.from_parent[1].dot = 12;
    EXPECT_DOUBLE_EQ(first_objection(rules, evidence).value().figures.at("cosine"), 0.48);
}

TEST(GateRules, WhatItsMakerHoldsMayNotBecomeWorseAndTheRestALittle) {
    const routing::GateRules rules{.loss = 0.1, .loss_elsewhere = 1};
    Evidence evidence;
    evidence.held_by_maker = {3};
    evidence.of_parent = {{3, 50, 1.0, 0.7}, {5, 50, 1.0, 0.7}};
    evidence.of_version = {{3, 50, 1.05, 0.7}, {5, 50, 1.9, 0.3}};  // 5 is forgotten a little
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
    evidence.of_version[1].loss = 2.1;
    EXPECT_EQ(first_objection(rules, evidence).value().figures.at("class"), 5);
    evidence.of_version[1].loss = 1.0;
    evidence.of_version[0].loss = 1.2;
    EXPECT_THAT(first_objection(rules, evidence).value().why, HasSubstr("maker says it holds"));
    evidence.held_by_maker.clear();
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
}

TEST(GateRules, ClassesThatNobodyMeasuredOfBothAreNotJudged) {
    const routing::GateRules rules{.loss = 0.1, .loss_elsewhere = 0.1};
    Evidence evidence;
    evidence.of_version = {{3, 50, 9, 0}, {4, 0, 9, 0}};
    evidence.of_parent = {{4, 0, 1, 1}};
    EXPECT_FALSE(first_objection(rules, evidence).has_value());
}

TEST(GateRules, ALossThatIsNoNumberIsAnObjection) {
    const routing::GateRules rules{.loss = 0.1, .loss_elsewhere = 1};
    Evidence evidence;
    evidence.of_parent = {{3, 50, 1.0, 0.7}};
    evidence.of_version = {{3, 50, std::nan(""), 0}};
    ASSERT_TRUE(first_objection(rules, evidence).has_value());
    EXPECT_FALSE(first_objection(rules, evidence)->figures.contains("after"));
}

}  // namespace
}  // namespace aip::node
