#include "cli/report.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "cli/suggest.hpp"

namespace aip::cli {
namespace {

const Report kPeers{"peers",
                    {{"name", ColumnType::kText},
                     {"rtt_us", ColumnType::kInteger},
                     {"loss", ColumnType::kReal},
                     {"up", ColumnType::kBoolean}},
                    {{std::string("a"), int64_t{5}, 0.25, true},
                     {std::string("longer"), std::monostate{}, std::numeric_limits<double>::quiet_NaN(), false}},
                    {"two"}};

TEST(Report, AlignsTextLeftAndNumbersRight) {
    EXPECT_EQ(to_text(kPeers, Layout::kTable),
              "name    rtt_us  loss  up\n"
              "a            5  0.25  yes\n"
              "longer       -     -  no\n"
              "# two\n");
}

TEST(Report, CardsPutOneFieldOnALine) {
    Report one = kPeers;
    one.rows.pop_back();
    EXPECT_EQ(to_text(one, Layout::kCard), "name:   a\nrtt_us: 5\nloss:   0.25\nup:     yes\n# two\n");
}

TEST(Report, TimesAreDatesForPeopleAndNumbersForPrograms) {
    const Report one{"tags", {{"time_ms", ColumnType::kInteger}}, {{int64_t{1'750'000'000'000}}}, {}};
    EXPECT_EQ(to_text(one, Layout::kCard), "time: 2025-06-15T15:06:40Z\n");
    EXPECT_EQ(to_text(one, Layout::kTable), "                time\n2025-06-15T15:06:40Z\n");
    EXPECT_EQ(to_json(one), R"({"title":"tags","rows":[{"time_ms":1750000000000}],"notes":[]})"
                            "\n");
}

TEST(Report, JsonKeepsTypesAndSaysNullForUnknown) {
    EXPECT_EQ(to_json(kPeers), R"({"title":"peers","rows":[{"name":"a","rtt_us":5,"loss":0.25,"up":true},)"
                               R"({"name":"longer","rtt_us":null,"loss":null,"up":false}],"notes":["two"]})"
                               "\n");
}

TEST(Report, SaysWhenThereIsNothing) {
    EXPECT_EQ(to_text({"peers", {{"name"}}, {}, {}}, Layout::kTable), "peers: none\n");
}

TEST(Report, TextFromTheNetworkCannotDriveTheTerminal) {
    const Report hostile{"t", {{"name"}}, {{std::string("a\x1b[2Jb\n\xff")}}, {}};
    EXPECT_EQ(to_text(hostile, Layout::kTable), "name\na?[2Jb?\xff\n");
    EXPECT_NE(to_json(hostile).find(R"(a\u001b[2Jb\n)"), std::string::npos);
}

TEST(Suggest, FindsSlipsAndNothingElse) {
    const std::vector<std::string> names = {"status", "send", "recv"};
    EXPECT_EQ(nearest("stauts", names), "status");
    EXPECT_EQ(nearest("sed", names), "send");
    EXPECT_EQ(nearest("ledger", names), std::nullopt);
    EXPECT_EQ(edit_distance("", "abc"), 3u);
}

}  // namespace
}  // namespace aip::cli
