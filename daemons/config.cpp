#include "daemons/config.hpp"

#include <sys/un.h>

#include <algorithm>
#include <set>

#include "base/limits.hpp"
#include "daemons/config_table.hpp"
#include "daemons/endpoint_text.hpp"

namespace aip::daemons {
namespace {

constexpr uint32_t kDpdkMtu = 1500;
constexpr uint32_t kUdpMtu = 1440;  // 1,500 less the tunnel's IPv6 and UDP headers, rounded down
constexpr size_t kSocketPathMax = sizeof(sockaddr_un::sun_path) - 1;

void read_node(ConfigTable t, NodeConfig& node) {
    t.text("state_dir", node.state_dir);
    t.text("key_dir", node.key_dir);
    t.text("user", node.user, ConfigTable::kMayBeEmpty);
    t.choice("log_level", node.log_level,
             {{"debug", LogLevel::kDebug},
              {"info", LogLevel::kInfo},
              {"warning", LogLevel::kWarning},
              {"error", LogLevel::kError}});
    t.milliseconds("hello_interval_ms", node.hello_interval, {20, 60'000});
    t.milliseconds("interest_refresh_ms", node.interest_refresh, {400, 3'600'000});
    t.real("privacy_epsilon", node.privacy_epsilon, {0, 1'000'000});
    t.finish();
}

void read_control(ConfigTable t, ControlConfig& control) {
    t.text("socket", control.socket);
    if (control.socket.size() > kSocketPathMax)
        t.fail("socket", "'socket' is longer than the " + std::to_string(kSocketPathMax) +
                             " bytes a Unix socket path can have; choose a shorter one");
    t.text("group", control.group, ConfigTable::kMayBeEmpty);
    t.finish();
}

void read_dpdk(ConfigTable t, DpdkConfig& dpdk) {
    t.number("memory_mb", dpdk.memory_mb, {32, 65'536});
    t.texts("eal_args", dpdk.eal_args);
    t.finish();
}

void read_storage(ConfigTable t, StorageConfig& storage) {
    t.number("keep_versions", storage.keep_versions, {1, 1'000'000});
    t.text("tiles_dir", storage.tiles_dir, ConfigTable::kMayBeEmpty);
    t.finish();
}

void check_endpoint(ConfigTable& t, std::string_view key, const std::string& text) {
    if (!is_endpoint(text))
        t.fail(key, "'" + text + "' in '" + std::string(key) + "' is not ADDRESS:PORT; write 192.0.2.1:7000 or " +
                        "[2001:db8::1]:7000");
}

void read_udp_keys(ConfigTable& t, PortConfig& port) {
    t.required("listen", "a udp port needs it");
    t.text("listen", port.listen);
    if (!port.listen.empty()) check_endpoint(t, "listen", port.listen);
    t.texts("peers", port.peers);
    for (const std::string& peer : port.peers) check_endpoint(t, "peers", peer);
    if (port.peers.size() > limits::kUdpPeersMax)
        t.fail("peers", "more than " + std::to_string(limits::kUdpPeersMax) + " peers; spread them over several ports");
    t.boolean("learn_peers", port.learn_peers);
    t.texts("seeds", port.seeds);
    for (const std::string& seed : port.seeds) {
        check_endpoint(t, "seeds", seed);
        if (!port.listen.empty() && (seed[0] == '[') != (port.listen[0] == '['))
            t.fail("seeds", "'" + seed + "' is of another address family than 'listen'; give it a port of its own");
    }
    if (port.seeds.size() > limits::kSeedsMax)
        t.fail("seeds", "more than " + std::to_string(limits::kSeedsMax) + " seeds; a few are enough");
    if (!port.seeds.empty() && !port.learn_peers)
        t.fail("seeds", "'seeds' are asked for peers, so the port must take them; write learn_peers = true");
    if (t.has("device")) t.fail("device", "'device' is for kind = \"dpdk\"; a udp port has 'listen' and 'peers'");
}

void read_dpdk_keys(ConfigTable& t, PortConfig& port) {
    t.required("device", "a dpdk port needs it, e.g. \"net_af_packet0,iface=eth0\"");
    t.text("device", port.device);
    for (const char* key : {"listen", "peers", "learn_peers", "seeds"})
        if (t.has(key)) t.fail(key, "'" + std::string(key) + "' is for kind = \"udp\"; a dpdk port has 'device'");
}

PortConfig read_port(ConfigTable t) {
    PortConfig port;
    t.known({"device", "listen", "peers", "learn_peers", "seeds"});
    t.required("name", "aipctl and the log call the port by it");
    t.text("name", port.name);
    t.required("kind", "\"dpdk\" or \"udp\"");
    t.choice("kind", port.kind, {{"dpdk", PortKind::kDpdk}, {"udp", PortKind::kUdp}});
    const bool dpdk = port.kind == PortKind::kDpdk;
    port.mtu = dpdk ? kDpdkMtu : kUdpMtu;
    t.number("mtu", port.mtu, {limits::kPortMtuMin, dpdk ? limits::kEthernetMtuMax : limits::kPortMtuMax});
    if (dpdk)
        read_dpdk_keys(t, port);
    else
        read_udp_keys(t, port);
    t.text("babel_key", port.babel_key, ConfigTable::kMayBeEmpty);
    t.boolean("foreign_routers", port.foreign_routers);
    t.finish();
    return port;
}

void read_ports(ConfigTable& top, Config& config) {
    std::set<std::string> names;
    for (const ConfigTable& table : top.tables("port")) {
        config.ports.push_back(read_port(table));
        const std::string& name = config.ports.back().name;
        if (!names.insert(name).second) table.fail("name", "a second port called '" + name + "'; names are unique");
    }
    if (config.ports.empty()) top.fail("port", "no [[port]]: a node needs at least one to reach others");
    if (config.ports.size() > limits::kPortsMax)
        top.fail("port", "more than " + std::to_string(limits::kPortsMax) + " ports; remove some");
}

void read_all(ConfigTable top, Config& config) {
    read_node(top.table("node"), config.node);
    read_control(top.table("control"), config.control);
    read_dpdk(top.table("dpdk"), config.dpdk);
    read_storage(top.table("storage"), config.storage);
    read_ports(top, config);
    top.finish();
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file) {
    Config config;
    ConfigDocument document;
    AIP_TRY(document.parse(text, file));
    read_all(document.top(), config);
    AIP_TRY(document.verdict());
    return config;
}

Result<Config> load_config(const std::string& path) {
    AIP_ASSIGN(const std::string text, read_config_file(path));
    return parse_config(text, path);
}

std::vector<std::string> config_keys() {
    Config config;
    ConfigDocument document;
    // One of each, since the keys of a repeated section are met only when it is there.
    const Result<void> parsed = document.parse("[[port]]\n", "");
    AIP_ASSERT(parsed.has_value());
    read_all(document.top(), config);
    return document.keys_met();
}

}  // namespace aip::daemons
