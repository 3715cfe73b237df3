#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "crypto/identity.hpp"
#include "program.hpp"

namespace aip::cli {
namespace {

using daemons::FakeNode;
using daemons::TemporaryDirectory;
using nlohmann::json;

json only_row(const std::string& text) {
    const json all = json::parse(text);
    EXPECT_EQ(all["rows"].size(), 1u);
    return all["rows"][0];
}

std::string sha256_of(std::string_view text) { return crypto::sha256(as_bytes(text)).hex(); }

class Offline : public testing::Test {
protected:
    TemporaryDirectory directory_;
    std::string network_ = directory_.file("network");
    std::string keys_ = directory_.file("keys");
};

TEST_F(Offline, MakesANetworkAndANodeThatBelongsToIt) {
    ASSERT_EQ(aipctl({"network", "create", network_}).exit, 0);
    ASSERT_EQ(aipctl({"key", "create", keys_}).exit, 0);
    const Ran certified = aipctl({"--json", "key", "certify", keys_, "--network", network_ + "/network.key"});
    ASSERT_EQ(certified.exit, 0) << certified.err;
    const auto root = crypto::load_public_key(network_ + "/network.pub", crypto::kRootLabel);
    const auto identity = crypto::load_public_key(keys_ + "/identity.pub", crypto::kIdentityLabel);
    ASSERT_TRUE(root && identity);
    EXPECT_EQ(only_row(certified.out)["address"], crypto::node_address(*root, *identity).text());
    struct stat status {};
    ASSERT_EQ(stat((network_ + "/network.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Offline, RefusesKeysThatOthersCanRead) {
    ASSERT_EQ(aipctl({"network", "create", network_}).exit, 0);
    ASSERT_EQ(aipctl({"key", "create", keys_}).exit, 0);
    ASSERT_EQ(aipctl({"key", "certify", keys_, "--network", network_ + "/network.key"}).exit, 0);
    ASSERT_EQ(chmod((keys_ + "/operational.key").c_str(), 0640), 0);
    const Ran shown = aipctl({"key", "show", keys_});
    EXPECT_EQ(shown.exit, 1);
    EXPECT_EQ(shown.err, "aipctl: " + keys_ + "/operational.key can be read by others than its owner; run: chmod 600 " +
                             keys_ + "/operational.key\n");
}

TEST_F(Offline, NeverOverwritesKeys) {
    ASSERT_EQ(aipctl({"key", "create", keys_}).exit, 0);
    const Ran again = aipctl({"key", "create", keys_});
    EXPECT_EQ(again.exit, 1);
    EXPECT_NE(again.err.find("exists"), std::string::npos) << again.err;
}

TEST_F(Offline, SuggestsTheCommandThatWasMeant) {
    const Ran typo = aipctl({"stauts"});
    EXPECT_EQ(typo.exit, 2);
    EXPECT_EQ(typo.err, "aipctl: unknown command 'stauts'; did you mean 'status'?\n");
    EXPECT_EQ(aipctl({"--socket", "x", "ledger", "adit"}).err,
              "aipctl: unknown command 'adit'; did you mean 'audit'?\n");
    EXPECT_EQ(aipctl({"dance"}).err, "aipctl: unknown command 'dance'; see aipctl --help\n");
}

TEST_F(Offline, SendWantsExactlyOneDestination) {
    EXPECT_EQ(aipctl({"send", "file"}).exit, 2);
    EXPECT_EQ(aipctl({"send", "file", "--to", "fd12::1", "--stops", "3"}).exit, 2);
}

TEST_F(Offline, EveryCommandHasHelpWithAnExample) {
    const std::vector<std::vector<std::string>> commands = {{},
                                                            {"network"},
                                                            {"network", "create"},
                                                            {"key"},
                                                            {"key", "create"},
                                                            {"key", "certify"},
                                                            {"key", "show"},
                                                            {"status"},
                                                            {"peers"},
                                                            {"routes"},
                                                            {"interest"},
                                                            {"counters"},
                                                            {"ping"},
                                                            {"trace"},
                                                            {"models"},
                                                            {"models", "list"},
                                                            {"models", "export"},
                                                            {"transfers"},
                                                            {"transfers", "list"},
                                                            {"transfers", "cancel"},
                                                            {"journey"},
                                                            {"journey", "list"},
                                                            {"journey", "show"},
                                                            {"journey", "follow"},
                                                            {"send"},
                                                            {"recv"},
                                                            {"ledger"},
                                                            {"ledger", "log"},
                                                            {"ledger", "show"},
                                                            {"ledger", "verify"},
                                                            {"ledger", "audit"},
                                                            {"ledger", "export"},
                                                            {"ledger", "tiles"},
                                                            {"ledger", "fsck"},
                                                            {"ledger", "backup"},
                                                            {"ledger", "restore"}};
    for (auto words : commands) {
        const std::string name = words.empty() ? "" : words.back();
        words.push_back("--help");
        const Ran help = aipctl(words);
        EXPECT_EQ(help.exit, 0) << name;
        EXPECT_NE(help.out.find("Example:\n  aipctl"), std::string::npos) << name;
    }
}

TEST_F(Offline, SaysWhenThereIsNoDaemon) {
    const Ran status = aipctl({"--socket", directory_.file("none.sock"), "status"});
    EXPECT_EQ(status.exit, 3);
    EXPECT_EQ(status.err,
              "aipctl: no daemon at " + directory_.file("none.sock") + "; start aipacketd or give its socket\n");
}

class WithNode : public testing::Test {
protected:
    Ran run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"--socket", path_});
        return aipctl(std::move(arguments));
    }
    std::string write_file(const std::string& name, const std::string& content) {
        std::ofstream(directory_.file(name), std::ios::binary) << content;
        return directory_.file(name);
    }
    std::string read_file(const std::string& name) {
        std::ifstream in(directory_.file(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryDirectory directory_;
    std::string path_ = directory_.file("aipacketd.sock");
    FakeNode node_{path_};
};

TEST_F(WithNode, PrintsReportsAsTableAndAsJson) {
    EXPECT_EQ(run({"interest", "fashion"}).out, "argument  length\nfashion        7\n# a note\n");
    const json report = json::parse(run({"interest", "fashion", "--json"}).out);
    EXPECT_EQ(report["title"], "interest");
    EXPECT_EQ(report["rows"], json::parse(R"([{"argument":"fashion","length":7}])"));
    EXPECT_EQ(report["notes"], json::parse(R"(["a note"])"));
}

TEST_F(WithNode, EveryReportCommandAsksForItsReport) {
    const std::vector<std::pair<std::vector<std::string>, std::string>> reports = {
        {{"status"}, "status"},           {{"peers"}, "peers"},      {{"routes"}, "routes"},
        {{"counters"}, "counters"},       {{"models"}, "models"},    {{"models", "list"}, "models"},
        {{"transfers"}, "transfers"},     {{"journey"}, "journeys"}, {{"journey", "show", "12ab"}, "journey"},
        {{"ledger", "log"}, "ledger-log"}};
    for (const auto& [words, name] : reports) {
        ASSERT_EQ(run(words).exit, 0) << name;
        EXPECT_EQ(std::get<api::ReportQuery>(node_.seen.back()).name, name);
    }
}

TEST_F(WithNode, PingAndTraceAskTheirDaemonAndFailUnlessTheNodeAnswered) {
    EXPECT_EQ(run({"ping", "7a1f", "-c", "2", "--interval", "10"}).exit, 1);  // this daemon's table says nothing
    EXPECT_EQ(node_.seen.back(), api::RequestBody(api::ReportQuery{"ping", {"7a1f", "2", "10", "56", ""}}));
    EXPECT_EQ(run({"trace", "7a1f"}).exit, 1);
    EXPECT_EQ(node_.seen.back(), api::RequestBody(api::ReportQuery{"trace", {"7a1f", ""}}));
    run({"ping", "7a1f", "--size", "1400", "--via", "b,c"});
    EXPECT_EQ(node_.seen.back(), api::RequestBody(api::ReportQuery{"ping", {"7a1f", "4", "1000", "1400", "b,c"}}));
    run({"trace", "7a1f", "--via", "b"});
    EXPECT_EQ(node_.seen.back(), api::RequestBody(api::ReportQuery{"trace", {"7a1f", "b"}}));
    EXPECT_EQ(run({"ping", "7a1f", "--size", "55"}).exit, 2);
    EXPECT_EQ(run({"ping"}).exit, 2);
    EXPECT_EQ(run({"ping", "7a1f", "-c", "0"}).exit, 2);
    EXPECT_EQ(run({"ping", "7a1f", "--interval", "9"}).exit, 2);
}

TEST_F(WithNode, SendsAFileAndShowsItsHashProgressAndReceipt) {
    const std::string file = write_file("m.safetensors", "0123456789");
    const Ran sent = run({"--json", "send", file, "--task", "fashion", "--stops", "120", "--policy", "coverage"});
    ASSERT_EQ(sent.exit, 0) << sent.err;
    const json row = only_row(sent.out);
    EXPECT_EQ(row["sha256"], sha256_of("0123456789"));
    EXPECT_EQ(row["version"], sha256_of("0123456789"));
    EXPECT_EQ(row["journey"], "12ab");
    EXPECT_EQ(row["receipt_by"], "fd12:3456:789a::2");
    EXPECT_NE(sent.err.find("50 %"), std::string::npos) << sent.err;
    const auto& request = std::get<api::Send>(node_.seen.back());
    EXPECT_EQ(request.name, "m.safetensors");
    EXPECT_EQ(request.destination, api::Destination(api::NextStop{120, "coverage"}));
}

TEST_F(WithNode, SendsAModelToTheStopsThatAreNamed) {
    const std::string file = write_file("m.safetensors", "0123456789");
    ASSERT_EQ(run({"send", file, "--task", "fashion", "--itinerary", "fd12:3456:789a::2,fd12:3456:789a::3"}).exit, 0);
    api::NextStop next;
    next.itinerary = {*Address::parse("fd12:3456:789a::2"), *Address::parse("fd12:3456:789a::3")};
    EXPECT_EQ(std::get<api::Send>(node_.seen.back()).destination, api::Destination(next));
    EXPECT_EQ(run({"send", file, "--itinerary", "fd12:3456:789a::2", "--to", "fd12:3456:789a::2"}).exit, 2);
    EXPECT_EQ(run({"send", file, "--itinerary", "nobody"}).exit, 1);
}

TEST_F(WithNode, SaysInOneLineWhyASendFailed) {
    const std::string file = write_file("m.safetensors", "0123456789");
    const Ran unserved = run({"send", file, "--task", "unserved", "--stops", "1"});
    EXPECT_EQ(unserved.exit, 1);
    EXPECT_NE(unserved.err.find("aipctl: no node serves task 'unserved'\n"), std::string::npos);
    const Ran missing = run({"send", directory_.file("none"), "--to", "fd12:3456:789a::2"});
    EXPECT_EQ(missing.exit, 1);
    EXPECT_EQ(missing.err, "aipctl: cannot open " + directory_.file("none") + ": No such file or directory\n");
    EXPECT_EQ(run({"send", file, "--to", "home"}).exit, 1);
}

TEST_F(WithNode, ReceivesAModelIntoAFile) {
    node_.put_model("weights");
    const Ran received = run({"--json", "recv", "--out", directory_.file("got")});
    ASSERT_EQ(received.exit, 0) << received.err;
    EXPECT_EQ(read_file("got"), "weights");
    EXPECT_EQ(only_row(received.out)["sha256"], sha256_of("weights"));
    EXPECT_TRUE(std::holds_alternative<api::Release>(node_.seen.back()));
}

TEST_F(WithNode, KeepsAModelItCouldNotWrite) {
    node_.put_model("weights");
    EXPECT_EQ(run({"recv", "--out", directory_.file("no/such/place")}).exit, 1);
    EXPECT_TRUE(std::holds_alternative<api::Receive>(node_.seen.back())) << "not released";
}

TEST_F(WithNode, RecvGivesUpWhenTheTimeIsUp) {
    const Ran nothing = run({"recv", "--out", directory_.file("got"), "--timeout", "0"});
    EXPECT_EQ(nothing.exit, 5);
    EXPECT_FALSE(std::filesystem::exists(directory_.file("got")));
}

TEST_F(WithNode, ExportsAVersionAndCancelsATransfer) {
    const std::string version(64, 'a');
    ASSERT_EQ(run({"models", "export", version, "--out", directory_.file("m")}).exit, 0);
    EXPECT_EQ(read_file("m"), "model");
    EXPECT_EQ(run({"models", "export", "abc", "--out", directory_.file("m")}).exit, 1);
    ASSERT_EQ(run({"transfers", "cancel", "00ff"}).exit, 0);
    EXPECT_EQ(std::get<api::Cancel>(node_.seen.back()).transfer, "00ff");
}

TEST_F(WithNode, MakesATaskWithTheRulesThatWereSaid) {
    const Ran made = run({"--json",  "task", "create",   "fashion",   "--classes", "10",      "--policy", "compute",
                          "--theta", "0.5",  "--weight", "jump=0.25", "--walkers", "2",       "--late",   "60s",
                          "--time",  "1.5h", "--bytes",  "10G",       "--member",  "fd12::1", "--member", "fd12::2"});
    ASSERT_EQ(made.exit, 0) << made.err;
    EXPECT_EQ(only_row(made.out)["key"], "fashion@0123456789abcdef0123456789abcdef");
    const auto asked = std::get<api::TaskCreate>(node_.seen.back());
    EXPECT_EQ(asked.sketch_size, 10u);
    EXPECT_EQ(asked.policy, "compute");
    EXPECT_EQ(asked.weights, (std::vector<std::pair<std::string, double>>{{"theta", 0.5}, {"jump", 0.25}}));
    EXPECT_EQ(asked.walkers, 2u);
    EXPECT_EQ(asked.late_ms, 60'000u);
    EXPECT_EQ(asked.time_ms, 5'400'000u);
    EXPECT_EQ(asked.wire_bytes, 10'000'000'000u);
    EXPECT_EQ(asked.members.size(), 2u);
}

TEST_F(WithNode, SaysWhatIsWrongWithTheRulesOfATask) {
    EXPECT_EQ(run({"task", "create", "fashion", "--late", "soon"}).err,
              "aipctl: 'soon' is not understood; say it like 500ms, 60s, 10m, 1h or 7d\n");
    EXPECT_EQ(run({"task", "create", "fashion", "--weight", "jump"}).err,
              "aipctl: weight 'jump' is not understood; say it like jump=0.05\n");
    EXPECT_EQ(run({"task", "create", "taken"}).err, "aipctl: task record: jump is 2\n");
    EXPECT_EQ(run({"task", "create"}).exit, 2);
    EXPECT_EQ(run({"task", "create", "a", "--classes", "2", "--features", "2"}).exit, 2);
}

TEST_F(WithNode, JoinsLeavesListsAndShowsTasks) {
    EXPECT_NE(run({"task", "join", "fashion"}).out.find("fashion@0123"), std::string::npos);
    const Ran left = run({"task", "leave", "fashion"});
    EXPECT_EQ(left.exit, 1);
    EXPECT_EQ(left.err, "aipctl: this node has not joined task 'fashion'\n");
    EXPECT_EQ(json::parse(run({"--json", "task", "list"}).out)["title"], "tasks");
    EXPECT_EQ(json::parse(run({"--json", "task"}).out)["title"], "tasks");
    EXPECT_EQ(only_row(run({"--json", "task", "show", "fashion"}).out)["argument"], "fashion");
}

}  // namespace
}  // namespace aip::cli
