// aipacketd: one node of an aipacket network. See aipacketd(8) and deploy/aipacketd.toml.
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "daemons/daemon.hpp"

// Buffers of blocks come and go by the megabyte: without this each costs 256 page faults anew. A few megabytes stay
// with the process between them, and two threads that allocate need no more than two arenas.
void keep_freed_memory() {
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
    mallopt(M_ARENA_MAX, 2);
}

int main(int argc, char** argv) {
    keep_freed_memory();
    CLI::App app{"aipacketd: a node of a network that AI models travel on"};
    std::string file = "/etc/aipacket/aipacketd.toml";
    bool check = false;
    app.add_option("--config", file, "configuration file")->capture_default_str();
    app.add_flag("--check-config", check, "read the configuration, say whether it is good, and end");
    app.footer(
        "Example:\n  aipacketd --config /etc/aipacket/aipacketd.toml\n\nExit status: 0 stopped on request, 1 could not "
        "start or go on, 2 bad command line or configuration.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }

    const auto config = aip::daemons::load_config(file);
    if (!config) {
        std::fprintf(stderr, "aipacketd: %s\n", config.error().text.c_str());
        return 2;
    }
    if (check) {
        std::printf("%s is good\n", file.c_str());
        return 0;
    }
    auto daemon = aip::daemons::Daemon::start(*config);
    const auto end = daemon ? (*daemon)->run() : aip::Result<void>(daemon.error());
    if (!end) {
        std::fprintf(stderr, "aipacketd: %s\n", end.error().text.c_str());
        return 1;
    }
    return 0;
}
