// What becomes of a model that is poisoned at a stop:
//
//        0 -- 1 -- 2        0 sends it; programs on 1 and 2
#include "node/gate.hpp"

#include <cmath>
#include <cstring>

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::Contains;
using testing::HasSubstr;

Bytes floats(float value, size_t count = 2000) {
    const std::vector<float> values(count, value);
    Bytes raw(count * sizeof(float));
    std::memcpy(raw.data(), values.data(), raw.size());
    const std::vector<model::TensorView> tensors{{"w", model::Dtype::kF32, {count}, raw}};
    return *model::write_safetensors(tensors, {});
}

struct GateAtStops : World {
    void begin(const routing::GateRules& rules) {
        settings.open_task.admission.gate = rules;
        row(3, {0});
        ASSERT_TRUE(send(0, OnJourney{9, ""}, floats(1)).has_value());
        ASSERT_TRUE(delivered());
    }
    const Keeper::Given& last() { return keeper.given.back(); }
    std::vector<std::string> entries(size_t i) {
        std::vector<std::string> what;
        const auto log = report(i, "ledger-log");
        for (const auto& row : log->rows) what.push_back(std::get<std::string>(row[1]));
        return what;
    }
    std::vector<Cell> quarantined(size_t i) {
        const auto table = report(i, "quarantine");
        return table && table->rows.size() == 1 ? table->rows[0] : std::vector<Cell>(9);
    }
    const routing::JourneyRecord& record(size_t i) { return *node(i).journeys().view().at(0).record; }
    void measure(const Keeper::Given& given, double loss_of_class_1) {
        ASSERT_TRUE(node(given.machine)
                        .measured(given.session, given.delivery.id, {{0, 20, 1.0, 0.5}, {1, 20, loss_of_class_1, 0.5}})
                        .has_value());
        network.machine(given.machine).wake();
    }
};

TEST_F(GateAtStops, APoisonedVersionIsKeptAsideAndItsParentGoesOn) {
    begin({.numbers = true});
    const Keeper::Given poisoner = last();
    const auto bad = finish(poisoner, floats(NAN));
    ASSERT_TRUE(bad.has_value());
    ASSERT_TRUE(delivered(2));
    const size_t here = last().machine;
    EXPECT_NE(here, poisoner.machine);
    EXPECT_EQ(last().delivery.version, poisoner.delivery.version) << "the parent, fetched from where it came from";
    EXPECT_EQ(last().file, floats(1));
    EXPECT_THAT(entries(here), Contains("rejected"));
    const auto row = quarantined(here);
    EXPECT_EQ(std::get<std::string>(row[0]), bad->version.hex());
    EXPECT_EQ(std::get<std::string>(row[2]), "numbers");
    EXPECT_EQ(std::get<std::string>(row[5]), network.machine(poisoner.machine).address().text());
    EXPECT_EQ(std::get<int64_t>(row[7]), 1);
    EXPECT_EQ(record(here).stops, 1u);
    EXPECT_EQ(record(here).stops_left, 9u) << "a stop that made nothing costs none";
    EXPECT_EQ(record(here).seen.samples(), 0u);
    EXPECT_EQ(record(here).recent.back().version, last().delivery.version);

    const auto child = finish(last(), floats(1.5f));
    ASSERT_TRUE(child.has_value());
    EXPECT_FALSE(child->next.has_value()) << "its maker is the only other trainer, and is left alone for a while";
    ASSERT_TRUE(delivered(3)) << "not for ever";
    EXPECT_EQ(last().machine, poisoner.machine);
}

TEST_F(GateAtStops, AGoodVersionPassesAndCountsForItsMaker) {
    begin({.numbers = true, .norm = 3, .distance = 1, .cosine = 0.5});
    const size_t maker = last().machine;
    ASSERT_TRUE(finish(last(), floats(1.1f)).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(last().file, floats(1.1f));
    const Gate& gate = node(last().machine).journeys().gate();
    EXPECT_EQ(gate.reputations().at(network.machine(maker).address()).accepted, 1u);
    EXPECT_EQ(gate.distrust(network.machine(maker).address()), 0);
    EXPECT_NEAR(gate.usual(kTask).at("w"), 0.1 * std::sqrt(2000.0), 1e-3);
}

TEST_F(GateAtStops, AStepFarBeyondTheUsualIsRejectedAndTheJourneyReturnsToOurOwnVersion) {
    begin({.norm = 3});
    const size_t first = last().machine;
    ASSERT_TRUE(finish(last(), floats(1.01f)).has_value());
    ASSERT_TRUE(delivered(2));
    const size_t here = last().machine;
    const auto own = finish(last(), floats(1.02f));
    ASSERT_TRUE(own.has_value());
    ASSERT_TRUE(delivered(3));
    ASSERT_EQ(last().machine, first);
    ASSERT_TRUE(finish(last(), floats(2.02f)).has_value());
    ASSERT_TRUE(delivered(4));
    ASSERT_EQ(last().machine, here);
    EXPECT_EQ(last().delivery.version, own->version);
    EXPECT_EQ(std::get<std::string>(quarantined(here)[2]), "norm");
}

TEST_F(GateAtStops, WhatWasRejectedAndWhoIsRememberedAcrossAPowerCut) {
    begin({.numbers = true});
    const Address poisoner = network.machine(last().machine).address();
    ASSERT_TRUE(finish(last(), floats(INFINITY)).has_value());
    ASSERT_TRUE(delivered(2));
    const size_t here = last().machine;
    const auto before = quarantined(here);
    network.machine(here).kill();
    ASSERT_TRUE(network.machine(here).start().has_value());
    ASSERT_TRUE(delivered(3));
    EXPECT_EQ(last().file, floats(1));
    EXPECT_EQ(quarantined(here), before);
    EXPECT_EQ(node(here).journeys().gate().reputations().at(poisoner).rejected, 1u) << "counted of the ledger";
    EXPECT_GT(node(here).journeys().gate().distrust(poisoner), 0);
}

TEST_F(GateAtStops, WithoutAnyGoodVersionTheModelStays) {
    begin({.numbers = true});
    const Keeper::Given poisoner = last();
    network.machine(0).kill();  // it alone has the parent beside the poisoner
    ASSERT_TRUE(finish(poisoner, floats(NAN)).has_value());
    const size_t here = 3 - poisoner.machine;
    ASSERT_TRUE(run_until([&] {
        const auto view = node(here).journeys().view();
        return !view.empty() && view[0].custody.state == CustodyState::kEnded;
    }));
    EXPECT_EQ(keeper.given.size(), 1u) << "nobody trains it";
    EXPECT_EQ(std::get<std::string>(quarantined(here)[2]), "numbers");
}

TEST_F(GateAtStops, ASlowParentIsSentOnceAndWaitedFor) {
    begin({.numbers = true});
    const Keeper::Given poisoner = last();
    network.set_delay(0, 1, Duration::milliseconds(1500));  // 0 has the parent
    size_t most = 0;
    network.add_checker([&](sim::Network&) -> std::optional<std::string> {
        most = std::max(most, leaving(0));
        return std::nullopt;
    });
    ASSERT_TRUE(finish(poisoner, floats(NAN)).has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(last().file, floats(1));
    run_for(Duration::seconds(30));
    EXPECT_EQ(most, 1u);
    EXPECT_EQ(node(3 - poisoner.machine).journeys().view().size(), 1u) << "no letter came of it";
}

TEST_F(GateAtStops, ALetterOfTheParentFromSomebodyElseIsALetter) {
    begin({.numbers = true});
    const Keeper::Given poisoner = last();
    const size_t here = 3 - poisoner.machine;
    network.machine(0).kill();
    ASSERT_TRUE(finish(poisoner, floats(NAN)).has_value());
    ASSERT_TRUE(run_until([&] { return node(here).journeys().view().size() == 1; }));
    run_for(Duration::seconds(2));  // it asks 0 for the parent
    const auto letter = send(poisoner.machine, network.machine(here).address(), floats(1));
    ASSERT_TRUE(letter.has_value()) << letter.error().text;
    ASSERT_EQ(letter->version, poisoner.delivery.version);
    EXPECT_TRUE(node(here).journeys().has_letter(kTask));
}

TEST_F(GateAtStops, AVersionInQuarantineIsLentToNobody) {
    begin({.numbers = true});
    const Keeper::Given poisoner = last();
    const auto bad = finish(poisoner, floats(NAN));
    ASSERT_TRUE(bad.has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_FALSE(lends(last().machine, 0, bad->version));
    EXPECT_TRUE(lends(0, poisoner.machine, poisoner.delivery.version)) << "its parent is another matter";
}

TEST_F(GateAtStops, AProgramMeasuresVersionAndParentAndTheWorseIsRejected) {
    settings.open_task.admission.gate = {.loss = 0.1, .loss_elsewhere = 0.5};
    row(3, {0});
    for (const size_t i : {1, 2}) ASSERT_TRUE(node(i).bind(session(i), kTask, true).has_value());
    ASSERT_TRUE(send(0, OnJourney{9, ""}, floats(1)).has_value());
    ASSERT_TRUE(delivered());
    const Keeper::Given first = last();
    EXPECT_FALSE(first.delivery.measure) << "an imported version has no parent to be worse than";
    const auto child = finish(first, floats(2));
    ASSERT_TRUE(child.has_value());
    ASSERT_TRUE(delivered(2));
    EXPECT_TRUE(last().delivery.measure);
    EXPECT_EQ(last().delivery.version, child->version);
    EXPECT_FALSE(finish(last(), floats(3)).has_value()) << "it is not to be trained";
    measure(last(), 1.2);
    ASSERT_TRUE(delivered(3));
    EXPECT_TRUE(last().delivery.measure);
    EXPECT_EQ(last().delivery.version, first.delivery.version);
    measure(last(), 1.0);
    ASSERT_TRUE(delivered(4));
    EXPECT_FALSE(last().delivery.measure);
    EXPECT_EQ(last().delivery.version, first.delivery.version) << "the maker says it holds class 1";
    EXPECT_EQ(std::get<std::string>(quarantined(last().machine)[2]), "loss");
    EXPECT_THAT(std::get<std::string>(quarantined(last().machine)[3]), HasSubstr("class 1"));
}

TEST_F(GateAtStops, AProgramThatCannotMeasureStandsInNobodysWay) {
    settings.open_task.admission.gate = {.loss = 0.1};
    row(3, {0});
    for (const size_t i : {1, 2}) ASSERT_TRUE(node(i).bind(session(i), kTask, true).has_value());
    ASSERT_TRUE(send(0, OnJourney{9, ""}, floats(1)).has_value());
    ASSERT_TRUE(delivered());
    ASSERT_TRUE(finish(last(), floats(2)).has_value());
    ASSERT_TRUE(delivered(2));
    ASSERT_TRUE(last().delivery.measure);
    ASSERT_TRUE(release(last()).has_value());
    ASSERT_TRUE(delivered(3));
    EXPECT_FALSE(last().delivery.measure);
    EXPECT_EQ(last().file, floats(2));
}

TEST(GateStore, NotesSurviveEncodingAndEveryTruncationIsRefused) {
    Quarantined entry;
    entry.version.bytes.fill(7);
    entry.task = kTask;
    entry.rule = "norm";
    entry.why = "tensor 'w' moved";
    entry.at = WallTime::from_unix_ms(1'750'000'000'000);
    const std::string text = encode_quarantined(entry);
    EXPECT_EQ(*parse_quarantined(as_bytes(text)), entry);
    const Changes changes{{"w", {1, 2.5f}}, {"b", {0.125f}}};
    const std::string note = encode_changes(changes);
    EXPECT_EQ(*parse_changes(as_bytes(note)), changes);
    for (size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(parse_quarantined(as_bytes(text).first(i)).has_value());
    for (size_t i = 0; i < note.size(); ++i) EXPECT_FALSE(parse_changes(as_bytes(note).first(i)).has_value());
}

}  // namespace
}  // namespace aip::node
