#include "routing/interest_table.hpp"

#include <gmock/gmock.h>

#include "base/limits.hpp"
#include "tests/routing/fixture.hpp"

namespace aip::routing {
namespace {

using test::at_ms;
using test::plain_address;
using testing::ElementsAre;

InterestTable::Put put(InterestTable& table, uint64_t origin, uint64_t sequence, Instant now,
                       const std::string& task = "task", int64_t life_s = 1) {
    InterestRecord record;
    record.origin = plain_address(origin);
    record.task = task_ref(task);
    record.sequence = sequence;
    record.lifetime = Duration::seconds(life_s);
    record.sketch.labels = {1};
    const Bytes body = encode_interest(record);
    return table.put(record, {crypto::CredentialBytes{}, body, crypto::Signature{}}, now);
}

TEST(InterestTable, HasALimitInAllAndPerOrigin) {
    InterestTable table(plain_address(1).network());
    for (uint32_t i = 0; i <= limits::kInterestTasksMax; ++i) table.listen("t" + std::to_string(i));
    table.listen("task");
    for (uint64_t i = 1; i <= limits::kInterestMembersMax; ++i)
        ASSERT_EQ(put(table, i, 1, at_ms(0)), InterestTable::Put::kStored);
    EXPECT_EQ(put(table, 999'999, 1, at_ms(0)), InterestTable::Put::kFull);
    uint64_t i = 1;
    while (put(table, i, 1, at_ms(0), "t" + std::to_string(i % 3)) == InterestTable::Put::kStored) ++i;
    EXPECT_EQ(table.size(), limits::kInterestRecordsMax);
    table.expire(at_ms(1000));
    EXPECT_EQ(table.size(), 0u);
    for (uint32_t t = 0; t <= limits::kInterestTasksMax; ++t)
        EXPECT_EQ(put(table, 999'999, 1, at_ms(1000), "t" + std::to_string(t)),
                  t < limits::kInterestTasksMax ? InterestTable::Put::kStored : InterestTable::Put::kFull);
}

TEST(InterestTable, ForgetsOldSequencesOnlyWhenItNeedsTheRoom) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    for (uint64_t i = 1; i <= 3 * limits::kInterestRecordsMax; ++i) {
        ASSERT_EQ(put(table, i, 5, at_ms(static_cast<int64_t>(i))), InterestTable::Put::kStored);
        table.expire(at_ms(static_cast<int64_t>(i)));
    }
    EXPECT_EQ(put(table, 3 * limits::kInterestRecordsMax, 4, at_ms(0)), InterestTable::Put::kStale);
    EXPECT_LE(table.size(), 1101u);
}

TEST(InterestTable, ListsItsChangesInOrderAndForgetsATask) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    table.listen("more");
    for (uint64_t i = 1; i <= 3; ++i) put(table, i, 1, at_ms(0));
    put(table, 1, 2, at_ms(0));
    put(table, 9, 1, at_ms(0), "more");
    std::vector<uint64_t> order;
    for (auto i = table.oldest(); i != InterestTable::kNone; i = table.newer(i))
        order.push_back(static_cast<uint64_t>(table.origin(i)));
    EXPECT_THAT(order, ElementsAre(2, 3, 1, 9));
    table.forget(*table.task_of("task"));
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.origin(table.oldest()), InterfaceId{9});
    EXPECT_EQ(table.credential(InterfaceId{1}), nullptr);
    EXPECT_FALSE(table.task_of("task"));
}

TEST(InterestTable, ANewCredentialOfAnOriginPutsItsOtherRecordsOutOfUse) {
    InterestTable table(plain_address(1).network());
    table.listen("task");
    table.listen("more");
    put(table, 1, 1, at_ms(0), "more");
    InterestRecord record;
    record.origin = plain_address(1);
    record.task = task_ref("task");
    record.sequence = 2;
    record.lifetime = Duration::seconds(1);
    record.sketch.labels = {1};
    crypto::CredentialBytes other;
    other.bytes.fill(7);
    const Bytes body = encode_interest(record);
    ASSERT_EQ(table.put(record, {other, body, {}}, at_ms(0)), InterestTable::Put::kStored);
    EXPECT_EQ(table.count("more"), 0u);
    EXPECT_EQ(table.count("task"), 1u);
}

}  // namespace
}  // namespace aip::routing
