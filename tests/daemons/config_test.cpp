#include "daemons/config.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "daemons/config_table.hpp"
#include "daemons/endpoint_text.hpp"

namespace aip::daemons {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kPort = "[[port]]\nname = \"a\"\nkind = \"udp\"\nlisten = \"127.0.0.1:7000\"\n";

std::string with_port(std::string_view rest) { return std::string(kPort) + std::string(rest); }

std::string error_of(const std::string& text) {
    const auto config = parse_config(text, "node.toml");
    if (config) return "accepted";
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(config.error().text.find('\n'), std::string::npos);
    return config.error().text;
}

std::string sample() {
    std::ifstream file(AIP_SOURCE_DIR "/deploy/aipacketd.toml");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Config, SampleIsAccepted) {
    const auto config = load_config(AIP_SOURCE_DIR "/deploy/aipacketd.toml");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_EQ(config->node.user, "aipacket");
    ASSERT_EQ(config->ports.size(), 2u);
    EXPECT_EQ(config->ports[0].kind, PortKind::kDpdk);
    EXPECT_EQ(config->ports[0].device, "net_af_packet0,iface=eth1");
    EXPECT_EQ(config->ports[1].peers.size(), 2u);
}

TEST(Config, SampleDocumentsEveryKey) {
    const auto keys = config_keys();
    EXPECT_THAT(keys, testing::IsSupersetOf({"node.state_dir", "port.device", "port.listen", "port.foreign_routers"}));
    for (const std::string& key : keys)
        EXPECT_THAT(sample(), HasSubstr("\n" + key.substr(key.find('.') + 1) + " = ")) << key;
}

// The sample says what happens without a key, so it must agree with the initialisers in config.hpp.
TEST(Config, SampleShowsTheDefaults) {
    const auto shown = parse_config(sample(), "sample");
    const auto defaults = parse_config(with_port(""), "defaults");
    ASSERT_TRUE(shown && defaults);
    EXPECT_EQ(shown->node.state_dir, defaults->node.state_dir);
    EXPECT_EQ(shown->node.key_dir, defaults->node.key_dir);
    EXPECT_EQ(shown->node.hello_interval, defaults->node.hello_interval);
    EXPECT_EQ(shown->node.interest_refresh, defaults->node.interest_refresh);
    EXPECT_EQ(shown->node.privacy_epsilon, defaults->node.privacy_epsilon);
    EXPECT_EQ(shown->control.socket, defaults->control.socket);
    EXPECT_EQ(shown->dpdk.memory_mb, defaults->dpdk.memory_mb);
    EXPECT_EQ(shown->storage.keep_versions, defaults->storage.keep_versions);
    EXPECT_EQ(shown->storage.tiles_dir, defaults->storage.tiles_dir);
    EXPECT_EQ(shown->ports[1].mtu, defaults->ports[0].mtu);
}

TEST(Config, SuggestsTheKeyAnUnknownOneResembles) {
    EXPECT_EQ(error_of(with_port("[node]\nstate_dri = \"/x\"\n")),
              "node.toml:6: unknown key 'state_dri' in [node]; did you mean 'state_dir'?");
    EXPECT_EQ(error_of(with_port("[nodes]\n")), "node.toml:5: unknown key 'nodes'; did you mean 'node'?");
    EXPECT_EQ(error_of(with_port("[control]\nzebra = 1\n")),
              "node.toml:6: unknown key 'zebra' in [control]; remove it");
}

TEST(Config, NamesTheLineOfASyntaxError) {
    EXPECT_THAT(error_of("[node]\nuser = \n"), StartsWith("node.toml:2: "));
    EXPECT_THAT(error_of("[node\n"), StartsWith("node.toml:1: "));
    EXPECT_THAT(error_of(with_port("[node]\nuser = \"a\"\nuser = \"b\"\n")), StartsWith("node.toml:7: "));
}

TEST(Config, RefusesWrongTypesAndRanges) {
    EXPECT_EQ(error_of(with_port("mtu = 1279\n")), "node.toml:5: 'mtu' must be a whole number from 1280 to 65000");
    EXPECT_THAT(error_of(with_port("mtu = 1500.0\n")), HasSubstr("'mtu' must be a whole number"));
    EXPECT_THAT(error_of(with_port("mtu = \"1500\"\n")), HasSubstr("'mtu' must be a whole number"));
    EXPECT_THAT(error_of(with_port("peers = \"127.0.0.1:1\"\n")), HasSubstr("'peers' must be a list of texts"));
    EXPECT_THAT(error_of(with_port("[node]\nkey_dir = 3\n")), HasSubstr("'key_dir' must be a text in quotes"));
    EXPECT_THAT(error_of(with_port("[node]\nkey_dir = \"\"\n")), HasSubstr("'key_dir' must not be empty"));
    EXPECT_THAT(error_of(with_port("[node]\nhello_interval_ms = -1\n")), HasSubstr("from 20 to 60000"));
    EXPECT_EQ(error_of(with_port("[node]\nlog_level = \"loud\"\n")),
              "node.toml:6: 'log_level' is \"loud\", must be one of \"debug\", \"info\", \"warning\", \"error\"");
    EXPECT_THAT(error_of("node = 1\n" + with_port("")), HasSubstr("must be a section: [node]"));
    EXPECT_THAT(error_of("[port]\nname = \"a\"\n"), HasSubstr("write [[port]]"));
}

TEST(Config, LimitsTheMtuByTheKindOfPort) {
    const std::string dpdk = "[[port]]\nname = \"a\"\nkind = \"dpdk\"\ndevice = \"net_null0\"\n";
    EXPECT_EQ(error_of(dpdk + "mtu = 9600\n"), "accepted");
    EXPECT_THAT(error_of(dpdk + "mtu = 9601\n"), HasSubstr("from 1280 to 9600"));
    EXPECT_EQ(error_of(with_port("mtu = 65000\n")), "accepted");
}

TEST(Config, RefusesASocketPathLongerThanTheKernelTakes) {
    EXPECT_EQ(error_of(with_port("[control]\nsocket = \"/" + std::string(106, 'x') + "\"\n")), "accepted");
    EXPECT_THAT(error_of(with_port("[control]\nsocket = \"/" + std::string(107, 'x') + "\"\n")),
                HasSubstr("longer than the 107 bytes"));
}

TEST(Config, NeedsAPort) { EXPECT_THAT(error_of(""), StartsWith("node.toml:1: no [[port]]")); }

TEST(Config, RefusesTwoPortsOfOneName) {
    EXPECT_EQ(error_of(with_port(kPort)), "node.toml:6: a second port called 'a'; names are unique");
}

TEST(Config, RefusesKeysOfTheOtherKindOfPort) {
    EXPECT_THAT(error_of(with_port("device = \"net_null0\"\n")), HasSubstr("'device' is for kind = \"dpdk\""));
    EXPECT_THAT(error_of("[[port]]\nname = \"a\"\nkind = \"dpdk\"\ndevice = \"net_null0\"\nlisten = \"[::]:1\"\n"),
                StartsWith("node.toml:5: 'listen' is for kind = \"udp\""));
}

TEST(Config, NamesAMissingKey) {
    EXPECT_THAT(error_of("[[port]]\nname = \"a\"\nkind = \"dpdk\"\n"), StartsWith("node.toml:1: 'device' is missing"));
    EXPECT_THAT(error_of("[[port]]\nname = \"a\"\nkind = \"udp\"\n"), HasSubstr("'listen' is missing"));
    EXPECT_THAT(error_of("[[port]]\nkind = \"udp\"\nlisten = \"[::]:1\"\n"), HasSubstr("'name' is missing"));
}

TEST(Config, RefusesAPeerThatIsNoEndpoint) {
    EXPECT_THAT(error_of(with_port("peers = [\"localhost:7000\"]\n")), HasSubstr("'localhost:7000' in 'peers' is not"));
}

TEST(Config, SeedsAreOfTheFamilyOfAPortThatLearnsPeers) {
    const auto config = parse_config(with_port("learn_peers = true\nseeds = [\"192.0.2.1:7000\"]\n"), "t");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_TRUE(config->ports.at(0).learn_peers);
    EXPECT_THAT(config->ports[0].seeds, testing::ElementsAre("192.0.2.1:7000"));
    EXPECT_THAT(error_of(with_port("seeds = [\"192.0.2.1:7000\"]\n")), HasSubstr("write learn_peers = true"));
    EXPECT_THAT(error_of(with_port("learn_peers = true\nseeds = [\"seed\"]\n")), HasSubstr("'seed' in 'seeds' is not"));
    EXPECT_THAT(error_of(with_port("learn_peers = true\nseeds = [\"[::1]:7000\"]\n")),
                HasSubstr("another address family"));
}

TEST(Config, TakesTrueAndFalseWithoutQuotes) {
    const auto config = parse_config(with_port("foreign_routers = true\n"), "t");
    ASSERT_TRUE(config) << config.error().text;
    EXPECT_TRUE(config->ports.at(0).foreign_routers);
    EXPECT_THAT(error_of(with_port("foreign_routers = \"yes\"\n")), HasSubstr("must be true or false"));
}

TEST(Config, SaysWhichFileCannotBeRead) {
    const auto config = load_config("/nowhere/node.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(config.error().text, "cannot read /nowhere/node.toml: No such file or directory");
}

TEST(EndpointText, TakesNumbersOnly) {
    for (const char* good : {"127.0.0.1:1", "0.0.0.0:65535", "[::]:7000", "[2001:db8::1]:7000"})
        EXPECT_TRUE(is_endpoint(good)) << good;
    for (const char* bad : {"", ":7000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "::1:7000",
                            "[127.0.0.1]:7000", "host:7000", "127.0.0.1:70x", "127.0.0.1: 70", "[]:1"})
        EXPECT_FALSE(is_endpoint(bad)) << bad;
}

TEST(NearestWord, PrefersTheClosestAndNothingOverNonsense) {
    const std::vector<std::string> words{"listen", "peers", "device"};
    EXPECT_EQ(nearest_word("lisen", words), "listen");
    EXPECT_EQ(nearest_word("peer", words), "peers");
    EXPECT_EQ(nearest_word("quantum", words), "");
}

}  // namespace
}  // namespace aip::daemons
