// Tasks from their creation on one node to models that journey among those who joined.
#include "node/tasks.hpp"

#include "base/limits.hpp"
#include "tests/node/world.hpp"

namespace aip::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class Tasks : public World {
protected:
    routing::TaskRecord rules(const std::string& name = kTask) { return routing::open_task_rules(name); }
    template <class Ask>
    Result<std::string> ask(size_t i, Ask start) {
        std::optional<Result<std::string>> got;
        start([&](Result<std::string> r) { got = std::move(r); });
        network.machine(i).wake();
        run_until([&] { return got.has_value(); });
        return got ? *got : Result<std::string>(Error{ErrorCode::kTimeout, network.complaint()});
    }
    Result<std::string> create(size_t i, routing::TaskRecord record) {
        return ask(i, [&](auto done) { node(i).create_task(std::move(record), std::move(done)); });
    }
    Result<std::string> join(size_t i, const std::string& text) {
        return ask(i, [&](auto done) { node(i).join_task(text, std::move(done)); });
    }
    Result<std::string> leave(size_t i, const std::string& text) {
        return ask(i, [&](auto done) { node(i).leave_task(text, std::move(done)); });
    }
    bool everyone_knows(const std::string& key) {
        return run_until([&] {
            for (size_t i = 0; i < network.size(); ++i)
                if (node(i).tasks().find(key) == nullptr) return false;
            return true;
        });
    }
    std::string state(size_t i, const std::string& key) {
        const auto tasks = report(i, "tasks");
        for (const auto& cells : tasks->rows)
            if (std::get<std::string>(cells[6]) == key) return std::get<std::string>(cells[1]);
        return "none";
    }
    size_t members(size_t i, const std::string& key) { return node(i).interest().entries(key).size(); }
};

TEST_F(Tasks, CreatedOnOneNodeAppearOnAll) {
    row(5);
    const auto key = create(0, rules());
    ASSERT_TRUE(key) << key.error().text;
    EXPECT_THAT(*key, StartsWith("digits@"));
    ASSERT_TRUE(everyone_knows(*key));
    EXPECT_EQ(state(0, *key), "joined");
    EXPECT_EQ(state(4, *key), "known");
    const auto shown = report(4, "task", {kTask});
    ASSERT_TRUE(shown);
    EXPECT_EQ(std::get<std::string>(shown->rows[0][4]), node(0).self().text());
}

TEST_F(Tasks, ProgramsBoundByNameFollowTheirNodeIntoTheTask) {
    row(3);
    const auto key = create(0, rules());
    ASSERT_TRUE(everyone_knows(*key));
    EXPECT_TRUE(run_until([&] { return members(1, kTask) == 2; })) << "those who did not join stay in the open task";
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(join(2, *key));
    EXPECT_TRUE(run_until([&] { return members(0, *key) == 3 && members(0, kTask) == 0; }));
}

TEST_F(Tasks, AModelJourneysAmongThoseWhoJoined) {
    row(4, {0});
    routing::TaskRecord record = rules();
    record.weights.policy = "compute";
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(join(2, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 2; }));
    ASSERT_TRUE(send(0, OnJourney{3, ""}, model_file(1)));
    for (uint8_t stop = 1; stop <= 3; ++stop) {
        ASSERT_TRUE(delivered(stop));
        const auto& given = keeper.given.back();
        EXPECT_TRUE(given.machine == 1 || given.machine == 2);
        EXPECT_EQ(given.delivery.task, kTask) << "as the program said it";
        ASSERT_TRUE(finish(given, model_file(stop)));
    }
    const auto journeys = report(keeper.given.back().machine, "journeys");
    EXPECT_EQ(std::get<std::string>(journeys->rows[0][1]), *key);
}

TEST_F(Tasks, LeavingWithdrawsInterestAndModelsAreRefused) {
    row(2);
    const auto key = create(0, rules());
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 2; }));
    ASSERT_TRUE(leave(1, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 1; }));
    EXPECT_EQ(members(0, kTask), 0u) << "what is published in a task does not fall back into the open one";
    EXPECT_EQ(state(1, *key), "left");
    EXPECT_THAT(node(1).tasks().admit(*key, 100, true).error().text, HasSubstr("aipctl task join"));
    EXPECT_THAT(leave(1, kTask).error().text, HasSubstr("not joined"));
    ASSERT_TRUE(join(1, kTask));
    EXPECT_TRUE(run_until([&] { return members(0, *key) == 2; }));
}

TEST_F(Tasks, AmbiguousNamesAreListedAndDigitsTellThemApart) {
    row(3);
    const auto first = create(0, rules());
    run_for(Duration::seconds(1));  // made at the same time by the same rules it would be the same task
    const auto second = create(1, rules());
    ASSERT_TRUE(everyone_knows(*first) && everyone_knows(*second));
    const auto refused = join(2, kTask);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr(first->substr(0, 15)));
    EXPECT_THAT(refused.error().text, HasSubstr(second->substr(0, 15)));
    EXPECT_EQ(*join(2, second->substr(0, 15)), *second);
    EXPECT_EQ(*node(2).tasks().resolve(kTask), *second) << "the one that was joined";
    EXPECT_EQ(*node(0).tasks().resolve(kTask), *first);
    EXPECT_EQ(node(2).tasks().resolve("digits@0000ffff").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(join(2, "letters").error().code, ErrorCode::kNotFound);
}

TEST_F(Tasks, MembersMayBeListed) {
    row(3, {0, 1, 2});
    routing::TaskRecord record = rules();
    record.admission.members_listed = true;
    record.admission.members = {node(1).self()};
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    EXPECT_TRUE(join(1, kTask));
    EXPECT_EQ(join(2, kTask).error().code, ErrorCode::kDenied);
    EXPECT_FALSE(node(0).tasks().admit(*key, 1, true)) << "the creator is not listed either";
}

TEST_F(Tasks, ModelsThatAreTooLargeAreTurnedAway) {
    row(2, {0});
    routing::TaskRecord record = rules();
    record.admission.model_bytes_max = 5000;
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 1; }));
    start_send(0, OnJourney{1, ""}, model_file(1, 8000));
    EXPECT_FALSE(delivered(1, Duration::seconds(10)));
    start_send(0, OnJourney{1, ""}, model_file(1, 2000));
    EXPECT_TRUE(delivered());
}

TEST_F(Tasks, MembershipSurvivesAPowerCut) {
    row(2);
    const auto key = create(0, rules());
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    network.machine(1).kill();
    ASSERT_TRUE(network.machine(1).start());
    EXPECT_EQ(state(1, *key), "joined");
    network.machine(0).kill();
    ASSERT_TRUE(network.machine(0).start());
    EXPECT_EQ(state(0, *key), "joined");
    EXPECT_TRUE(run_until([&] { return members(0, *key) == 2; }));
}

TEST_F(Tasks, OneCreatorCannotFillTheBookOfAnother) {
    row(2, {0, 1});
    std::vector<std::string> keys;
    for (uint32_t i = 0; i < limits::kTasksOfCreatorMax + 5; ++i) {
        keys.push_back(*create(0, rules("task" + std::to_string(i))));
        run_for(Duration::seconds(2));
    }
    EXPECT_EQ(node(1).tasks().all().size(), limits::kTasksOfCreatorMax);
    EXPECT_EQ(node(1).tasks().find(keys.front()), nullptr) << "the oldest goes";
    EXPECT_NE(node(1).tasks().find(keys.back()), nullptr);
}

TEST_F(Tasks, RefusesRulesThatCannotBe) {
    row(1);
    routing::TaskRecord record = rules();
    record.weights.policy = "telepathy";
    EXPECT_THAT(create(0, record).error().text, HasSubstr("coverage"));
    record = rules("No Name");
    EXPECT_THAT(create(0, record).error().text, HasSubstr("name needs"));
}

TEST_F(Tasks, TheRecordRulesTheJourney) {
    row(3, {0});
    routing::TaskRecord record = rules();
    record.weights.policy = "random-walk";
    record.weights.jump = 1;
    record.budget = {2, 1'000'000, {}};
    record.stay.steps = 7;
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(join(2, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 2; }));
    ASSERT_TRUE(send(0, OnJourney{}, model_file(1))) << "the task has a policy and a budget";
    ASSERT_TRUE(delivered());
    const auto& given = keeper.given.back();
    const auto journey = *node(given.machine).journeys().view().at(0).record;
    EXPECT_EQ(journey.policy, "random-walk");
    EXPECT_EQ(journey.stops_left, 2u);
    EXPECT_EQ(journey.bytes_left, 1'000'000u);
    EXPECT_EQ(given.delivery.stay.steps, 7u);
    EXPECT_THAT(given.delivery.why, HasSubstr("escape jump")) << "with the weights of the record";
}

TEST_F(Tasks, InterestIsJudgedByTheRulesOfTheTask) {
    row(3, {0});
    routing::TaskRecord record = rules();
    record.weights.policy = "compute";
    record.weights.path = 3;
    record.weights.extras_max = 0;
    record.weights.jump = 1;  // which the table leaves out
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    ASSERT_TRUE(join(2, kTask));
    ASSERT_TRUE(run_until([&] { return members(0, *key) == 2; }));
    const auto table = report(0, "interest", {kTask});
    ASSERT_TRUE(table);
    EXPECT_THAT(table->notes.at(0), HasSubstr("policy compute"));
    const auto column = [&](std::string_view name, size_t row) {
        for (size_t i = 0; i < table->columns.size(); ++i)
            if (table->columns[i].name == name) return table->rows.at(row).at(i);
        return Cell{};
    };
    for (size_t i = 0; i < 2; ++i) {
        EXPECT_DOUBLE_EQ(std::get<double>(column("cost", i)), 3 * std::get<double>(column("path_cost", i)));
        EXPECT_DOUBLE_EQ(std::get<double>(column("training_s", i)), 0.3) << "30 samples, 100 a second";
        EXPECT_THAT(std::get<std::string>(column("why", i)), HasSubstr("seconds until it has trained"));
    }
}

TEST_F(Tasks, DataOfAnotherShapeIsNotOffered) {
    row(2, {0});
    routing::TaskRecord record = rules();
    record.sketch.size = 10;
    const auto key = create(0, record);
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(join(1, kTask));
    run_for(Duration::seconds(3));
    EXPECT_EQ(members(0, *key), 0u);
    EXPECT_THAT(node(1).publish_interest(session(1), kTask, {{{5, 5}, {}}, 10, 1}).error().text,
                HasSubstr("10 classes"));
    EXPECT_TRUE(node(1).publish_interest(session(1), kTask, {{std::vector<uint64_t>(10, 1), {}}, 10, 1}));
}

TEST_F(Tasks, AProgramMayBindBeforeItsNodeJoins) {
    row(2, {1});
    const auto key = create(0, rules());
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(node(1).bind(session(1), *key));
    ASSERT_TRUE(node(1).publish_interest(session(1), *key, {{{5, 5}, {}}, 10, 1}));
    run_for(Duration::seconds(3));
    EXPECT_EQ(members(0, *key), 1u) << "who has not joined publishes nothing";
    ASSERT_TRUE(join(1, kTask));
    EXPECT_TRUE(run_until([&] { return members(0, *key) == 2; }));
}

TEST_F(Tasks, ALetterNeedsNoJoining) {
    row(2, {0});
    const auto key = create(0, rules());
    ASSERT_TRUE(everyone_knows(*key));
    ASSERT_TRUE(send(0, node(1).self(), model_file(1)));
    EXPECT_TRUE(node(1).receive(session(1), kTask, false));
}

}  // namespace
}  // namespace aip::node
