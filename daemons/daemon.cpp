#include "daemons/daemon.hpp"

#include <grp.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/state_lock.hpp"
#include "daemons/bridge.hpp"
#include "daemons/core_pool.hpp"
#include "daemons/link_watch.hpp"
#include "daemons/logging.hpp"
#include "daemons/privileges.hpp"
#include "daemons/storage_thread.hpp"
#include "daemons/system_clock.hpp"
#include "dataplane/dpdk/dpdk_port.hpp"
#include "dataplane/idle_backoff.hpp"
#include "dataplane/udp/udp_port.hpp"
#include "ledger/journal_file.hpp"
#include "ledger/rocksdb/rocks_log_store.hpp"
#include "ledger/tiles_keeper.hpp"
#include "model/file_block_store.hpp"
#include "model/rocksdb/rocks_kv_store.hpp"
#include "node/cosignatures.hpp"

namespace aip::daemons {
namespace {

Result<void> make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        return Error{ErrorCode::kIo, "cannot create " + path + ": " + std::strerror(errno)};
    return {};
}

Result<std::optional<gid_t>> group_id(const std::string& name) {
    if (name.empty()) return std::optional<gid_t>{};
    const group* found = getgrnam(name.c_str());
    if (found == nullptr)
        return Error{ErrorCode::kInvalid, "there is no group '" + name + "'; make it or change [control] group"};
    return std::optional<gid_t>{found->gr_gid};
}

std::vector<dataplane::LinkAddress> link_addresses(const std::vector<std::string>& endpoints) {
    std::vector<dataplane::LinkAddress> addresses;
    for (const std::string& text : endpoints)
        if (const auto address = dataplane::LinkAddress::parse(text)) addresses.push_back(*address);
    return addresses;
}

// A descriptor somebody else owns, whose readiness wakes the loop.
struct Watch {
    Watch(boost::asio::io_context& io, int fd) : descriptor(io, fd) {}
    ~Watch() { descriptor.release(); }
    boost::asio::posix::stream_descriptor descriptor;
    bool armed = false;
};

}  // namespace

// In the order in which they come to life; they go in reverse.
struct Daemon::Parts {
    explicit Parts(const Config& c) : config(c), logger(make_logger(c.node.log_level)), rng(random_seed()) {}

    Config config;
    std::shared_ptr<spdlog::logger> logger;
    SystemClock clock;
    SeededRng rng;
    std::optional<StateLock> lock;
    std::optional<crypto::Signer> signer;
    crypto::PublicKey root;
    std::optional<dataplane::DpdkEal> eal;
    std::unique_ptr<dataplane::Dataplane> dataplane;
    boost::asio::io_context io{1};
    std::vector<std::unique_ptr<Watch>> watches;
    std::vector<node::PortRouting> routing;  // by port
    std::optional<LinkWatch> links;
    std::unique_ptr<Bridge> bridge;
    std::unique_ptr<ControlServer> control;
    std::unique_ptr<model::RocksKvStore> state;
    std::unique_ptr<model::FileBlockStore> blocks;
    std::unique_ptr<model::VersionStore> versions;
    std::unique_ptr<node::CustodyStore> custody;
    std::unique_ptr<ledger::RocksLogStore> log_store;
    std::unique_ptr<ledger::FileJournalFile> journal;
    std::unique_ptr<ledger::Log> log;
    std::unique_ptr<CorePool> cores;
    std::unique_ptr<StorageThread> storage;
    std::unique_ptr<StorageThread> files;  // for tiles: their disk may be slow or full
    std::unique_ptr<ledger::TilesKeeper> tiles;
    std::unique_ptr<node::Node> node;
    bool stopping = false;
    std::optional<Error> failure;

    std::string in_state(const char* name) const { return config.node.state_dir + "/" + name; }

    Result<void> take_identity();
    Result<void> open_ports();
    Result<std::unique_ptr<dataplane::PacketPort>> open_port(const PortConfig& port);
    Result<void> open_control();
    Result<void> open_stores();
    Result<void> start_node();
    void keep_tiles();
    void watch(int fd);
    void arm();
    bool must_poll() const;
    void sleep(Duration backoff);
};

Result<void> Daemon::Parts::take_identity() {
    AIP_TRY(prepare_state_directory(config.node.state_dir, config.node.user));
    AIP_ASSIGN(lock, StateLock::take(config.node.state_dir));
    AIP_ASSIGN(signer, crypto::load_signer(config.node.key_dir, clock.wall()));
    AIP_ASSIGN(root, crypto::load_network_root(config.node.key_dir));
    return {};
}

Result<std::unique_ptr<dataplane::PacketPort>> Daemon::Parts::open_port(const PortConfig& port) {
    if (port.kind == PortKind::kUdp) {
        dataplane::UdpPortConfig udp;
        udp.name = port.name;
        udp.listen = port.listen;
        udp.peers = port.peers;
        udp.learn_peers = port.learn_peers;
        if (port.mtu != 0) udp.mtu = port.mtu;
        AIP_ASSIGN(auto opened, dataplane::UdpPort::open(udp));
        return std::unique_ptr<dataplane::PacketPort>(std::move(opened));
    }
    if (!eal) {
        AIP_ASSIGN(auto started, dataplane::DpdkEal::start({config.dpdk.memory_mb, config.dpdk.eal_args}));
        eal.emplace(std::move(started));
    }
    AIP_ASSIGN(auto opened, dataplane::DpdkPort::open(*eal, {port.name, port.device, port.mtu}));
    return std::unique_ptr<dataplane::PacketPort>(std::move(opened));
}

Result<void> Daemon::Parts::open_ports() {
    AIP_ASSIGN(auto watched, LinkWatch::open());
    links.emplace(std::move(watched));
    watch(links->wake_fd());
    dataplane = std::make_unique<dataplane::Dataplane>(signer->self().address);
    for (const PortConfig& config_of : config.ports) {
        AIP_ASSIGN(auto port, open_port(config_of));
        const dataplane::PortInfo& info = port->info();
        logger->info("port {}: {}, mtu {}", info.name, dataplane::port_kind_name(info.kind), info.mtu);
        for (const std::string& note : info.notes) logger->info("port {}: {}", info.name, note);
        for (const std::string& warning : info.warnings) logger->warn("port {}: {}", info.name, warning);
        if (info.wake_fd >= 0) watch(info.wake_fd);
        AIP_TRY(dataplane->add_port(std::move(port)));
        if (const std::string interface = kernel_interface(config_of.device); !interface.empty())
            links->add(static_cast<uint16_t>(routing.size()), interface);
        node::PortRouting& rules = routing.emplace_back();
        rules.foreign = config_of.foreign_routers;
        rules.learn_peers = config_of.learn_peers;
        rules.peering = {link_addresses(config_of.seeds), link_addresses(config_of.peers)};
        if (config_of.babel_key.empty()) continue;
        AIP_ASSIGN(auto key, crypto::load_shared_key(config_of.babel_key));
        rules.keys.push_back(std::move(key));
    }
    return {};
}

Result<void> Daemon::Parts::open_control() {
    AIP_ASSIGN(const auto group, group_id(config.control.group));
    bridge = std::make_unique<Bridge>(
        config.node.state_dir, root, [this](std::string_view line) { logger->info("{}", line); },
        [this](const Error& error) {
            failure = error;
            stopping = true;
        });
    AIP_ASSIGN(control, ControlServer::listen(io, {config.control.socket, group}, *bridge));
    bridge->attach(*control);
    return {};
}

Result<void> Daemon::Parts::open_stores() {
    AIP_ASSIGN(state, model::RocksKvStore::open(in_state("state")));
    AIP_TRY(make_directory(in_state("models")));
    AIP_ASSIGN(blocks, model::FileBlockStore::open(in_state("models"), *state));
    versions = std::make_unique<model::VersionStore>(*blocks, *state);
    custody = std::make_unique<node::CustodyStore>(*state);
    AIP_ASSIGN(log_store, ledger::RocksLogStore::open(in_state("ledger")));
    AIP_ASSIGN(journal, ledger::FileJournalFile::open(in_state("ledger.journal")));
    AIP_ASSIGN(log, ledger::Log::open(*log_store, *journal, *signer));
    return {};
}

Result<void> Daemon::Parts::start_node() {
    cores = std::make_unique<CorePool>(std::max(1u, std::thread::hardware_concurrency()));
    storage = std::make_unique<StorageThread>();
    watch(storage->wake_fd());
    node::Settings settings;
    settings.hello_interval = config.node.hello_interval;
    settings.interest_refresh = config.node.interest_refresh;
    settings.privacy_epsilon = config.node.privacy_epsilon;
    settings.keep_versions = config.storage.keep_versions;
    settings.ports = std::move(routing);
    AIP_ASSIGN(settings.key_note, crypto::load_rotation_note(config.node.key_dir));
    const node::Services services{clock,    rng,    *storage, *cores,  *blocks,    *versions,
                                  *custody, *state, *log,     *signer, *dataplane, *bridge};
    AIP_ASSIGN(node, node::Node::start(services, std::move(settings), root));
    bridge->attach(*node);
    return {};
}

void Daemon::Parts::keep_tiles() {
    const std::string& directory = config.storage.tiles_dir;
    if (directory.empty()) return;
    files = std::make_unique<StorageThread>();
    watch(files->wake_fd());
    tiles = std::make_unique<ledger::TilesKeeper>(
        *log, directory.front() == '/' ? directory : in_state(directory.c_str()), *storage, *files,
        [this](uint64_t size) { return node::cosignatures(*state, size); },
        [this](std::string_view line) { logger->warn("{}", line); });
}

// Readiness of `fd` ends a sleep; what is there to read is read by whoever owns it. Armed only before a sleep: a wait
// that is renewed while the descriptor is still readable would keep io.poll() busy for ever.
void Daemon::Parts::watch(int fd) { watches.push_back(std::make_unique<Watch>(io, fd)); }

void Daemon::Parts::arm() {
    for (const auto& watch : watches) {
        if (watch->armed) continue;
        watch->armed = true;
        watch->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                     [&armed = watch->armed](boost::system::error_code) { armed = false; });
    }
}

bool Daemon::Parts::must_poll() const {
    for (dataplane::PortIndex i = 0; i < dataplane->ports(); ++i)
        if (dataplane->port(i).info().wake_fd < 0) return true;
    return false;
}

void Daemon::Parts::sleep(Duration backoff) {
    const Instant timer = tiles ? std::min(node->next_wakeup(), tiles->next_wakeup()) : node->next_wakeup();
    const Duration until_timer = timer - clock.now();
    Duration nap = must_poll() ? std::min(backoff, until_timer) : until_timer;
    nap = std::clamp(nap, Duration(), Duration::seconds(1));
    if (nap == Duration()) return;
    arm();
    io.run_one_for(std::chrono::nanoseconds(nap.count_ns()));
}

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() {
    if (parts_->files) parts_->files->stop();
    if (parts_->storage) parts_->storage->stop();  // completions that wait are dropped before the node goes
    parts_->node.reset();
}

Result<std::unique_ptr<Daemon>> Daemon::start(const Config& config) {
    auto parts = std::make_unique<Parts>(config);
    AIP_TRY(parts->take_identity());
    AIP_TRY(parts->open_ports());
    AIP_TRY(parts->open_control());
    AIP_TRY(drop_privileges(config.node.user));
    AIP_TRY(parts->open_stores());
    AIP_TRY(parts->start_node());
    parts->keep_tiles();
    parts->logger->info("aipacketd is {}, ledger of {} entries, control socket {}",
                        parts->signer->self().address.text(), parts->log->size(), config.control.socket);
    return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Result<void> Daemon::run() {
    Parts& p = *parts_;
    boost::asio::signal_set signals(p.io, SIGTERM, SIGINT);
    signals.async_wait([&p](boost::system::error_code error, int) {
        if (!error) p.stopping = true;
    });
    dataplane::IdleBackoff backoff;
    while (!p.stopping) {
        size_t done = p.io.poll();
        done += p.storage->drain();
        for (const LinkWatch::Change& change : p.links->poll()) {
            p.logger->info("port {}: link is {}", p.config.ports[change.port].name, change.up ? "up" : "down");
            p.node->set_link(change.port, change.up);
        }
        if (p.tiles) done += p.files->drain() + p.tiles->poll(p.clock.now());
        done += p.node->poll(p.clock.now());
        const Duration nap = backoff.next(done > 0);
        if (done == 0) p.sleep(nap);
    }
    if (p.failure)
        return p.failure->within("a write that must not fail has failed; start again after mending the cause");
    p.logger->info("stopped");
    return {};
}

}  // namespace aip::daemons
