// The configuration of aipacketd: one TOML file, read once at start. Reading is strict: an unknown key, a wrong type or
// a value out of range is refused with one line "FILE:LINE: what is wrong; what to do", and a key that looks like a
// known one is suggested. deploy/aipacketd.toml documents every key; a test compares it with config_keys().
//
// Defaults stand here, as initialisers, and nowhere else. Paths are taken as they are, relative ones from the working
// directory. Nothing is opened or created here. Called by main() before any thread runs; toml++ stays in config.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace aip::daemons {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };
enum class PortKind : uint8_t { kDpdk, kUdp };

struct NodeConfig {
    std::string state_dir = "/var/lib/aipacket";
    std::string key_dir = "/etc/aipacket/keys";
    std::string user;  // empty: stay who we are
    LogLevel log_level = LogLevel::kInfo;
    Duration hello_interval = Duration::milliseconds(1000);
    Duration interest_refresh = Duration::seconds(600);
    double privacy_epsilon = 0;  // 0: exact sketches
};

struct ControlConfig {
    std::string socket = "/run/aipacket/aipacketd.sock";
    std::string group;  // empty: only the daemon's own user may connect
};

struct PortConfig {
    std::string name;
    PortKind kind = PortKind::kUdp;
    uint32_t mtu = 0;                // bytes of the largest AI packet (IPv6 header included)
    std::string device;              // dpdk: a device string, e.g. "net_af_packet0,iface=eth0"
    std::string listen;              // udp: ADDRESS:PORT or [ADDRESS]:PORT
    std::vector<std::string> peers;  // udp: the same, one link each
    bool learn_peers = false;        // udp: nodes of the network may become peers without being listed
    std::vector<std::string> seeds;  // udp: who is asked for peers
    std::string babel_key;           // file with the network's Babel key; empty: links are introduced by signed nodes
    bool foreign_routers = false;    // hear Babel routers that are no nodes of this network
};

struct DpdkConfig {
    uint32_t memory_mb = 128;
    std::vector<std::string> eal_args;
};

struct StorageConfig {
    uint32_t keep_versions = 64;      // per task, the most recent; the ledger keeps every entry
    std::string tiles_dir = "tiles";  // the ledger as tlog-tiles; a relative path starts at state_dir; empty: none
};

struct Config {
    NodeConfig node;
    ControlConfig control;
    DpdkConfig dpdk;
    StorageConfig storage;
    std::vector<PortConfig> ports;  // at least one
};

Result<Config> load_config(const std::string& path);
// `file` is only what errors call the text.
Result<Config> parse_config(std::string_view text, const std::string& file);

// Every key the parser knows, as "section.key", sorted.
std::vector<std::string> config_keys();

}  // namespace aip::daemons
