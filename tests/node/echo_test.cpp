// Pings and traces over simulated machines in a row:
//
//     0 ---- 1 ---- 2 ---- 3
#include "node/echo.hpp"

#include "tests/node/world.hpp"

namespace aip::node {
namespace {

struct Echoes : World {
    // The table, once the run has ended.
    Result<Report> ask(size_t from, EchoOrder order) {
        std::optional<Result<Report>> got;
        node(from).echo(
            kClient, order, [this](uint64_t, uint64_t, std::string_view line) { lines.emplace_back(line); },
            [&](Result<Report> report) { got = std::move(report); });
        network.machine(from).wake();
        run_until([&] { return got.has_value(); }, Duration::seconds(200));
        return got ? *got : Result<Report>(Error{ErrorCode::kTimeout, "it never ended"});
    }
    EchoOrder ping(size_t to, uint32_t count = 3) {
        return {false, network.machine(to).address().text(), count, Duration::milliseconds(100)};
    }
    EchoOrder trace(size_t to) { return {true, network.machine(to).address().text(), 0, {}}; }
    static std::string state(const Report& report, size_t row) { return std::get<std::string>(report.rows[row][3]); }

    std::vector<std::string> lines;
};

TEST_F(Echoes, PingIsAnsweredAcrossHopsAndMeasured) {
    row(4);
    const auto report = ask(0, ping(3));
    ASSERT_TRUE(report.has_value()) << report.error().text;
    ASSERT_EQ(report->rows.size(), 1u);
    const auto& got = report->rows[0];
    EXPECT_EQ(got[1], Cell(int64_t{3}));
    EXPECT_EQ(got[2], Cell(int64_t{3}));
    EXPECT_EQ(got[3], Cell(0.0));
    EXPECT_GT(std::get<double>(got[4]), 0.0);
    EXPECT_LE(std::get<double>(got[4]), std::get<double>(got[5]));
    EXPECT_LE(std::get<double>(got[5]), std::get<double>(got[6]));
    EXPECT_EQ(lines.size(), 3u);
    EXPECT_NE(lines[0].find("hop limit 62"), std::string::npos) << lines[0];
    EXPECT_EQ(counter(3, "icmp.echo_requests"), 3);
    EXPECT_EQ(counter(0, "icmp.unexpected_replies"), 0);
}

TEST_F(Echoes, PingSaysThatNobodyAnswered) {
    row(3);
    network.fail(1, 2);
    const auto report = ask(0, ping(2));
    ASSERT_TRUE(report.has_value()) << report.error().text;
    EXPECT_EQ(report->rows[0][2], Cell(int64_t{0}));
    EXPECT_EQ(report->rows[0][3], Cell(1.0));
    EXPECT_EQ(report->rows[0][4], Cell());
    EXPECT_EQ(lines.size(), 3u) << testing::PrintToString(lines);
    EXPECT_FALSE(std::get<std::string>(report->rows[0][7]).empty());
}

TEST_F(Echoes, TraceNamesEveryHop) {
    row(4);
    const auto report = ask(0, trace(3));
    ASSERT_TRUE(report.has_value()) << report.error().text;
    ASSERT_EQ(report->rows.size(), 3u);
    for (size_t hop = 0; hop < 3; ++hop) {
        EXPECT_EQ(report->rows[hop][0], Cell(static_cast<int64_t>(hop + 1)));
        EXPECT_EQ(report->rows[hop][1], Cell(network.machine(hop + 1).address().text()));
        EXPECT_EQ(state(*report, hop), hop == 2 ? "arrived" : "hop");
    }
    EXPECT_EQ(counter(1, "icmp.sent_hop_limit"), 1);
}

TEST_F(Echoes, TraceSaysWhereTheRouteEnds) {
    row(3);
    network.fail(1, 2);
    run_for(Duration::seconds(10));  // 1 notices; 0 has a static route and cannot
    const auto report = ask(0, trace(2));
    ASSERT_TRUE(report.has_value()) << report.error().text;
    ASSERT_FALSE(report->rows.empty());
    const std::string last = state(*report, report->rows.size() - 1);
    EXPECT_TRUE(last == "no route" || last == "no route from this node") << last;
}

//     0 ---- 1 ---- 2 ---- 3
//      \____________/
TEST_F(Echoes, GoThroughTheNodesThatAreNamed) {
    for (size_t i = 0; i < 4; ++i) network.add_node({});
    for (size_t i = 0; i < 3; ++i) network.link(i, i + 1);
    network.link(0, 2);
    ASSERT_TRUE(network.start().has_value());
    run_for(Duration::seconds(5));
    const auto address = [&](size_t i) { return network.machine(i).address().text(); };
    const auto hops = [&](EchoOrder order) {
        std::vector<std::string> found;
        const auto report = ask(0, order);
        if (report)
            for (const auto& cells : report->rows) found.push_back(std::get<std::string>(cells[1]));
        return found;
    };
    EXPECT_EQ(hops(trace(3)), (std::vector{address(2), address(3)}));
    EchoOrder around = trace(3);
    around.via = {address(1)};
    EXPECT_EQ(hops(around), (std::vector{address(1), address(2), address(3)}));
    EchoOrder back = trace(1);
    back.via = {address(3), address(2)};
    EXPECT_EQ(hops(back).size(), 4u) << "2, 3, 2 and 1";
    EchoOrder pinged = ping(3, 2);
    pinged.via = {address(1)};
    EXPECT_EQ(ask(0, pinged)->rows.at(0)[2], Cell(int64_t{2}));
    EXPECT_EQ(counter(0, "icmp.heard_other"), 0);
    for (const std::vector<std::string>& wrong : {std::vector{address(0)}, {address(3)}, {address(1), address(1)}}) {
        pinged.via = wrong;
        EXPECT_EQ(ask(0, pinged).error().code, ErrorCode::kInvalid);
    }
}

//     0 ---- 1 ==== 2        the second link carries 1,280 bytes, the first 1,500
TEST_F(Echoes, SayWhoCarriesNoMore) {
    for (size_t i = 0; i < 3; ++i) network.add_node({});
    network.link(0, 1);
    sim::LinkOptions narrow;
    narrow.mtu = 1280;
    network.link(1, 2, narrow);
    ASSERT_TRUE(network.start().has_value());
    run_for(Duration::seconds(5));
    const auto trouble = [&](EchoOrder order, uint32_t size) {
        order.size = size;
        const auto report = ask(0, order);
        const Cell cell = report ? report->rows.at(0)[7] : Cell(report.error().text);
        return std::get<std::string>(cell);
    };
    const auto carries = [&](size_t who, const char* bytes) {
        return "too big, says " + network.machine(who).address().text() + ": its next link carries " + bytes + " bytes";
    };
    EXPECT_EQ(trouble(ping(2, 1), 1280), "");
    EXPECT_EQ(trouble(ping(2, 1), 1281), carries(1, "1280"));
    EXPECT_EQ(counter(1, "icmp.sent_too_big"), 1);
    EXPECT_EQ(trouble(ping(2, 1), 1501), carries(0, "1500"));
    EchoOrder steered = ping(2, 1);
    steered.via = {network.machine(1).address().text()};
    EXPECT_EQ(trouble(steered, 1240), "") << "40 bytes name the nodes";
    EXPECT_EQ(trouble(steered, 1241), carries(1, "1280"));
    EXPECT_EQ(trouble(steered, 1461), carries(0, "1500"));
    EXPECT_EQ(counter(0, "icmp.unexpected_replies"), 0);
}

TEST_F(Echoes, FindNodesByTheBeginningOfTheirAddress) {
    row(2);
    EchoOrder order = ping(1);
    order.to.resize(order.to.size() - 1);
    EXPECT_TRUE(ask(0, order).has_value());
    order.to = "fd";
    EXPECT_TRUE(ask(0, order).has_value());  // 0 knows one node
    order.to = "no-such-node";
    EXPECT_EQ(ask(0, order).error().code, ErrorCode::kNotFound);
    order.to = "2001:db8::1";
    EXPECT_EQ(ask(0, order).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(ask(0, ping(0)).error().code, ErrorCode::kInvalid);
}

TEST_F(Echoes, AreBoundedAndEndWithTheirSession) {
    row(2);
    size_t refused = 0;
    for (uint32_t i = 0; i < limits::kEchoRunsMax + 3; ++i)
        node(0).echo(
            kClient, ping(1, limits::kEchoCountMax), [](uint64_t, uint64_t, std::string_view) {},
            [&](const Result<Report>& report) { refused += report.has_value() ? 0 : 1; });
    EXPECT_EQ(refused, 3u);
    node(0).close_session(kClient);
    const int64_t before = counter(1, "icmp.echo_requests");
    run_for(Duration::seconds(2));
    EXPECT_EQ(counter(1, "icmp.echo_requests"), before);
    EXPECT_TRUE(ask(0, ping(1)).has_value());
}

TEST(EchoOrders, AreReadFromWords) {
    const auto order = parse_echo_order("ping", {"fd00::1", "7", "10"});
    ASSERT_TRUE(order.has_value());
    EXPECT_EQ(order->count, 7u);
    EXPECT_EQ(order->interval, Duration::milliseconds(10));
    EXPECT_FALSE(order->trace);
    EXPECT_TRUE(parse_echo_order("trace", {"fd00::1"})->trace);
    const std::vector<std::vector<std::string>> bad{{},
                                                    {"a", "0"},
                                                    {"a", "10001"},
                                                    {"a", "x"},
                                                    {"a", "1", "9"},
                                                    {"a", "1", "60001"},
                                                    {"a", "1", "10", "55"},
                                                    {"a", "1", "10", "65001"},
                                                    {"a", "1", "10", "56", "", "b"},
                                                    {"a", "1", "10", "56", "b,b,b,b,b,b,b,b,b,b,b,b,b,b,b,b"}};
    for (const auto& args : bad) EXPECT_FALSE(parse_echo_order("ping", args).has_value()) << args.size();
    EXPECT_FALSE(parse_echo_order("trace", {"a", "b", "c"}).has_value());
    EXPECT_EQ(parse_echo_order("trace", {"a", "b,c"})->via, (std::vector<std::string>{"b", "c"}));
    EXPECT_EQ(parse_echo_order("ping", {"a", "1", "10", "1400", "b"})->size, 1400u);
    EXPECT_TRUE(parse_echo_order("trace", {"a", ""})->via.empty());
}

TEST(EchoOrders, RefuseAnAmbiguousBeginning) {
    const NetworkId network{{1, 2, 3, 4, 5}};
    const Address a = Address::make(network, InterfaceId{0x7a1f002200000001});
    const Address b = Address::make(network, InterfaceId{0x7a1f002300000001});
    EXPECT_EQ(find_node("7a1f:22", {a, b}).value(), a);
    EXPECT_EQ(find_node("fd01:203:405:0:7a1f:23", {a, b}).value(), b);
    EXPECT_EQ(find_node("7a1f", {a, b}).error().code, ErrorCode::kInvalid);
    EXPECT_EQ(find_node("7a1f", {a, a}).value(), a);
    EXPECT_EQ(find_node("", {a}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace aip::node
